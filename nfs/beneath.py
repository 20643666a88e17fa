"""Opening what others have laid on the share: beneath its root, a plain file, and nothing else."""

import os
import stat
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast


def open_beneath(root: Path, relative: str) -> BinaryIO:
    """Open a regular file beneath `root` for reading.

    No part of the path may be a link; a pipe or device cannot block us; a file with a second name
    elsewhere is refused. Raises FileNotFoundError.
    """
    parts = PurePosixPath(relative).parts
    if not parts or parts[0] == "/" or ".." in parts:
        raise FileNotFoundError(relative)
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            deeper = os.open(
                part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder
            )
            os.close(folder)
            folder = deeper
        handle = os.open(
            parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder
        )
    finally:
        os.close(folder)
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
        os.close(handle)
        raise FileNotFoundError(relative)
    # A file object, so that a stream nobody ever starts still closes it.
    return cast(BinaryIO, os.fdopen(handle, "rb", buffering=0))
