"""Secrets that the hub must be able to read again: one master key file, and what is sealed with it.

The file holds one key a line, newest first: what is sealed anew is sealed with the first, what is
opened may have been sealed with any. It is no part of backups; without it, keys shown to agents and
passwords of cameras and providers must be given again, and nothing else is lost.
"""

import base64
import contextlib
import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class SecretsError(Exception):
    """The master key cannot be used, or does not open what was sealed. The text says what to do."""


class Secrets:
    """Seals and opens, and derives keys, each for one purpose that no other purpose can use."""

    def __init__(self, masters: Sequence[bytes]) -> None:
        if not masters or any(len(master) != KEY_BYTES for master in masters):
            raise SecretsError(f"a master key has {KEY_BYTES} bytes, and there is at least one")
        self._masters = tuple(masters)

    def keys(self, purpose: str) -> dict[str, bytes]:
        """Return the keys for this purpose by their short public id, newest first."""
        found = [_derived(master, purpose) for master in self._masters]
        return {_derived(key, "id")[:6].hex(): key for key in found}

    def seal(self, purpose: str, text: str) -> str:
        """Return the text sealed, as ASCII."""
        return self._fernet(purpose).encrypt(text.encode()).decode()

    def open(self, purpose: str, sealed: str) -> str:
        """Return what was sealed for this purpose. Raises SecretsError."""
        try:
            return self._fernet(purpose).decrypt(sealed.encode()).decode()
        except (InvalidToken, UnicodeError) as error:
            raise SecretsError(f"this {purpose} was sealed with no master key of ours") from error

    def _fernet(self, purpose: str) -> MultiFernet:
        keys = self.keys(f"seal:{purpose}").values()
        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


def load(path: Path) -> Secrets:
    """Read the master keys; make the file when there is none. Raises SecretsError.

    Two processes that start at once use the same key: the file appears whole, by a link that only
    one of them can make.
    """
    if not path.exists():
        write_once(path, _new_line())
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SecretsError(f"others may read {path}: chmod 600 {path}")
        return Secrets([base64.urlsafe_b64decode(line) for line in path.read_text().split()])
    except (OSError, ValueError) as error:
        raise SecretsError(f"the master key in {path} cannot be read: {error}") from error


def rotate(path: Path) -> None:
    """Put a new key before the others. Processes that run use it after they are started again."""
    load(path)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    _write(part, _new_line() + path.read_text())
    part.replace(path)


def write_once(path: Path, text: str) -> None:
    """Write a file for its owner alone, unless it is there. It appears whole; one writer wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    _write(part, text)
    with contextlib.suppress(FileExistsError):
        os.link(part, path)
    part.unlink()


def _write(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _new_line() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n"


def _derived(master: bytes, purpose: str) -> bytes:
    kdf = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"gatehouse:{purpose}".encode())
    return kdf.derive(master)
