"""Which boot this is, and whether the clock has been set since: a Pi starts with a wrong one."""

import time
from functools import cache
from pathlib import Path

from nfs.manifest import ClockReading

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_TIMESYNCD = Path("/run/systemd/timesync")


@cache
def boot_id() -> str:
    """Return the kernel's name for this boot."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return "unknown"


def clock_reading() -> ClockReading:
    """Return what this machine's clock is worth now.

    Without systemd-timesyncd (another NTP client, a container) the clock is believed.
    """
    return ClockReading(
        boot_id=boot_id(),
        monotonic_us=time.monotonic_ns() // 1000,
        synchronised=_SYNCHRONISED.exists() or not _TIMESYNCD.exists(),
    )
