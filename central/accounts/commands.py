"""`python -m central user …`: what the maintainer does to users, on the hub's own machine."""

from collections.abc import Callable
from typing import Annotated

import typer

from central.accounts import passwords, users
from central.accounts.permissions import Role
from central.accounts.users import UserFacts, Wanted
from central.audit.log import COMMAND
from central.context import Hub
from central.errors import GatehouseError

Name = Annotated[str, typer.Argument(help="The user's name.")]


def user_cli(hub_of: Callable[[], Hub]) -> typer.Typer:
    """Return the commands; `hub_of` makes the hub they work on."""
    cli = typer.Typer(no_args_is_help=True, help="Users: add, list, role, disable, enable, …")

    @cli.command("list")
    def list_users() -> None:
        """Print all users."""
        with hub_of().database.reading() as session:
            for facts in users.every(session):
                typer.echo(_line(facts))

    @cli.command()
    def add(
        name: Name,
        role: Annotated[Role, typer.Option(help="What they are.")] = Role.VIEWER,
        camera: Annotated[
            list[str] | None, typer.Option(help="A camera they may see; repeat it. Default: all.")
        ] = None,
    ) -> None:
        """Make a user and print the password once."""
        password = passwords.made_up()
        with _plain():
            users.add(hub_of(), COMMAND, name, role, password, tuple(camera or ()) or "all")
        typer.echo(f"password of {name}: {password}")

    @cli.command()
    def role(name: Name, role: Annotated[Role, typer.Argument(help="The new role.")]) -> None:
        """Change what a user is."""
        _change(hub_of(), name, Wanted(role=role))

    @cli.command()
    def disable(name: Name) -> None:
        """Let a user in no more; all their logins end."""
        _change(hub_of(), name, Wanted(enabled=False))

    @cli.command()
    def enable(name: Name) -> None:
        """Let a user in again."""
        _change(hub_of(), name, Wanted(enabled=True))

    @cli.command()
    def delete(name: Name) -> None:
        """Delete a user with all logins and tokens."""
        hub = hub_of()
        with _plain():
            users.remove(hub, COMMAND, _id(hub, name))
        typer.echo(f"{name} is deleted")

    @cli.command()
    def reset(
        name: Name,
        second_step_off: Annotated[
            bool, typer.Option("--second-step-off", help="The phone is lost too.")
        ] = False,
    ) -> None:
        """Give a user a new password and print it once; all their logins end."""
        hub, password = hub_of(), passwords.made_up()
        with _plain():
            users.set_password(
                hub, COMMAND, _id(hub, name), password, drop_second_step=second_step_off
            )
        typer.echo(f"password of {name}: {password}")

    return cli


class _plain:
    """Says what is wrong in a line and exits with 2."""

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Turn an error of ours into a line."""
        if isinstance(error, GatehouseError):
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from error


def _change(hub: Hub, name: str, wanted: Wanted) -> None:
    with _plain():
        typer.echo(_line(users.change(hub, COMMAND, _id(hub, name), wanted)))


def _id(hub: Hub, name: str) -> int:
    with hub.database.reading() as session:
        found = users.named(session, name)
    if found is None:
        typer.echo(f"there is no user {name}; see: python -m central user list", err=True)
        raise typer.Exit(2)
    return found.id


def _line(facts: UserFacts) -> str:
    cameras = "all cameras" if facts.cameras is None else ", ".join(facts.cameras) or "no camera"
    words = [facts.name, facts.role, cameras]
    words += [] if facts.enabled else ["disabled"]
    words += ["second step"] if facts.second_step else []
    return "  ".join(words)
