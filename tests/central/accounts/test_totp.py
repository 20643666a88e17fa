"""Codes of the second step: those of RFC 6238, each once, with a little leeway."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from central.accounts import totp

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at_s", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_it_makes_the_codes_of_the_standard(at_s: int, code: str) -> None:
    assert totp.code_at(RFC_SECRET, datetime.fromtimestamp(at_s, UTC)) == code


@pytest.mark.parametrize(
    ("off_s", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_it_bears_with_a_clock_that_is_half_a_minute_off(off_s: int, taken: bool) -> None:
    secret = totp.new_secret()
    code = totp.code_at(secret, NOON + timedelta(seconds=off_s))
    assert (totp.matching_step(secret, code, NOON, None) is not None) is taken


def test_it_takes_no_step_again_nor_an_earlier_one() -> None:
    secret = totp.new_secret()
    code = totp.code_at(secret, NOON)
    step = totp.matching_step(secret, code, NOON, None)
    assert step is not None
    assert totp.matching_step(secret, code, NOON, step) is None
    before = totp.code_at(secret, NOON - timedelta(seconds=30))
    assert totp.matching_step(secret, before, NOON, step) is None
    after = totp.code_at(secret, NOON + timedelta(seconds=30))
    assert totp.matching_step(secret, after, NOON, step) == step + 1


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12 34", "\x00" * 6]
)
def test_it_takes_nothing_that_is_no_code(code: str) -> None:
    assert totp.matching_step(totp.new_secret(), code, NOON, None) is None


def test_it_tells_the_phone_everything_it_needs() -> None:
    told = totp.address_for_phone("ABC", "anna b&c")
    assert told.startswith("otpauth://totp/Gatehouse%3Aanna%20b%26c?secret=ABC&")
    assert "algorithm=SHA1" in told
