"""Bodies that come slowly, in pieces, cut off, or larger than they say."""

import asyncio
import json
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from central.http.bodies import LARGEST_BYTES, Bodies

Pieces = list[bytes | float | None]
"""Bytes of a body; seconds of silence; None: the client is gone."""


def send(pieces: Pieces, *headers: tuple[bytes, bytes]) -> tuple[int, list[bytes]]:
    """Send a body in pieces; return the status (0: none) and the bodies that the app saw."""
    seen: list[bytes] = []

    async def app(scope: Scope, receive: Receive, answer: Send) -> None:
        message = await receive()
        assert message["more_body"] is False
        seen.append(message["body"])
        await answer({"type": "http.response.start", "status": 200, "headers": []})

    async def run() -> int:
        statuses: list[int] = []
        left = list(pieces)

        async def receive() -> Message:
            piece: Any = left.pop(0)
            if isinstance(piece, float):
                await asyncio.sleep(piece)
                piece = left.pop(0)
            if piece is None:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": piece, "more_body": bool(left)}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/v1/events",
            "headers": [(b"content-type", b"application/json"), *headers],
        }
        await Bodies(app, patience_s=0.2)(scope, receive, answer)
        return statuses[0] if statuses else 0

    return asyncio.run(run()), seen


def test_it_hands_on_a_body_whole() -> None:
    assert send([b'{"a":', b" ", b"1}"]) == (200, [b'{"a": 1}'])


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([b'{"a"', None], 0),
        ([b'{"a"', 0.5, b": 1}"], 408),
        ([0.1, b"{", 0.15, b"}"], 408),
        ([b"x" * LARGEST_BYTES, b"x"], 413),
        ([b'{"a": 1, "a": 2}'], 400),
    ],
)
def test_it_shows_the_app_nothing_of_a_bad_one(pieces: Pieces, status: int) -> None:
    assert send(pieces) == (status, [])


@pytest.mark.parametrize("said", [b"1048577", b"9" * 400])
def test_it_refuses_a_length_that_is_too_much_before_the_body_comes(said: bytes) -> None:
    assert send([json.dumps({}).encode()], (b"content-length", said)) == (413, [])
