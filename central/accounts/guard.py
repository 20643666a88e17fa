"""What a route declares: the right it needs, or that it is public and why. Nothing else lets in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, WebSocketException
from starlette.requests import HTTPConnection

from central.accounts.asker import address_of
from central.accounts.caller import Caller
from central.accounts.credentials import caller_of
from central.accounts.limits import ROOM_FOR_PAGES, Rule, limits_of
from central.accounts.permissions import Permission
from central.accounts.tokens import same
from central.context import Hub, TheHub
from central.errors import Forbidden, GatehouseError
from central.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_HEADER = "x-csrf-token"


@dataclass(frozen=True)
class Needs:
    """A dependency that returns the caller, if they have the right.

    `wire`: `open` access frees this call. `often`: pages, pictures and streams, which a person may
    fetch oftener than the API.
    """

    permission: Permission
    wire: bool = False
    often: bool = False

    def __call__(self, request: HTTPConnection, hub: TheHub) -> Caller:
        """Return the caller. Raises NotLoggedIn, Forbidden and TooMany.

        A WebSocket is refused by closing it: `browser_safety` has looked at its origin, and it
        cannot send a form token.
        """
        if request.scope["type"] == "websocket":
            try:
                return self._caller(request, hub)
            except GatehouseError as error:
                raise WebSocketException(1008, str(error)) from error
        found = self._caller(request, hub)
        if found.login == "session" and request.scope["method"] not in SAFE_METHODS:
            _must_be_ours(found, request.headers.get(FORM_HEADER, ""))
        return found

    def _caller(self, request: HTTPConnection, hub: Hub) -> Caller:
        found = caller_of(request, hub, wire=self.wire)
        _count(request, hub, found, self.often)
        if not found.may(self.permission):
            raise Forbidden(f"this needs the right {self.permission}, which {found.name} lacks")
        return found


@dataclass(frozen=True)
class NeedsForm(Needs):
    """The same for forms of our pages: they send the session's form token along."""

    def __call__(
        self, request: HTTPConnection, hub: TheHub, csrf: Annotated[str, Form()] = ""
    ) -> Caller:
        """Return the caller. Raises NotLoggedIn, Forbidden and TooMany."""
        found = self._caller(request, hub)
        _must_be_ours(found, csrf)
        return found


@dataclass(frozen=True)
class Public:
    """A dependency that lets everybody in, and says why that is right."""

    reason: str

    async def __call__(self) -> None:
        """Let in; async, or `/health` would wait for a thread when all hang in the database."""


@dataclass(frozen=True)
class Limited:
    """A dependency that counts calls by address, beside the right that they need."""

    rule: Rule | Callable[[Settings], Rule]
    what: str

    def __call__(self, request: HTTPConnection, hub: TheHub) -> None:
        """Raise TooMany when this address has called too often."""
        rule = self.rule if isinstance(self.rule, Rule) else self.rule(hub.settings)
        limits_of(request).count(rule, address_of(request, hub), self.what)


def needs(permission: Permission, *, wire: bool = False, often: bool = False) -> Needs:
    """Return what a route of the API depends on."""
    return Needs(permission, wire, often)


def needs_page(permission: Permission) -> Needs:
    """Return what a page depends on."""
    return Needs(permission, often=True)


def needs_form(permission: Permission) -> NeedsForm:
    """Return what the target of a form depends on."""
    return NeedsForm(permission, often=True)


def public(reason: str) -> Public:
    """Return what a route depends on that needs no login."""
    return Public(reason)


def _must_be_ours(found: Caller, token: str) -> None:
    if found.login != "session":
        raise Forbidden("forms are for people who are logged in with a browser")
    if not same(found.form_token, token):
        raise Forbidden("this form is out of date or not from here; load the page again")


def _count(request: HTTPConnection, hub: Hub, found: Caller, often: bool) -> None:
    settings = hub.settings
    if found.kind == "person":
        name = "often" if often else "api"
        per_minute = settings.requests_per_minute * (ROOM_FOR_PAGES if often else 1)
        key = str(found.id)
    else:
        name, per_minute = "machine", settings.machine_requests_per_minute
        key = f"{found.kind}:{found.name}:{found.credential}"
    limits_of(request).count(Rule(f"requests-{name}", per_minute, 1), key, "requests")
