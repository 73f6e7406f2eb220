"""`churn campaign`: what to do about whom, and what it did. Each calls one function of a room. Imports no pandas."""

import typer

from cli.options import DEFAULT, Config, Json, load, show

campaign_app = typer.Typer(help="What to do about whom, what it is worth, and what it did.", no_args_is_help=True)


@campaign_app.command("list")
def list_campaigns(config: Config = DEFAULT, json: Json = False) -> None:
    """Print every campaign: who was planned for and held out, who is in charge, and when its effect can be told."""
    from cli import campaign_ledger as room

    show(room.listed(load(config)), json)
