"""Handing out files of the share: opened beneath its root, never through a link, by byte ranges."""

import errno
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import BinaryIO

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from central.errors import NotFound, Unavailable
from nfs.beneath import open_beneath
from nfs.layout import FileKind

CHUNK_BYTES = 256 * 1024
MEDIA_TYPES: dict[FileKind, str] = {
    FileKind.CLIP: "video/h264",
    FileKind.TIMING: "text/plain; charset=utf-8",
    FileKind.STILL_A: "image/jpeg",
    FileKind.STILL_B: "image/jpeg",
    FileKind.THUMBNAIL: "image/jpeg",
    FileKind.MANIFEST: "application/json",
    FileKind.MP4: "video/mp4",
    FileKind.POSTER: "image/jpeg",
}
NOT_A_PLAIN_FILE = frozenset({errno.ELOOP, errno.ENXIO, errno.EISDIR})
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class Span:
    """Bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.last - self.first + 1


class RangeNotSatisfiable(Exception):
    """The asked range lies wholly outside the file."""


def wanted_span(header: str | None, size: int) -> Span | None:
    """Return the one range that a `Range` header asks for, or None for the whole file.

    Several ranges, or a header that makes no sense, are answered with the whole file, as RFC 9110
    allows. Raises RangeNotSatisfiable.
    """
    found = _RANGE.fullmatch((header or "").strip())
    if found is None or found.groups() == ("", "") or len(header or "") > 60:
        return None
    first_text, last_text = found.groups()
    if not first_text:
        length = int(last_text)
        if length == 0 or size == 0:
            raise RangeNotSatisfiable
        return Span(max(0, size - length), size - 1)
    first = int(first_text)
    last = min(int(last_text), size - 1) if last_text else size - 1
    if last_text and int(last_text) < first:
        return None
    if first >= size:
        raise RangeNotSatisfiable
    return Span(first, last)


def respond(root: Path, relative: str, kind: FileKind, request: Request) -> Response:
    """Return the answer that hands out one file. Raises NotFound and Unavailable."""
    try:
        file = open_beneath(root, relative)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"the {kind} of this event is not on the share") from error
    except OSError as error:
        if error.errno in NOT_A_PLAIN_FILE:
            raise NotFound(f"the {kind} of this event is no plain file") from error
        raise Unavailable(f"the share cannot be read: {error.strerror}") from error
    facts = os.fstat(file.fileno())
    tag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Last-Modified": formatdate(facts.st_mtime, usegmt=True),
        "Cache-Control": "private, max-age=86400",
        "Content-Type": MEDIA_TYPES[kind],
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == tag:
        file.close()
        return Response(status_code=304, headers=headers)
    whole = Span(0, facts.st_size - 1)
    asked = request.headers.get("range")
    if request.headers.get("if-range", tag) != tag:
        asked = None
    try:
        span = wanted_span(asked, facts.st_size)
    except RangeNotSatisfiable:
        file.close()
        headers["Content-Range"] = f"bytes */{facts.st_size}"
        return Response(status_code=416, headers=headers)
    if span is not None:
        headers["Content-Range"] = f"bytes {span.first}-{span.last}/{facts.st_size}"
    headers["Content-Length"] = str((span or whole).length)
    status = 200 if span is None else 206
    if request.method == "HEAD":
        file.close()
        return Response(status_code=status, headers=headers)
    return StreamingResponse(_chunks(file, span or whole), status, headers)


def _chunks(file: BinaryIO, span: Span) -> Iterator[bytes]:
    with file:
        at = span.first
        while at <= span.last:
            chunk = os.pread(file.fileno(), min(CHUNK_BYTES, span.last - at + 1), at)
            if not chunk:
                return
            at += len(chunk)
            yield chunk
