"""The share as a client sees it: is it really there, and putting files on it whole."""

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from uuid import UUID, uuid4

from nfs import durable
from nfs.layout import MARKER_NAME, PARTIAL_SUFFIX

CHUNK_BYTES = 1024 * 1024


class Trouble(StrEnum):
    """What is wrong with a share, by name."""

    MISSING = "missing"
    SWAPPED = "swapped"
    READ_ONLY = "read-only"
    FULL = "full"
    HUNG = "hung"
    UNREADABLE = "unreadable"


_TROUBLES = {
    errno.ENOENT: Trouble.MISSING,
    errno.ENOTDIR: Trouble.MISSING,
    errno.ENOTCONN: Trouble.MISSING,
    errno.ESTALE: Trouble.SWAPPED,
    errno.EROFS: Trouble.READ_ONLY,
    errno.EACCES: Trouble.READ_ONLY,
    errno.EPERM: Trouble.READ_ONLY,
    errno.ENOSPC: Trouble.FULL,
    errno.EDQUOT: Trouble.FULL,
    errno.ETIMEDOUT: Trouble.HUNG,
}


class ShareUnavailable(Exception):
    """The share is not to be trusted now. `trouble` says in a word why. Try later."""

    def __init__(self, text: str, trouble: Trouble = Trouble.UNREADABLE) -> None:
        super().__init__(text)
        self.trouble = trouble


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

    `progress` is called after each piece that was copied.

    Every touch of the mount is inside `check` and `publish`, which take and return plain
    values: whoever must not hang with a hung mount asks `nfs.guard`, which runs them in a child.
    """

    root: Path
    expected_uuid: UUID | None = None
    progress: Callable[[], None] | None = None

    def check(self) -> None:
        """Raise ShareUnavailable unless the marker says that this is the share.

        An empty mount point has no marker: nothing is ever written to the SD card beneath it.
        """
        with self._opened():
            pass

    def publish(
        self, source: Path, relative: PurePosixPath, expected: Published | None = None
    ) -> Published:
        """Copy a file to its place on the share: part, fsync, rename, fsync the folders.

        A file that stands there whole already is left alone, even when `source` is gone.
        Raises ShareUnavailable, and SourceChanged when `source` is not what is `expected`.
        """
        with self._opened() as root:
            wanted = expected or _describe(source)
            try:
                _put(root, source, relative, wanted, self.progress or _nothing)
            except OSError as error:
                raise _unavailable(f"{relative} cannot be put on the share", error) from error
            return wanted

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Path]:
        """Give a path to the root that leads to one and the same filesystem until the end.

        What is mounted or unmounted meanwhile changes nothing beneath an open folder; at the end
        it must still be what the name leads to. Raises ShareUnavailable.
        """
        try:
            handle = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise _unavailable(f"no share is mounted at {self.root}", error) from error
        try:
            root = Path(f"/proc/self/fd/{handle}")
            self._check_marker(root)
            yield root
            self._check_same(handle)
        finally:
            os.close(handle)

    def _check_marker(self, root: Path) -> None:
        try:
            found = UUID(json.loads((root / MARKER_NAME).read_bytes())["share"])
        except FileNotFoundError:
            raise ShareUnavailable(f"no share is mounted at {self.root}", Trouble.MISSING) from None
        except OSError as error:
            raise _unavailable(f"the share at {self.root} cannot be read", error) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ShareUnavailable(f"the share at {self.root} cannot be read: {error}") from error
        if self.expected_uuid is not None and found != self.expected_uuid:
            raise ShareUnavailable(
                f"another share ({found}) is mounted at {self.root}", Trouble.SWAPPED
            )

    def _check_same(self, handle: int) -> None:
        try:
            now, then = self.root.stat(), os.fstat(handle)
        except OSError as error:
            raise _unavailable(f"the share at {self.root} went away", error) from error
        if (now.st_dev, now.st_ino) != (then.st_dev, then.st_ino):
            raise ShareUnavailable(
                f"another share was mounted at {self.root} meanwhile", Trouble.SWAPPED
            )


def _unavailable(what: str, error: OSError) -> ShareUnavailable:
    trouble = _TROUBLES.get(error.errno or 0, Trouble.UNREADABLE)
    return ShareUnavailable(f"{what}: {error.strerror or error}", trouble)


def _nothing() -> None:
    pass


def _put(
    root: Path,
    source: Path,
    relative: PurePosixPath,
    wanted: Published,
    progress: Callable[[], None],
) -> None:
    target = root / relative
    if not _stands(target, wanted, progress):
        durable.ensure_folder(root, Path(relative.parent))
        part = target.with_name(target.name + PARTIAL_SUFFIX)
        copied = _copy(source, part, progress)
        if copied != wanted:
            part.unlink()
            raise SourceChanged(f"{source} is not what it was said to be")
        if part.stat().st_size != wanted.bytes:
            raise ShareUnavailable(f"{relative} did not arrive whole on the share")
        part.replace(target)
    _settle(root, relative)


def _settle(root: Path, relative: PurePosixPath) -> None:
    """Make the file's name and all folders above it survive a power cut.

    All of them each time: an agent that was killed may have made one and not synced it.
    """
    for folder in relative.parents:
        with contextlib.suppress(PermissionError):  # the root may be closed to this camera
            durable.sync_folder(root / folder)


def _stands(target: Path, wanted: Published, progress: Callable[[], None]) -> bool:
    if not target.is_file() or target.stat().st_size != wanted.bytes:
        return False
    digest = hashlib.sha256()
    with target.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            progress()
    return digest.hexdigest() == wanted.sha256


def _describe(source: Path) -> Published:
    try:
        with source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return Published(file.tell(), digest)
    except OSError as error:
        raise SourceChanged(f"{source} cannot be read: {error}") from error


def _copy(source: Path, part: Path, progress: Callable[[], None]) -> Published:
    """Copy and hash in one go. An error of the source is told apart from one of the share."""
    digest, size = hashlib.sha256(), 0
    try:
        with part.open("wb") as writer:
            for chunk in _chunks(source):
                digest.update(chunk)
                size += writer.write(chunk)
                writer.flush()
                os.fdatasync(writer.fileno())  # else all of it waits for one silent sync at the end
                progress()
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
