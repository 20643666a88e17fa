"""The share's disk in the hub's hands: opened once, known by its marker, touched beneath its root.

Everything goes through the root's handle: should the share be unmounted, or another one be mounted
in its place meanwhile, we are still on the one whose marker was read.
"""

import contextlib
import errno
import io
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import UUID

from central.storage.retention import Space
from nfs.layout import MARKER_NAME
from nfs.share import ShareUnavailable

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
BLOCK_BYTES = 4096


@dataclass(frozen=True)
class Entry:
    """A file on the share; `is_plain` is false for links, pipes and the like.

    `changed_s`: Unix time of its last change, by the clock of the share's server; a copy that
    keeps its old time of writing is new all the same.
    """

    path: str
    size_bytes: int
    changed_s: float
    is_plain: bool


@dataclass(frozen=True)
class Disk:
    """An opened share."""

    root: Path
    handle: int
    uuid: UUID

    def space(self) -> Space:
        """Return the room of the share's file system, as an ordinary user finds it."""
        facts = os.fstatvfs(self.handle)
        taken = facts.f_blocks - facts.f_bfree
        return Space((taken + facts.f_bavail) * facts.f_frsize, facts.f_bavail * facts.f_frsize)

    def find(self, relative: str) -> Entry | None:
        """Return what lies at a path, or None. Follows no link. Raises OSError."""
        try:
            with self._folder(relative) as (folder, name):
                facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _entry(relative, facts)

    def open(self, relative: str) -> io.BufferedReader:
        """Open a plain file for reading, through no link. Raises OSError."""
        with self._folder(relative) as (folder, name):
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            file = os.fdopen(os.open(name, flags, dir_fd=folder), "rb")
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise OSError(errno.EINVAL, "no plain file", relative)
        return file

    def read(self, relative: str, most_bytes: int) -> bytes:
        """Return the content of a plain file of at most so many bytes. Raises OSError."""
        with self.open(relative) as file:
            content = file.read(most_bytes + 1)
        if len(content) > most_bytes:
            raise OSError(errno.EFBIG, "too large to be what it is called", relative)
        return content

    def unlink(self, relative: str) -> bool:
        """Remove a file; tell whether it was there. Durable after `sync`. Raises OSError."""
        try:
            with self._folder(relative) as (folder, name):
                os.unlink(name, dir_fd=folder)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def sync(self, relative_folder: str) -> None:
        """Make what was done in a folder survive a power cut. One that is gone needs nothing."""
        try:
            with self._folder(f"{relative_folder}/x") as (folder, _name):
                os.fsync(folder)
        except (FileNotFoundError, NotADirectoryError):
            return

    def drop_if_empty(self, relative_folder: str) -> None:
        """Remove a folder that holds nothing; leave any other alone."""
        with contextlib.suppress(OSError), self._folder(relative_folder) as (parent, name):
            os.rmdir(name, dir_fd=parent)
            os.fsync(parent)

    def move(self, relative: str, to: str) -> None:
        """Rename a file durably, making the folders above its new place. Raises OSError."""
        above = PurePosixPath(to).parent
        self._make(above)
        with self._folder(relative) as (source, name), self._folder(to) as (target, new):
            os.rename(name, new, src_dir_fd=source, dst_dir_fd=target)
            os.fsync(target)
            os.fsync(source)

    def walk(self, beneath: str = "") -> Iterator[Entry]:
        """Yield all files in the byte order of their paths, entering no link. Raises OSError."""
        handle = os.dup(self.handle)
        if beneath:
            try:
                with self._folder(f"{beneath}/x") as (folder, _name):
                    os.close(handle)
                    handle = os.dup(folder)
            except (FileNotFoundError, NotADirectoryError):
                return
        try:
            yield from _walk(handle, f"{beneath}/" if beneath else "")
        finally:
            os.close(handle)

    def _make(self, folder: PurePosixPath) -> None:
        for depth in range(1, len(folder.parts) + 1):
            part = "/".join(folder.parts[:depth])
            with self._folder(part) as (parent, name), contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=parent)
                os.fsync(parent)

    @contextlib.contextmanager
    def _folder(self, relative: str) -> Iterator[tuple[int, str]]:
        """Open the folder of a path, step by step; give its handle and the last name."""
        *above, name = PurePosixPath(relative).parts
        if relative.startswith("/") or ".." in above or name == "..":
            raise OSError(errno.EINVAL, "outside the share", relative)
        handle = os.dup(self.handle)
        try:
            for part in above:
                deeper = os.open(part, FOLDER, dir_fd=handle)
                os.close(handle)
                handle = deeper
            yield handle, name
        finally:
            os.close(handle)


@contextlib.contextmanager
def opened(root: Path) -> Iterator[Disk]:
    """Open the share at `root`. Raises ShareUnavailable when there is none."""
    try:
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ShareUnavailable(f"the share at {root} cannot be opened: {error}") from error
    try:
        yield Disk(root, handle, _marker(root, handle))
    finally:
        os.close(handle)


def on_disk(size_bytes: int) -> int:
    """Return what a file of this size takes, in whole blocks."""
    return -(-size_bytes // BLOCK_BYTES) * BLOCK_BYTES


def _marker(root: Path, handle: int) -> UUID:
    try:
        marker = os.open(MARKER_NAME, os.O_RDONLY | os.O_CLOEXEC, dir_fd=handle)
        with os.fdopen(marker, "rb") as file:
            return UUID(json.loads(file.read(4096))["share"])
    except FileNotFoundError:
        raise ShareUnavailable(f"no share is mounted at {root}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ShareUnavailable(f"the share at {root} cannot be read: {error}") from error


def _walk(handle: int, above: str) -> Iterator[Entry]:
    with os.scandir(handle) as listing:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in listing]
    # A folder sorts as `name/`: then the whole walk is in the byte order of the paths.
    for name, is_folder in sorted(found, key=lambda one: os.fsencode(one[0]) + b"/" * one[1]):
        try:
            if not is_folder:
                facts = os.stat(name, dir_fd=handle, follow_symlinks=False)
                yield _entry(above + name, facts)
                continue
            deeper = os.open(name, FOLDER, dir_fd=handle)
        except FileNotFoundError:
            continue  # removed since it was listed
        try:
            yield from _walk(deeper, f"{above}{name}/")
        finally:
            os.close(deeper)


def _entry(path: str, facts: os.stat_result) -> Entry:
    return Entry(path, facts.st_size, facts.st_ctime, stat.S_ISREG(facts.st_mode))
