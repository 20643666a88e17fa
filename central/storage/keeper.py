"""Retention put to work: rules and facts → plan → garbage → gone. And the preview of a setting."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from central.context import Hub
from central.storage import candidates, garbage, rules
from central.storage.disk import Disk
from central.storage.forecast import Forecast, forecast
from central.storage.retention import Doomed, Plan, Rule, Space, decide, must_stay
from central.storage.whose import own_disk

log = logging.getLogger(__name__)

BATCH = 50
LATELY = timedelta(days=7)


@dataclass(frozen=True)
class Done:
    """What one round of retention did. `short_bytes`: room that nothing may be removed for."""

    events: int
    files: int
    short_bytes: int
    staying: Mapping[str, int]


def keep(hub: Hub) -> Done:
    """Remove what the rules say, and what an earlier round left. Raises ShareUnavailable."""
    now = hub.clock()
    with own_disk(hub) as disk:
        garbage.sweep(hub.database, disk, now)
        plan = _plan(hub, disk, now)
        events = sum(_mark(hub, batch, now) for batch in _batches(plan.doomed))
        swept = garbage.sweep(hub.database, disk, now)
    return Done(events, swept.files, plan.short_bytes, plan.staying)


def preview(hub: Hub, camera_rules: Mapping[int, Rule], house: Rule | None = None) -> Plan:
    """Return what would go if these rules held; cameras not named keep theirs. Changes nothing."""
    with own_disk(hub) as disk:
        return _plan(hub, disk, hub.clock(), camera_rules, house)


def outlook(hub: Hub) -> tuple[Space, Forecast]:
    """Return the share's room, and how long it lasts when it goes on as lately."""
    now = hub.clock()
    with own_disk(hub) as disk, hub.database.reading() as session:
        space = _space(session, disk)
        came, oldest = candidates.came_since(session, now - LATELY)
        footage = sum(candidates.bytes_by_camera(session).values())
    lately = min(LATELY, max(now - oldest, timedelta(hours=1))) if oldest else LATELY
    return space, forecast(space, footage, came, lately)


def _plan(
    hub: Hub,
    disk: Disk,
    now: datetime,
    instead: Mapping[int, Rule] | None = None,
    house: Rule | None = None,
) -> Plan:
    with hub.database.reading() as session:
        of_cameras = rules.of_cameras(session) | dict(instead or {})
        of_house = house or rules.house(hub.settings)
        limited = any(rule.keep_bytes is not None for rule in (of_house, *of_cameras.values()))
        taken = candidates.bytes_by_camera(session) if limited else {}
        space = _space(session, disk)
    return decide(
        lambda: candidates.oldest_first(hub.database), of_cameras, of_house, taken, space, now
    )


def _space(session: Session, disk: Disk) -> Space:
    found = disk.space()
    return Space(found.total_bytes, found.free_bytes + garbage.pending_bytes(session))


def _mark(hub: Hub, batch: tuple[Doomed, ...], now: datetime) -> int:
    """Turn events into garbage, unless one must stay after all; return how many went."""
    reasons = {one.event_id: one.reason for one in batch}

    def mark(session: Session) -> int:
        # What was planned may be starred, claimed or converted anew by now: asked again, and held.
        going = {
            event.event_id: reasons[event.event_id]
            for event in candidates.among(session, reasons)
            if must_stay(event, now) is None
        }
        garbage.throw_away(session, going, now)
        return len(going)

    return hub.database.write(mark, idempotent=True)


def _batches(doomed: tuple[Doomed, ...]) -> list[tuple[Doomed, ...]]:
    return [doomed[at : at + BATCH] for at in range(0, len(doomed), BATCH)]
