"""JSON that two readers could read in two ways is refused, with what to do."""

import pytest

from central.http.strict_json import BadJson, check
from tests.fakes.events import manifest


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "no JSON"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": {"b": 1, "c": 2, "b": 3}}', "twice"),
        (b'{"a": NaN}', "finite"),
        (b"[Infinity]", "finite"),
        (b"[-Infinity]", "finite"),
        (b"[" * 33 + b"]" * 33, "deep"),
        (b"[" * 100_000 + b"]" * 100_000, "deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "deep"),
        (b"[" + b"1" * 5000 + b"]", "digits"),
        (b"\xff\xfe{\x00}\x00", "UTF-8"),
        ('\ufeff{"a": 1}'.encode(), "byte order mark"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
    ],
)
def test_it_refuses_what_could_mean_two_things(body: bytes, why: str) -> None:
    with pytest.raises(BadJson, match=why):
        check(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b'"x"',
        b"[" * 32 + b"]" * 32,
        '{"name": "T\u00fcr \U0001f6aa", "a": -0.0, "b": 1e308}'.encode(),
        b'{"a": "\\ud83d\\udeaa"}',
        manifest().model_dump_json().encode(),
    ],
)
def test_it_lets_plain_json_pass(body: bytes) -> None:
    check(body)
