"""Commands about models: `churn leaks`. Each calls one room and prints what it returns; imports no pandas.

Start reading at `register`.
"""

import typer

from cli.options import DEFAULT, Config, CutoffDay, Json, load, show


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(leaks)


def leaks(config: Config = DEFAULT, cutoff: CutoffDay = None, json: Json = False) -> None:
    """Which features know what nobody knew at their cutoff? Exit code 21: some are suspicious."""
    from cli import leaks as room

    result = room.leaks(load(config), cutoff)
    show(result, json)
    raise typer.Exit(result.exit_code)
