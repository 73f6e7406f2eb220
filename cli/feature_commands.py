"""`churn features ...`: the catalogue, the on-line store and the proof that both shelves agree.

Each command calls one function of a room and prints what it returns. Imports no pandas. Start at `features_app`.
"""

from typing import Annotated

import typer

from cli.options import DEFAULT, Config, Json, load, show

features_app = typer.Typer(help="The catalogue of features and the feature store.", no_args_is_help=True)


@features_app.command("list")
def features_list(
    config: Config = DEFAULT,
    missing: Annotated[
        bool, typer.Option("--missing", help="What this log cannot fill, and what it waits for.")
    ] = False,
    json: Json = False,
) -> None:
    """Print the catalogue in English and Chinese, as far as this log keeps it alive; or what it does not."""
    from cli import features as room

    settings = load(config)
    show(room.missing(settings) if missing else room.catalogue(settings), json)


@features_app.command("materialise")
def features_materialise(config: Config = DEFAULT, json: Json = False) -> None:
    """Write everybody's features of now to the on-line store."""
    from cli import features as room

    show(room.materialise(load(config)), json)


@features_app.command("parity")
def features_parity(
    config: Config = DEFAULT,
    customers: Annotated[int, typer.Option(min=1, help="How many customers are compared.")] = 500,
    scores: Annotated[
        int | None, typer.Option(min=1, help="Replay so many served scores of the score log instead.")
    ] = None,
    challengers: Annotated[
        bool, typer.Option("--challengers", help="Prove only what is to be promoted, apart from the live rows.")
    ] = False,
    json: Json = False,
) -> None:
    """Prove that the on-line row equals the off-line row, bit by bit; promotion asks for the certificate."""
    from cli import parity as room

    settings = load(config)
    show(room.challengers(settings, customers) if challengers else room.parity(settings, customers, scores), json)
