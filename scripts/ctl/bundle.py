"""The support bundle: everything that helps somebody help, and nothing that is secret."""

import io
import json
import platform
import re
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

from scripts.ctl.parts import Machine, Trouble

SECRETS = (
    (
        re.compile(
            r"(?i)\b(\w*(?:password|passwd|secret|token|apikey|api_key|authorization)\w*"
            r"[\"']?\s*[=:]\s*)(?:(?:bearer|basic)\s+)?[\"']?[^\s\"',;}]+"
        ),
        r"\1(removed)",
    ),
    (re.compile(r"([a-z][a-z0-9+.-]*://[^:/@\s]+:)[^@\s]+@"), r"\1(removed)@"),
    (re.compile(r"(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}"), r"\1(removed)"),
    (re.compile(r"\b[A-Za-z0-9_-]{40,}\b"), "(removed)"),
)
LINES = 5000


def without_secrets(text: str) -> str:
    """Return a text without passwords, tokens, keys and logins in addresses."""
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


def make(machine: Machine, to: Path, settings: list[Path]) -> Path:
    """Write the bundle into the folder `to` and return it."""
    stem = f"gatehouse-support-{time.strftime('%Y%m%dT%H%M%S')}"
    file = to / f"{stem}.tar.gz"
    looks: dict[str, Callable[[], str]] = {
        "machine.txt": _machine,
        "status.json": lambda: json.dumps([part.__dict__ for part in machine.parts()], indent=2),
        "doctor.txt": lambda: machine.output("doctor"),
        "check.txt": lambda: machine.output("check"),
        "log.txt": lambda: "\n".join(
            machine.logs([part.name for part in machine.parts()], LINES, follow=False)
        ),
    }
    looks |= {f"settings/{path.name}": lambda path=path: path.read_text() for path in settings}  # type: ignore[misc]
    to.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w:gz") as packed:
        for name, look in looks.items():
            try:
                text = look()
            except (OSError, Trouble, subprocess.SubprocessError, ValueError) as error:
                text = f"it could not be had: {error}"
            content = without_secrets(text).encode()
            entry = tarfile.TarInfo(f"{stem}/{name}")
            entry.size, entry.mtime, entry.mode = len(content), int(time.time()), 0o600
            packed.addfile(entry, io.BytesIO(content))
    file.chmod(0o600)
    return file


def _machine() -> str:
    disk = shutil.disk_usage("/")
    release = Path("/etc/os-release")
    lines = [
        platform.platform(),
        f"python {platform.python_version()}",
        f"disk /: {disk.free / disk.total:.0%} of {disk.total / 1e9:.0f} GB free",
        Path("/proc/loadavg").read_text().strip(),
        *Path("/proc/meminfo").read_text().splitlines()[:3],
        *(release.read_text().splitlines()[:2] if release.exists() else []),
    ]
    return "\n".join(lines) + "\n"
