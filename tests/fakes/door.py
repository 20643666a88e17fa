"""A hub over HTTP and the people, agents and programs that come to its door."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from central.accounts import users
from central.accounts.asker import SESSION_COOKIE
from central.accounts.tokens import form_token
from central.app import make_app
from central.audit import query
from central.audit.log import COMMAND
from central.audit.query import Entry, Search
from central.context import Hub

PASSWORD = "correct horse battery"
PAGE = {"Accept": "text/html"}


class Visitor(TestClient):
    """Somebody with a browser or a program; their cookies are their own."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(app, follow_redirects=False)

    @property
    def session(self) -> str:
        """The token of the session, or an empty text."""
        return str(self.cookies.get(SESSION_COOKIE) or "")

    @property
    def csrf(self) -> str:
        """What forms of this session send along."""
        return form_token(self.session)

    def log_in(self, name: str, password: str = PASSWORD, **more: str) -> Any:
        """Send the form of the login page."""
        return self.post("/login", data={"name": name, "password": password, **more})

    def submit(self, path: str, **fields: Any) -> Any:
        """Send a form of a page, as its page would."""
        return self.post(path, data={"csrf": self.csrf, **fields}, headers=PAGE)

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """Call the API, with a token or with the session."""
        headers = {"Authorization": f"Bearer {token}"} if token else {"X-CSRF-Token": self.csrf}
        return self.request(method, path, json=body, headers=headers)

    def token_pair(self, name: str, **more: str) -> Any:
        """Log in as a program."""
        told = {"name": name, "password": PASSWORD, **more}
        return self.post("/api/v1/auth/token", json=told)


class Door:
    """The hub's door."""

    def __init__(self, hub: Hub, app: FastAPI) -> None:
        self.hub = hub
        self.app = app

    def stranger(self) -> Visitor:
        """Return somebody who has not logged in."""
        return Visitor(self.app)

    def user(self, name: str, role: str = "viewer", cameras: tuple[str, ...] | str = "all") -> int:
        """Make a user; return the row's id."""
        return users.add(self.hub, COMMAND, name, role, PASSWORD, cameras).id

    def person(
        self, name: str, role: str = "viewer", cameras: tuple[str, ...] | str = "all"
    ) -> Visitor:
        """Make a user, and return them logged in."""
        self.user(name, role, cameras)
        return self.entered(name)

    def entered(self, name: str) -> Visitor:
        """Return a user who has just logged in."""
        visitor = self.stranger()
        answer = visitor.log_in(name)
        if answer.status_code != 303:
            raise RuntimeError(f"{name} was answered {answer.status_code}")
        return visitor

    def told(self, action: str = "") -> list[Entry]:
        """Return what the audit log says, newest first."""
        with self.hub.database.reading() as session:
            return query.newest(session, Search(action=action), 500)


@contextmanager
def door(hub: Hub, **settings: Any) -> Iterator[Door]:
    """Open a hub's door; `admin` is known there."""
    told = hub.settings.model_copy(update={"admin_password": PASSWORD, **settings})
    hub = replace(hub, settings=told)
    users.ensure_admin(hub)
    yield Door(hub, make_app(hub))


def secret_of(page: str, id: str) -> str:
    """Return what a page shows once."""
    found = re.search(rf'id="{id}">([^<]+)<', page)
    if found is None:
        raise LookupError(f"the page shows no {id}")
    return found.group(1)
