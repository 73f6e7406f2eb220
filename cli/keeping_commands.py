"""The commands about what is kept: `churn forget` and `churn prune`."""

from functools import partial
from typing import Annotated

import typer

from cli.options import DEFAULT, Config, Json, load, show


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(forget)
    app.command()(prune)


def forget(
    customers: Annotated[list[str] | None, typer.Argument(help="Customer ids, as events name them.")] = None,
    config: Config = DEFAULT,
    keep_out: Annotated[bool, typer.Option("--keep-out", help="Keep them out even if nobody knows them yet.")] = False,
    let_back: Annotated[bool, typer.Option("--undo-block", help="Let them in again instead.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Forget once more whoever was forgotten: after a backup came back.")
    ] = False,
    json: Json = False,
) -> None:
    """Remove customers from every store, keep them out from now on, and give a receipt."""
    from cli import forget as room
    from cli.privacy import exchanged

    settings, ids = load(config), customers or []
    if again:
        show(room.forget_again(settings), json)
    elif let_back:
        show(exchanged(settings, ids, partial(room.let_back, settings)), json)
    else:
        show(exchanged(settings, ids, partial(room.forget, settings, keep_out=keep_out)), json)


def prune(
    config: Config = DEFAULT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would go, remove nothing.")] = False,
    json: Json = False,
) -> None:
    """Remove what has outlived its use by [retention]; nothing that a champion or a verdict still needs."""
    from cli import prune as room

    show(room.prune(load(config), dry_run=dry_run), json)
