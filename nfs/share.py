"""The share as a client sees it: is it really there, and putting files on it whole."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import UUID, uuid4

from nfs import durable
from nfs.layout import MARKER_NAME, PARTIAL_SUFFIX

CHUNK_BYTES = 256 * 1024


class ShareUnavailable(Exception):
    """The share is not to be trusted now: not mounted, another one, full, read-only. Try later."""


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
    """A share that should be mounted at `root`. `expected` is its id, when the owner has set it."""

    root: Path
    expected: UUID | None = None

    def check(self) -> None:
        """Raise ShareUnavailable unless the marker says that this is the share.

        An empty mount point has no marker: nothing is ever written to the SD card beneath it.
        """
        try:
            found = UUID(json.loads((self.root / MARKER_NAME).read_bytes())["share"])
        except FileNotFoundError:
            raise ShareUnavailable(f"no share is mounted at {self.root}") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ShareUnavailable(f"the share at {self.root} cannot be read: {error}") from error
        if self.expected is not None and found != self.expected:
            raise ShareUnavailable(f"another share ({found}) is mounted at {self.root}")

    def publish(self, source: Path, relative: PurePosixPath) -> Published:
        """Copy a file to its place on the share: part, fsync, rename, fsync the folder.

        A file that stands there whole already is left alone. Raises ShareUnavailable.
        """
        self.check()
        try:
            wanted = _hash(source)
            target = self.root / relative
            if target.is_file() and _hash(target) == wanted:
                durable.sync_folder(target.parent)
                return wanted
            durable.ensure_folder(self.root, Path(relative.parent))
            part = target.with_name(target.name + PARTIAL_SUFFIX)
            copied = _copy(source, part)
            if copied != wanted or part.stat().st_size != wanted.bytes:
                raise ShareUnavailable(f"{relative} arrived on the share with other content")
            part.replace(target)
            durable.sync_folder(target.parent)
        except OSError as error:
            raise ShareUnavailable(f"{relative} cannot be put on the share: {error}") from error
        return wanted


def _copy(source: Path, part: Path) -> Published:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as reader, part.open("wb") as writer:
        while chunk := reader.read(CHUNK_BYTES):
            digest.update(chunk)
            size += writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())  # NFS tells of a full disk only here
    return Published(size, digest.hexdigest())


def _hash(path: Path) -> Published:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Published(file.tell(), digest)
