"""`python -m central backup|backups|restore|rehearse`."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from central.backup import folder
from central.backup.restore import restore
from central.context import Hub
from database import copy
from database.copy import CopyFailed


def install(cli: typer.Typer, hub: Callable[[], Hub]) -> None:
    """Add the commands. `hub` makes the hub they speak to."""

    @cli.command("backup")
    def make_backup(
        to: Annotated[Path | None, typer.Option(help="Folder of backups.")] = None,
    ) -> None:
        """Back the database up, while everything runs, into a dated folder."""
        house = hub()
        try:
            made = folder.make(house, to)
            gone = folder.drop_old(made.parent, house.settings.backups_kept)
        except (CopyFailed, OSError) as error:
            _fail(f"no backup was made: {error}")
        page = folder.read(made)
        typer.echo(f"{made}: {page.database.bytes:,} bytes, {page.engine}, {page.revision}")
        for path in gone:
            typer.echo(f"removed {path}: {house.settings.backups_kept} newer ones are kept")
        typer.echo("Footage lies on the share and is not in it; nor is any password or key.")

    @cli.command("backups")
    def list_backups() -> None:
        """List the backups, oldest first, and whether each is whole."""
        house, bad = hub(), 0
        for path in folder.every(house.settings.backup_folder):
            try:
                page = folder.read(path)
                typer.echo(f"{path}  {page.database.bytes:,} bytes  {page.revision}  whole")
            except CopyFailed as error:
                typer.echo(f"{path}  NOT WHOLE: {error}")
                bad += 1
        if bad:
            raise typer.Exit(1)

    @cli.command("restore")
    def run_restore(
        backup: Annotated[Path, typer.Argument(help="The backup's folder.")],
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    ) -> None:
        """Put a backup back, migrate it, reconcile it with the share, and check it."""
        house = hub()
        if not yes:
            typer.confirm(
                f"Replace {house.database.url.render_as_string()} by {backup}?", abort=True
            )
        try:
            done = restore(house, backup)
        except (CopyFailed, OSError) as error:
            _fail(f"nothing was restored: {error}")
        typer.echo(f"restored {backup}, database at {done.head}")
        if done.before is not None:
            typer.echo(f"what stood before is in {done.before}")
        if done.report is None:
            _fail(f"it was not reconciled with the share: {done.trouble}")
        for line in done.report.lines:
            typer.echo(line)
        if done.violation is not None:
            _fail(f"invariant {done.violation.invariant} is broken: {done.violation.what}")
        typer.echo("database and share are as they should be")

    @cli.command("rehearse")
    def run_rehearse() -> None:
        """Migrate a copy of the database and say where that leads; the database stays as it is."""
        with tempfile.TemporaryDirectory(prefix="gatehouse-rehearsal-") as scratch:
            try:
                head = copy.rehearse(hub().database, Path(scratch))
            except (CopyFailed, OSError) as error:
                _fail(str(error))
        typer.echo(f"a copy of the database migrates to {head} without fault")


def _fail(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(2)
