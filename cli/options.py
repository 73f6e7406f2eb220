"""What the commands share: their common options, the settings they read and the result they print.

Imports no pandas: `churn --help` answers at once.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

Config = Annotated[Path, typer.Option("--config", "-c", envvar="CHURN_CONFIG", help="The settings: a churn.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
CutoffDay = Annotated[str | None, typer.Option("--cutoff", help="First day of the future, YYYY-MM-DD.")]
Model = Annotated[str | None, typer.Option("--model", help="churn or reactivation; unset: both.")]
DEFAULT = Path("churn.toml")


def load(config: Path) -> Any:  # Settings; importing it here costs pandas
    """The settings of a file; what an older version wrote, or a kill cut short, is brought up to date first."""
    from churn import settings
    from cli.champions import heal
    from cli.versions import bring_up_to_date
    from features.encryption import appoint
    from features.pseudonyms import agree

    loaded = settings.load(config)
    agree(loaded)
    appoint(loaded)
    bring_up_to_date(loaded.folder)
    heal(loaded)
    return loaded


def show(result: Any, as_json: bool) -> None:  # a room's `Outcome`
    """Print what a room returned, and end with its exit code where that is not 0."""
    from cli import console

    console.show(result.as_json, as_json=as_json, text=result.text)
    if result.exit_code:
        raise typer.Exit(result.exit_code)
