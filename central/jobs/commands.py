"""`python -m central job …`: the house's own jobs, listed and run by hand."""

from collections.abc import Callable

import typer

from central.context import Hub
from central.jobs.house import JOBS


def commands(hub: Callable[[], Hub]) -> typer.Typer:
    """Return the commands. `hub` makes the hub they speak to."""
    cli = typer.Typer(no_args_is_help=True, help="What the house does by itself.")

    @cli.command("list")
    def show() -> None:
        """List the jobs and how often each runs."""
        for job in JOBS:
            first_line = (job.run.__doc__ or "").strip().splitlines()[0]
            typer.echo(f"{job.name:<20} every {job.every_s:g} s: {first_line}")

    @cli.command("run")
    def run(name: str) -> None:
        """Run one job now."""
        job = next((job for job in JOBS if job.name == name), None)
        if job is None:
            known = ", ".join(job.name for job in JOBS)
            typer.echo(f"there is no job {name}; there is: {known}", err=True)
            raise typer.Exit(2)
        try:
            job.run(hub())
        except Exception as error:
            typer.echo(f"{name} did not work: {error}", err=True)
            raise typer.Exit(1) from error
        typer.echo(f"{name} is done")

    return cli
