"""What an agent and the hub do on a real NFS: publish, run out of room, remove. See inside.sh."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from nfs.layout import FileKind, path_for
from nfs.share import Share, ShareUnavailable

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def main(mount: Path, disk: Path) -> None:
    """Publish as an agent with an ordinary umask; look from the hub's side."""
    os.umask(0o022)
    share = Share(mount)
    source = Path("/run/clip")
    source.write_bytes(os.urandom(300_000))
    relative = path_for("front", AT, uuid4(), FileKind.CLIP)
    share.publish(source, relative)
    there = (disk / relative).stat()
    if there.st_uid != 61001 or (disk / relative).read_bytes() != source.read_bytes():
        raise SystemExit(f"owner {there.st_uid}, {there.st_size} bytes")
    print(">> an agent's file arrives whole, and is the camera's own", flush=True)

    with source.open("wb") as file:
        file.truncate(100 * 1024 * 1024)  # larger than the disk
    too_much = path_for("front", AT, uuid4(), FileKind.CLIP)
    try:
        share.publish(source, too_much)
    except ShareUnavailable as error:
        print(f">> a full disk is noticed: …{str(error)[-40:]}", flush=True)
    else:
        raise SystemExit("100 MB fit on a disk of 64 MB")
    if (disk / too_much).exists():
        raise SystemExit("a file that did not fit stands under its final name")
    for part in (disk / too_much).parent.glob("*.part"):
        part.unlink()

    group = next(
        line for line in Path("/etc/group").read_text().splitlines() if "gatehouse:" in line
    )
    hub = ["setpriv", "--reuid=5000", f"--regid={group.split(':')[2]}", "--clear-groups"]
    subprocess.run([*hub, "rm", str(disk / relative)], check=True, timeout=20)
    print(">> the hub, by its group alone, may remove what the camera wrote", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
