"""The hub's errors: one small tree. Each knows its HTTP status and whether a retry helps."""


class GatehouseError(Exception):
    """Something a caller can understand. The text says what to do."""

    status = 500
    title = "Something went wrong"
    transient = False


class NotFound(GatehouseError):
    """There is no such thing, or the caller may not know of it."""

    status = 404
    title = "Not found"


class Conflict(GatehouseError):
    """The request contradicts what stands."""

    status = 409
    title = "Conflict"


class BadRequest(GatehouseError):
    """The request can never succeed as it is."""

    status = 422
    title = "Request not understood"


class NotLoggedIn(GatehouseError):
    """Nobody has said who they are, or not credibly."""

    status = 401
    title = "Login needed"


class Forbidden(GatehouseError):
    """Known, but not allowed."""

    status = 403
    title = "Not allowed"


class TooMany(GatehouseError):
    """Asked too often. `retry_after_s` is when it may succeed again."""

    status = 429
    title = "Too many requests"
    transient = True

    def __init__(self, text: str, retry_after_s: int) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class Unavailable(GatehouseError):
    """The hub cannot answer now; the same request may succeed later."""

    status = 503
    title = "Try again later"
    transient = True


class TooLarge(GatehouseError):
    """More at once than the hub takes; in smaller pieces it would be welcome."""

    status = 413
    title = "Too much at once"
