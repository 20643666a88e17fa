"""The hub's commands: serve, jobs, migrate, admin, user, token, camera, settings, doctor."""

import contextlib
import faulthandler
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from central import settings
from central.accounts.commands import user_cli
from central.backup.commands import install as install_backup_commands
from central.cameras.commands import commands as camera_commands
from central.clock import utc_now
from central.context import Hub
from central.jobs.commands import commands as job_commands
from central.logs.shipping import Console, shipped
from central.storage.commands import install as install_storage_commands
from database.engine import Database

cli = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
token_cli = typer.Typer(no_args_is_help=True, help="Tokens for agents.")
cli.add_typer(token_cli, name="token")


WEB_PATIENCE_S = 8
"""Agents give up after 30 s, and one request may wait for an answer, a ping and a connection."""


def _hub(patience_s: float = 60) -> Hub:
    faulthandler.enable()  # systemd ends a process that hangs with SIGABRT: all threads are shown
    console = logging.StreamHandler(sys.stderr)
    console.setFormatter(Console())
    logging.basicConfig(level=logging.INFO, handlers=[console], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        found = settings.load()
    except (settings.SettingsError, ValueError) as error:
        typer.echo(f"settings: {error}", err=True)
        raise typer.Exit(2) from error
    return Hub(found, Database(found.url_of_database, patience_s=patience_s), utc_now)


cli.add_typer(camera_commands(_hub), name="camera")
cli.add_typer(user_cli(_hub), name="user")
cli.add_typer(job_commands(_hub), name="job")
install_storage_commands(cli, _hub)
install_backup_commands(cli, _hub)


@cli.command()
def serve() -> None:
    """Serve pages and API."""
    import uvicorn

    from central.accounts.first_run import code_of
    from central.app import make_app
    from central.systemd import watched

    hub = _hub(WEB_PATIENCE_S)
    with contextlib.suppress(SQLAlchemyError):  # it may come later; /health says so meanwhile
        code = code_of(hub)
        if code is not None:
            typer.echo(f"no user yet: open /first-run in a browser; the code is {code}")
    # uvicorn hands the signal on when it has ended; without this, the process would die of it
    # before its last log lines are written.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    with shipped(hub.database, "hub"):
        uvicorn.run(
            watched(make_app(hub)),
            host=hub.settings.host,
            port=hub.settings.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,  # an open event stream would keep the process for ever
            proxy_headers=False,
        )


@cli.command()
def jobs() -> None:
    """Work through the stages and keep house."""
    from central.jobs import process

    hub = _hub()
    with shipped(hub.database, "jobs"):
        process.run(hub)


@cli.command()
def migrate(
    new_share: Annotated[
        bool, typer.Option("--new-share", help="Take what lies there for the share from now on.")
    ] = False,
) -> None:
    """Bring the database up to date and make the share, if there is none yet."""
    from central.storage.whose import settle
    from database.migrate import upgrade
    from nfs.share import ShareUnavailable

    hub = _hub()
    hub.settings.home.mkdir(parents=True, exist_ok=True)
    head = upgrade(hub.database)
    try:
        share = settle(hub, anew=new_share)
    except ShareUnavailable as error:
        typer.echo(f"database at {head}, but {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"database at {head}, share {share} at {hub.settings.share_root}")


@cli.command()
def admin(
    first_run: Annotated[bool, typer.Option("--first-run", help="Make the first admin.")] = False,
) -> None:
    """Make the first admin, if there is no user yet, and print the password once."""
    from central.accounts.users import ensure_admin

    if not first_run:
        raise typer.BadParameter("say --first-run")
    password = ensure_admin(_hub())
    if password is not None:
        typer.echo(f"admin password: {password}")


@token_cli.command("issue")
def issue_token(
    camera: Annotated[str, typer.Option(help="The camera this token may speak for.")],
    out: Annotated[Path, typer.Option(help="File to write it to, readable by its owner only.")],
) -> None:
    """Make a token for a camera's agent. Earlier ones of this camera stop working."""
    from central.accounts.agent_tokens import issue

    hub = _hub()
    try:
        issue(hub, camera, out)
    except (ValueError, OSError) as error:
        typer.echo(f"no token was issued: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"token for {camera} written to {out}")


@cli.command("settings")
def show_settings() -> None:
    """Print the reference of all settings."""
    from central.settings_page import page

    typer.echo(page(), nl=False)


@cli.command("errors")
def show_errors() -> None:
    """Print the reference of all errors."""
    from central.http.kinds import page

    typer.echo(page(), nl=False)


@cli.command()
def doctor() -> None:
    """Say what is wrong with this hub, one line each; exit 1 if anything is."""
    from central.health.doctor import examine

    findings = examine(_hub())
    for finding in findings:
        typer.echo(finding.line)
    if any(finding.wrong for finding in findings):
        raise typer.Exit(1)


if __name__ == "__main__":
    cli()
