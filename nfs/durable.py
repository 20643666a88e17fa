"""Files that are there whole or not at all, also after a power cut: part, fsync, rename, fsync."""

import os
from pathlib import Path

from nfs.layout import PARTIAL_SUFFIX


def write(path: Path, data: bytes) -> None:
    """Put `data` at `path`, replacing what stood there, in one durable step. Raises OSError."""
    part = path.with_name(path.name + PARTIAL_SUFFIX)
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # NFS tells of a full disk only here
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def ensure_folder(root: Path, relative: Path) -> Path:
    """Make a folder beneath `root`, durably, and return it. `root` itself must exist."""
    folder = root
    for name in relative.parts:
        parent, folder = folder, folder / name
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        sync_folder(parent)
    return folder
