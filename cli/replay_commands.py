"""The command that makes an answer of the past again: `churn replay`."""

from typing import Annotated

import typer

from cli.options import DEFAULT, Config, Json, load, show


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(replay)


def replay(
    score_id: Annotated[str, typer.Argument(help="As the answer named itself.")],
    config: Config = DEFAULT,
    language: Annotated[str | None, typer.Option(help="Of the reasons: en or zh; unset: the business's.")] = None,
    top: Annotated[int | None, typer.Option(min=0, max=10, help="At most so many reasons.")] = None,
    json: Json = False,
) -> None:
    """Make an answer of the past again from the archived model and what was known then; name what was altered since."""
    from cli import replay as room

    result = room.replay(load(config), score_id, language=language, top=top)
    show(result, json)
