"""From accounts to what can be printed: users, logins, tokens, entries of the audit log. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from central.accounts.api_tokens import TokenFacts
from central.accounts.caller import Caller
from central.accounts.permissions import MEANINGS, SCOPES, Permission
from central.accounts.sessions import Login
from central.accounts.users import UserFacts
from central.audit.query import Entry
from web.wording import day_label, exact

ROLE_WORDS = {
    "admin": "Admin: everything, also users and settings",
    "operator": "Operator: watch, review, and control cameras",
    "viewer": "Viewer: watch",
}
BROWSERS = ("Firefox", "Edg", "OPR", "Chrome", "Safari")
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
CALLED = {"Edg": "Edge", "OPR": "Opera", "Mac OS": "macOS"}
OUTCOMES = {"ok": ("good", "done"), "refused": ("bad", "refused"), "failed": ("bad", "failed")}


ACTIONS = {
    "login.ok": "logged in",
    "login.refused": "was not let in as",
    "login.throttled": "tried too often to log in",
    "login.ended": "ended a login of",
    "login.all_others_ended": "ended every other login of",
    "login.token_reused": "used a refresh token twice: all of that login has ended, of",
    "user.created": "made the user",
    "user.changed": "changed the user",
    "user.deleted": "deleted the user",
    "user.password_changed": "changed the password of",
    "user.second_step_on": "switched the second step on for",
    "user.second_step_off": "switched the second step off for",
    "token.personal_made": "made a token",
    "token.personal_revoked": "revoked a token",
    "token.worker_made": "made a worker's token",
    "token.worker_revoked": "revoked a worker's token",
    "token.agent_made": "was given the agent's token of",
    "token.agent_revoked": "revoked the agent's token of",
    "enrolment.made": "made an enrolment code for",
    "enrolment.refused": "tried an enrolment code that does not work",
    "footage.viewed": "watched",
    "footage.downloaded": "downloaded",
    "footage.browsed": "looked through the pictures of",
    "audit.exported": "exported the audit log as",
    "audit.expired": "dropped entries that were too old",
}
SAYS_ITSELF = ("login.ok", "login.throttled", "audit.expired")
"""Actions whose object adds nothing."""


@dataclass(frozen=True)
class TabView:
    """A page of the account's part of the house."""

    address: str
    icon: str
    label: str


@dataclass(frozen=True)
class LoginView:
    """One login."""

    id: int
    is_program: bool
    is_this: bool
    device: str
    address: str
    seen: str
    exact: str
    began: str


@dataclass(frozen=True)
class TokenView:
    """One token. `ends` is empty for one that lasts for ever."""

    id: int
    name: str
    rights: str
    made: str
    used: str
    ends: str
    is_over: bool


@dataclass(frozen=True)
class EntryView:
    """One entry of the audit log, in words."""

    id: int
    time: str
    exact: str
    stamp: str
    who: str
    where: str
    what: str
    about: str
    tone: str
    outcome: str
    detail: str


def tabs(caller: Caller) -> list[TabView]:
    """Return the pages that this caller may open."""
    found = [
        TabView("/account", "user", "Account"),
        TabView("/account/sessions", "monitor-smartphone", "Logins"),
        TabView("/account/tokens", "key-round", "Tokens"),
    ]
    if caller.may(Permission.USERS_WRITE):
        found.append(TabView("/users", "users", "Users"))
    if caller.may(Permission.AUDIT_READ):
        found.append(TabView("/audit", "scroll-text", "Audit log"))
    return found


def moment(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return a time as one says it: Today, 14:03."""
    local = at.astimezone(zone)
    return f"{day_label(local.date(), now.astimezone(zone).date())}, {local:%H:%M}"


def device(user_agent: str) -> str:
    """Return browser and system in words, or what the program calls itself."""
    browser = next((name for name in BROWSERS if f"{name}/" in user_agent), "")
    system = next((name for name in SYSTEMS if name in user_agent), "")
    words = [CALLED.get(name, name) for name in (browser, system) if name]
    return " on ".join(words) or user_agent.split("/")[0][:60] or "Unknown device"


def login(one: Login, is_this: bool, zone: ZoneInfo, now: datetime) -> LoginView:
    """Return what a page shows of a login."""
    return LoginView(
        id=one.id,
        is_program=one.is_program,
        is_this=is_this,
        device=device(one.device),
        address=one.address or "this machine",
        seen=moment(one.seen_at, zone, now),
        exact=exact(one.seen_at.astimezone(zone)),
        began=moment(one.created_at, zone, now),
    )


def token(one: TokenFacts, zone: ZoneInfo, now: datetime) -> TokenView:
    """Return what a page shows of a token."""
    return TokenView(
        id=one.id,
        name=one.name,
        rights=", ".join(one.scopes),
        made=moment(one.created_at, zone, now),
        used=moment(one.used_at, zone, now) if one.used_at else "never",
        ends=moment(one.expires_at, zone, now) if one.expires_at else "",
        is_over=one.expires_at is not None and one.expires_at <= now,
    )


def scopes(caller: Caller) -> list[tuple[str, str]]:
    """Return the rights that this caller may give a token, with their meaning."""
    return [(str(one), MEANINGS[one]) for one in Permission if one in SCOPES and caller.may(one)]


def cameras_of(facts: UserFacts) -> str:
    """Return which cameras a user may see, in words."""
    if facts.cameras is None:
        return "all cameras"
    return ", ".join(facts.cameras) or "no camera"


def entry(one: Entry, zone: ZoneInfo, now: datetime) -> EntryView:
    """Return what a page shows of an entry."""
    tone, outcome = OUTCOMES.get(one.outcome, ("quiet", one.outcome))
    what, about = _told(one)
    return EntryView(
        id=one.id,
        time=moment(one.at, zone, now),
        exact=exact(one.at.astimezone(zone)),
        stamp=one.at.isoformat(),
        who=one.actor if one.actor != "?" else "somebody",
        where=one.address,
        what=what,
        about=about,
        tone=tone,
        outcome=outcome,
        detail=_detail(one.detail or {}),
    )


def _told(one: Entry) -> tuple[str, str]:
    """Return what was done and to what, in words where somebody has found some."""
    if one.action in ACTIONS:
        about = "" if one.action in SAYS_ITSELF else one.object_id
        kind = f"{one.object_kind} " if one.object_kind in ("camera", "event", "token") else ""
        return ACTIONS[one.action], f"{kind}{about}" if about else ""
    subject, _, done = one.action.partition(".")
    about = " ".join(part for part in (one.object_kind, one.object_id) if part)
    return f"{subject}: {done.replace('_', ' ')}" + ("," if about else ""), about


def _detail(told: dict[str, Any]) -> str:
    parts = []
    for name, value in told.items():
        if name == "device":
            value = device(str(value))
        elif isinstance(value, list) and len(value) == 2 and name != "scopes":
            value = f"{_words(value[0])} → {_words(value[1])}"
        parts.append(f"{name.replace('_', ' ')}: {_words(value)}")
    return "; ".join(parts)


def _words(value: object) -> str:
    if value is None:
        return "all"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return re.sub(r"\s+", " ", str(value))
