"""A worker process for acceptance: claims straight from the database, holds each for a moment.

`python -m tests.fakes.stage_worker URL STAGE NAME LEASE_S WORK_S`; ends when the queue is dry.
With WORK_S of `stop` it says `claimed` and stops itself (SIGSTOP); continued, it tries to settle.
"""

import os
import signal
import sys
import time

from sqlalchemy.orm import Session

from central.stages import claims
from central.stages.claims import Claim, LostClaim
from central.stages.lifecycle import Stage
from database.engine import Database


def main() -> None:
    """Work until nothing is left."""
    url, stage, name, lease_s, work_s = sys.argv[1:6]
    database, turn, done = Database(url), 0, 0

    def claim(session: Session) -> Claim | None:
        return claims.claim(session, Stage(stage), name, float(lease_s), after_camera=turn)

    while (held := database.write(claim)) is not None:
        turn = held.camera
        if work_s == "stop":
            print(f"claimed {held.event_id} attempt {held.attempt}", flush=True)
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            time.sleep(float(work_s))
        try:
            settle(database, held)
            done += 1
        except LostClaim as lost:
            print(f"late: {lost}", flush=True)
            break
    print(f"done {done}", flush=True)
    database.close()


def settle(database: Database, held: Claim) -> None:
    """Finish a claim."""
    database.write(lambda session: claims.finish(session, held))


if __name__ == "__main__":
    main()
