"""`python -m central camera …`: the cameras, and what an old agent cannot say of its own."""

from collections.abc import Callable
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from central.cameras import registry
from central.context import Hub
from central.errors import NotFound


def commands(hub: Callable[[], Hub]) -> typer.Typer:
    """Return the commands. `hub` makes the hub they speak to."""
    cli = typer.Typer(no_args_is_help=True, help="Cameras, as the hub knows them.")

    @cli.command("list")
    def show() -> None:
        """List all cameras."""
        house = hub()
        with house.database.reading() as session:
            cameras = registry.every(session)
        for camera in cameras:
            zone = camera.timezone or f"{house.settings.zone} (the house's)"
            heard = f"{camera.last_seen_at:%Y-%m-%d %H:%M:%SZ}" if camera.last_seen_at else "never"
            typer.echo(
                f"{camera.camera_id}: {camera.name}, {camera.location}; {camera.status}, heard of "
                f"{heard}; {zone}, {camera.frames_per_s:g} frames/s"
            )

    @cli.command("set")
    def change(
        camera_id: str,
        timezone: Annotated[
            str | None,
            typer.Option(help="Zone of its naive times, such as Europe/Berlin; '' the house's."),
        ] = None,
        frames_per_s: Annotated[
            float | None,
            typer.Option(min=0.1, max=240, help="Rate of clips that come without timing."),
        ] = None,
    ) -> None:
        """Set what an old agent cannot say of its camera."""
        if timezone is None and frames_per_s is None:
            raise typer.BadParameter("say what to set: --timezone or --frames-per-s")
        if timezone:
            _check_zone(timezone)
        values: dict[str, object] = {}
        if timezone is not None:
            values["timezone"] = timezone or None
        if frames_per_s is not None:
            values["frames_per_s"] = frames_per_s
        house = hub()
        try:
            registry.change(house.database, camera_id, values, house.clock())
        except NotFound as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from error
        typer.echo(f"{camera_id}: {', '.join(f'{name} {value}' for name, value in values.items())}")

    return cli


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise typer.BadParameter(
            f"{name!r} is no time zone; write it like Europe/Berlin"
        ) from error
