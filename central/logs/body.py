"""A batch of logs as it comes over the wire: bounded in bytes and entries, and hard to poison."""

import json
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from central.errors import BadRequest, GatehouseError, TooLarge

MOST_ENTRIES = 10_000
MOST_BYTES = 32 * 1024 * 1024
_LONGEST_NUMBER = 400
"""Python refuses to read integers of thousands of digits; none of these is a time anyway."""


class EmptyBatch(GatehouseError):
    """A batch without entries. The wire contract knows it by its status."""

    status = 400


async def whole_body(request: Request) -> bytes:
    """Return the body. Raises TooLarge before more than MOST_BYTES are held."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                raise TooLarge(f"a batch of logs may have {MOST_BYTES:,} bytes; send smaller ones")
    except ClientDisconnect as error:
        raise BadRequest("the body was cut off; send it again") from error
    return bytes(body)


def read_entries(body: bytes) -> list[Any]:
    """Return the entries of a batch, whatever they are.

    Bytes that are no UTF-8 become U+FFFD: they spoil their line, not its neighbours. Raises
    BadRequest, EmptyBatch or TooLarge.
    """
    try:
        said = json.loads(
            body.decode("utf-8", "replace").removeprefix("\ufeff"),
            parse_int=lambda digits: int(digits) if len(digits) < _LONGEST_NUMBER else float("inf"),
        )
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise BadRequest(f"the body is no JSON ({what}); send an array of log lines") from error
    if not isinstance(said, list):
        raise BadRequest("send a bare array of log lines, also for a single one")
    if not said:
        raise EmptyBatch("the array has no entries; send at least one log line, or nothing at all")
    if len(said) > MOST_ENTRIES:
        raise TooLarge(
            f"a batch may have {MOST_ENTRIES:,} entries, not {len(said):,}; send it in parts"
        )
    return said
