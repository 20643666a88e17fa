"""`python -m agent --config FILE` watches a camera; `publish` empties its spool once."""

import argparse
import faulthandler
import logging
import sys
from pathlib import Path

from agent import config


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m agent", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["run", "publish"], default="run")
    parser.add_argument("--config", type=Path, required=True, help="the agent's TOML file")
    told = parser.parse_args()
    faulthandler.enable()  # systemd ends a process that hangs with SIGABRT: all threads are shown
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        settings = config.read(told.config)
    except config.ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    from agent.app import Agent  # numpy and the source only for those who have a valid file
    from agent.hub_client import HubAway
    from agent.spool import SpoolBusy
    from nfs.share import ShareUnavailable

    try:
        # Whoever publishes by hand sees a hang and can end it: no child is needed for that.
        agent = Agent(settings, guarded=told.command != "publish")
        if told.command == "publish":
            logging.info("%d events published", agent.publish_once())
        else:
            agent.run()
    except (ShareUnavailable, HubAway) as error:
        logging.error("events wait in the spool: %s", error)
        return 1
    except (SpoolBusy, OSError) as error:
        logging.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
