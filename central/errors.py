"""The hub's errors: one small tree. Each knows its HTTP status and whether a retry helps."""


class GatehouseError(Exception):
    """Something a caller can understand. The text says what to do."""

    status = 500
    transient = False

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says beside its text."""
        return {}


class NotFound(GatehouseError):
    """There is no such thing, or the caller may not know of it."""

    status = 404


class Conflict(GatehouseError):
    """The request contradicts what stands."""

    status = 409


class BadRequest(GatehouseError):
    """The request can never succeed as it is."""

    status = 422


class NotLoggedIn(GatehouseError):
    """Nobody has said who they are, or not credibly."""

    status = 401

    @property
    def headers(self) -> dict[str, str]:
        """Say by what one may show who one is."""
        return {"WWW-Authenticate": "Bearer"}


class Forbidden(GatehouseError):
    """Known, but not allowed."""

    status = 403


class TooMany(GatehouseError):
    """Asked too often. `retry_after_s` is when it may succeed again."""

    status = 429
    transient = True

    def __init__(self, text: str, retry_after_s: int) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s

    @property
    def headers(self) -> dict[str, str]:
        """Say when to come again."""
        return {"Retry-After": str(self.retry_after_s)}


class Unavailable(GatehouseError):
    """The hub cannot answer now; the same request may succeed later."""

    status = 503
    transient = True

    @property
    def headers(self) -> dict[str, str]:
        """Say when to come again."""
        return {"Retry-After": "5"}


class TooLarge(GatehouseError):
    """More at once than the hub takes; in smaller pieces it would be welcome."""

    status = 413
