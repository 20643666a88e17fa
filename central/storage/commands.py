"""`python -m central retention|reconcile|check`: storage, for the person who looks after it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, NoReturn

import typer

from central.cameras import registry
from central.context import Hub
from central.errors import NotFound
from central.storage import check as checks
from central.storage import keeper, rules
from central.storage.reconcile import Refused, reconcile
from central.storage.retention import Plan, Rule
from nfs.share import ShareUnavailable

Days = Annotated[float | None, typer.Option(min=0.05, help="Keep events so many days.")]
Gigabytes = Annotated[float | None, typer.Option(min=0.001, help="Keep so many gigabytes.")]
ITEMS_SHOWN = 20


def install(cli: typer.Typer, hub: Callable[[], Hub]) -> None:
    """Add the commands. `hub` makes the hub they speak to."""
    cli.add_typer(_retention(hub), name="retention")

    @cli.command("reconcile")
    def run_reconcile(
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is found.")] = False,
        believe: Annotated[
            bool, typer.Option("--believe", help="Act even if half of the files are missing.")
        ] = False,
    ) -> None:
        """Make database and share agree: register, mark what is gone, put strangers aside."""
        try:
            report = reconcile(hub(), dry_run=dry_run, believe=believe)
        except (Refused, ShareUnavailable, OSError) as error:
            _fail(f"nothing was removed: {error}")
        for line in report.lines:
            typer.echo(line)

    @cli.command("check")
    def run_check(
        deep: Annotated[bool, typer.Option("--deep", help="Read every file's content.")] = False,
        all_of_them: Annotated[bool, typer.Option("--all", help="Not only the first.")] = False,
    ) -> None:
        """Hold the house against docs/design/invariants.md; exit 1 at the first violation."""
        broken = 0
        try:
            for found in checks.violations(hub(), deep=deep):
                typer.echo(f"invariant {found.invariant} is broken: {found.what}")
                broken += 1
                if not all_of_them:
                    break
        except (ShareUnavailable, OSError) as error:
            _fail(f"it cannot be checked: {error}")
        if broken:
            raise typer.Exit(1)
        typer.echo("database and share are as they should be")


def _retention(hub: Callable[[], Hub]) -> typer.Typer:
    cli = typer.Typer(no_args_is_help=True, help="What is kept how long.")

    @cli.command("show")
    def show() -> None:
        """Say what is kept, how much room there is, and how long it lasts."""
        house = hub()
        with house.database.reading() as session:
            names = {camera.id: camera.camera_id for camera in registry.every(session)}
            own = rules.of_cameras(session)
        typer.echo(f"house: {_in_words(rules.house(house.settings))}")
        for key, rule in own.items():
            typer.echo(f"{names[key]}: {_in_words(rule)}")
        try:
            space, ahead = keeper.outlook(house)
        except (ShareUnavailable, OSError) as error:
            _fail(str(error))
        typer.echo(
            f"{space.free_bytes / max(1, space.total_bytes):.0%} of the share's disk is free"
        )
        if ahead.days_left is None or ahead.reach_days is None:
            typer.echo("nothing came in lately: nothing can be foretold")
        else:
            typer.echo(
                f"{ahead.bytes_per_day / 1e9:.2f} GB come a day: room for {ahead.days_left:.1f} "
                f"more days; then footage reaches back {ahead.reach_days:.1f} days"
            )

    @cli.command("set")
    def change(camera_id: str, days: Days = None, gigabytes: Gigabytes = None) -> None:
        """Give a camera a rule of its own; without options the house's holds again."""
        house = hub()
        size = _bytes(gigabytes)
        try:
            house.database.write(
                lambda session: rules.put(session, camera_id, days, size, house.clock())
            )
        except NotFound as error:
            _fail(str(error))
        typer.echo(f"{camera_id}: {_in_words(rules.rule(days, size))}")

    @cli.command("preview")
    def preview(camera_id: str, days: Days = None, gigabytes: Gigabytes = None) -> None:
        """Say what a rule would remove, if it were set now."""
        house = hub()
        try:
            with house.database.reading() as session:
                key = registry.known(session, camera_id).id
            plan = keeper.preview(house, {key: rules.rule(days, _bytes(gigabytes))})
        except (NotFound, ShareUnavailable, OSError) as error:
            _fail(str(error))
        _tell(plan)

    @cli.command("run")
    def run() -> None:
        """Remove now what the rules say."""
        try:
            done = keeper.keep(hub())
        except (ShareUnavailable, OSError) as error:
            _fail(f"nothing was removed: {error}")
        typer.echo(f"{done.events} events went, {done.files} files removed")
        if done.short_bytes:
            typer.echo(
                f"room for {done.short_bytes / 1e9:.2f} GB could not be made: {done.staying}"
            )
            raise typer.Exit(1)

    return cli


def _tell(plan: Plan) -> None:
    typer.echo(f"{len(plan.doomed)} events would go, {plan.bytes_on_disk / 1e9:.2f} GB")
    for one in plan.doomed[:ITEMS_SHOWN]:
        typer.echo(f"  event {one.event_id}: {one.reason}")
    if len(plan.doomed) > ITEMS_SHOWN:
        typer.echo(f"  … and {len(plan.doomed) - ITEMS_SHOWN} more")
    for why, count in sorted(plan.staying.items()):
        typer.echo(f"  {count} stay: {why}")


def _in_words(rule: Rule) -> str:
    said = []
    if rule.keep_for is not None:
        said.append(f"{rule.keep_for / timedelta(days=1):g} days")
    if rule.keep_bytes is not None:
        said.append(f"{rule.keep_bytes / 1e9:g} GB of each camera")
    return "keeps " + (", ".join(said) if said else "what there is room for")


def _bytes(gigabytes: float | None) -> int | None:
    return int(gigabytes * 1e9) if gigabytes is not None else None


def _fail(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(2)
