"""JSON as strictly as machines should speak it: what two readers could read in two ways is refused.

Pure. Whatever passes here means one thing: UTF-8, each key once, finite numbers that fit, text that
a database can store, and no more depth than anything of ours needs.
"""

import json
from typing import Any, NoReturn

DEEPEST = 32
LONGEST_NUMBER = 400


class BadJson(ValueError):
    """The body is no JSON that we take. The text says why and what to do."""


def check(body: bytes) -> None:
    """Raise BadJson unless the body is JSON that means one thing."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(f"the body is not UTF-8 (at byte {error.start})") from error
    if text.startswith("\ufeff"):
        raise BadJson("the body begins with a byte order mark; send plain UTF-8")
    try:
        said = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_number
        )
    except json.JSONDecodeError as error:
        raise BadJson(f"the body is no JSON: {error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise BadJson(f"the body is nested more than {DEEPEST} deep") from error
    _check_values(said)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise BadJson(f"the body says {twice[:50]!a} twice; say it once")
    return found


def _no_constant(name: str) -> NoReturn:
    raise BadJson(f"{name} is no JSON: send a finite number")


def _number(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise BadJson(f"a number of {len(digits)} digits is none of ours")
    return int(digits)


def _check_values(said: Any) -> None:
    """Walk without recursion: the walk must not fall into the pit that it looks for."""
    waiting = [(said, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise BadJson(f"the body is nested more than {DEEPEST} deep")
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, dict):
            for key, inner in value.items():
                _check_text(key)
                waiting.append((inner, depth + 1))
        elif isinstance(value, list):
            waiting.extend((inner, depth + 1) for inner in value)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise BadJson("the body holds a NUL in a text; leave it out")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise BadJson("the body holds half of a surrogate pair; send whole characters")
