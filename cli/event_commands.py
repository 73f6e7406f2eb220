"""`churn events ...`: what came over the service. Imports no pandas. Start at `events_app`."""

import typer

from cli.options import DEFAULT, Config, Json, load, show

events_app = typer.Typer(help="Live events that came over the service.", no_args_is_help=True)


@events_app.callback()
def events() -> None:
    """Live events that came over the service."""


@events_app.command("compact")
def events_compact(config: Config = DEFAULT, json: Json = False) -> None:
    """Bring accepted live events into the event log; ingest and every step after it do so by themselves."""
    from cli import events as room

    show(room.compact(load(config)), json)
