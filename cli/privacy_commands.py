"""`churn privacy ...`: keys, encryption, pseudonyms. Imports no pandas. Start at `privacy_app`."""

from typing import Annotated

import typer

from cli.options import DEFAULT, Config, Json, load, show

privacy_app = typer.Typer(help="Encryption of files, and pseudonyms.", no_args_is_help=True)


@privacy_app.callback()
def privacy() -> None:
    """Encryption of files, and pseudonyms."""


@privacy_app.command("new-key")
def new_key(json: Json = False) -> None:
    """Print a new key, for CHURN_FILE_KEY or CHURN_PSEUDONYM_KEY; it is kept nowhere."""
    from cli import privacy as room

    show(room.new_key(), json)


@privacy_app.command("status")
def status(config: Config = DEFAULT, json: Json = False) -> None:
    """Say which stores are encrypted, with which key, and which are plain."""
    from cli import privacy as room

    show(room.status(load(config)), json)


@privacy_app.command("rewrite")
def rewrite(config: Config = DEFAULT, json: Json = False) -> None:
    """Write files anew as the settings ask, encrypted or plain; while no other command runs."""
    from cli import privacy as room

    show(room.rewrite(load(config)), json)


@privacy_app.command("pseudonym")
def pseudonym(
    customers: Annotated[list[str], typer.Argument(help="Customer ids, as events name them.")],
    config: Config = DEFAULT,
    json: Json = False,
) -> None:
    """Say what log, scores and sheets call customers."""
    from cli import privacy as room

    show(room.pseudonym(load(config), customers), json)
