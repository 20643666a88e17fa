"""The share as a client sees it: is it really there, and putting files on it whole."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import UUID, uuid4

from nfs import durable
from nfs.layout import MARKER_NAME, PARTIAL_SUFFIX

CHUNK_BYTES = 256 * 1024


class ShareUnavailable(Exception):
    """The share is not to be trusted now: not mounted, another one, full, read-only. Try later."""


class SourceChanged(Exception):
    """The file to be published is not (any more) what it should be: changed, gone, unreadable."""


@dataclass(frozen=True)
class Published:
    """A file that lies on the share, durably."""

    bytes: int
    sha256: str


def make_share(root: Path) -> UUID:
    """Mark an existing folder as a share, once, and return the share's id. Raises OSError."""
    marker = root / MARKER_NAME
    try:
        return UUID(json.loads(marker.read_bytes())["share"])
    except FileNotFoundError:
        pass
    share = uuid4()
    part = marker.with_name(f"{MARKER_NAME}.{share}{PARTIAL_SUFFIX}")
    durable.write(part, json.dumps({"share": str(share)}).encode())
    try:
        os.link(part, marker)  # unlike a rename this never replaces the marker of a faster one
    except FileExistsError:
        return make_share(root)
    finally:
        part.unlink()
        durable.sync_folder(root)
    return share


@dataclass(frozen=True)
class Share:
    """A share that should be mounted at `root`; `expected_uuid` when the owner has said which.

    Every touch of the mount is inside `check` and `publish`, which take and return plain
    values: whoever must not hang with a hung mount runs these two in a child process.
    """

    root: Path
    expected_uuid: UUID | None = None

    def check(self) -> None:
        """Raise ShareUnavailable unless the marker says that this is the share.

        An empty mount point has no marker: nothing is ever written to the SD card beneath it.
        """
        try:
            found = UUID(json.loads((self.root / MARKER_NAME).read_bytes())["share"])
        except FileNotFoundError:
            raise ShareUnavailable(f"no share is mounted at {self.root}") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ShareUnavailable(f"the share at {self.root} cannot be read: {error}") from error
        if self.expected_uuid is not None and found != self.expected_uuid:
            raise ShareUnavailable(f"another share ({found}) is mounted at {self.root}")

    def publish(
        self, source: Path, relative: PurePosixPath, expected: Published | None = None
    ) -> Published:
        """Copy a file to its place on the share: part, fsync, rename, fsync the folders.

        A file that stands there whole already is left alone, even when `source` is gone.
        Raises ShareUnavailable, and SourceChanged when `source` is not what is `expected`.
        """
        self.check()
        wanted = expected or _describe(source)
        try:
            target = self.root / relative
            if _stands(target, wanted):
                self._settle(relative)
                return wanted
            durable.ensure_folder(self.root, Path(relative.parent))
            part = target.with_name(target.name + PARTIAL_SUFFIX)
            copied = _copy(source, part)
            if copied != wanted:
                part.unlink()
                raise SourceChanged(f"{source} is not what it was said to be")
            if part.stat().st_size != wanted.bytes:
                raise ShareUnavailable(f"{relative} did not arrive whole on the share")
            part.replace(target)
            self._settle(relative)
        except OSError as error:
            raise ShareUnavailable(f"{relative} cannot be put on the share: {error}") from error
        return wanted

    def _settle(self, relative: PurePosixPath) -> None:
        """Make the file's name and all folders above it survive a power cut.

        All of them each time: an agent that was killed may have made one and not synced it.
        """
        for folder in relative.parents:
            with contextlib.suppress(PermissionError):  # the root may be closed to this camera
                durable.sync_folder(self.root / folder)


def _stands(target: Path, wanted: Published) -> bool:
    if not target.is_file() or target.stat().st_size != wanted.bytes:
        return False
    with target.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == wanted.sha256


def _describe(source: Path) -> Published:
    try:
        with source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return Published(file.tell(), digest)
    except OSError as error:
        raise SourceChanged(f"{source} cannot be read: {error}") from error


def _copy(source: Path, part: Path) -> Published:
    """Copy and hash in one go. An error of the source is told apart from one of the share."""
    digest, size = hashlib.sha256(), 0
    try:
        with part.open("wb") as writer:
            for chunk in _chunks(source):
                digest.update(chunk)
                size += writer.write(chunk)
            writer.flush()
            os.fsync(writer.fileno())  # NFS tells of a full disk only here
    except SourceChanged:
        part.unlink()
        raise
    return Published(size, digest.hexdigest())


def _chunks(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as reader:
            while chunk := reader.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise SourceChanged(f"{source} cannot be read: {error}") from error
