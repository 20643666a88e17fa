#!/usr/bin/env python3
"""The table of `docs/ref/motion.md`: what each detector makes of the labelled scenes.

`python -m benchmarks.motion SEED…` plays the scenes of these seeds; without any, all held-out ones.
"""

import sys

from tests.scenes import catalogue
from tests.scenes.hostile import HOSTILE
from tests.scenes.motions import MOTIONS
from tests.scenes.score import Total
from tests.scenes.watch import plain_difference, shipped, watched


def overview(totals: dict[str, Total]) -> list[str]:
    """Return a table in Markdown: one line per detector."""
    lines = [
        "| detector | found | false alarms/min | median s to the decision |",
        "| --- | --- | --- | --- |",
    ]
    for name, total in totals.items():
        waits = total.latencies_s
        median = f"{waits[len(waits) // 2]:.1f}" if waits else "–"
        found = f"{total.found} of {total.moving}"
        lines.append(f"| {name} | {found} | {total.false_alarms_per_min:.2f} | {median} |")
    return lines


def by_kind(totals: dict[str, Total]) -> list[str]:
    """Return two tables in Markdown: false alarms a minute, and scenes found, kind by kind."""
    names = " | ".join(totals)
    rule = " | ".join("---" for _ in ("kind", *totals))
    lines = [f"| quiet scene, false alarms/min | {names} |", f"| {rule} |"]
    for kind in HOSTILE:
        cells = (f"{total.of(kind).false_alarms_per_min:.1f}" for total in totals.values())
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    lines += ["", f"| scene with motion, found | {names} |", f"| {rule} |"]
    for kind in MOTIONS:
        parts = [total.of(kind) for total in totals.values()]
        lines.append(f"| {kind} | {' | '.join(f'{one.found}/{one.moving}' for one in parts)} |")
    return lines


def main(arguments: list[str]) -> None:
    """Play the scenes and print the tables."""
    seeds = tuple(int(one) for one in arguments) or catalogue.HELD_OUT_SEEDS
    totals = watched(
        catalogue.scenes(seeds), {"Gatehouse": shipped, "plain difference": plain_difference}
    )
    print("\n".join([*overview(totals), "", *by_kind(totals)]))


if __name__ == "__main__":
    main(sys.argv[1:])
