#!/usr/bin/env python3
"""Every attack of `tests/security/attacks.py` is a test, and fails when its guard is taken away."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.acceptance.common import check, run
from tests.security.attacks import ATTACKS, Attack

HOUSE = Path(__file__).parents[2]
PARTS = ("agent", "ai_server", "central", "database", "nfs", "scripts", "tests", "web")
AT_ONCE = 2
LONGEST_S = 240
FAILURES = 1
"""What pytest exits with when a test failed: not 2, when it could not even begin."""


def copied(place: Path) -> Path:
    """Copy the house, so that nothing is taken out of the one people live in."""
    for part in PARTS:
        shutil.copytree(HOUSE / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOUSE / "pyproject.toml", place)
    return place


def tested(place: Path, test: str) -> tuple[int, str]:
    """Run a test in a copy; return exit code and output."""
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*words, test],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
    )
    return done.returncode, done.stdout + done.stderr


def attempt(attack: Attack, place: Path) -> str:
    """Take one guard away, see its test fail, put it back; return what failed."""
    file = place / attack.file
    whole = file.read_text()
    check(whole.count(attack.before) == 1, f"{attack.what}: the guard is not in {attack.file}")
    file.write_text(whole.replace(attack.before, attack.after))
    try:
        code, said = tested(place, attack.test)
    finally:
        file.write_text(whole)
    check(
        code == FAILURES, f"{attack.what}: its test does not fail without its guard\n{said[-1500:]}"
    )
    found = re.search(r"^FAILED \S+::(\w+)", said, re.MULTILINE)
    check(found is not None, f"{attack.what}: no test failed\n{said[-1500:]}")
    return found[1] if found else ""


def main() -> None:
    """Take each guard away. With all of them in place the tests pass: pytest has run them."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-attacks-") as folder:
        places = [copied(Path(folder) / str(number)) for number in range(AT_ONCE)]

        def share_of(number: int) -> list[tuple[Attack, str]]:
            mine = ATTACKS[number::AT_ONCE]
            return [(attack, attempt(attack, places[number])) for attack in mine]

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for done in pool.map(share_of, range(AT_ONCE)):
                for attack, test in done:
                    print(f"without the guard against {attack.what}: {test} fails")
    print(f"{len(ATTACKS)} attacks")


if __name__ == "__main__":
    run(main)
