"""The command line: one command a step of the flow, mirrored in its order.

A command reads settings, calls one stage, prints what a person can act on and returns an exit code a scheduler can
act on: 0 done, 10 data, 11 immature, 12 settings, 13 no champion, 14 another run is at it, 15 a champion was kept;
verdicts 0 keep, 20 retrain, 21 watch, 22 stop, 23 cannot tell. Heavy libraries are imported inside the command that
needs them: `churn --help` imports no pandas.
Start reading at `main`.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.campaign_commands import campaign_app
from cli.edge import Edge
from cli.event_commands import events_app
from cli.feature_commands import features_app
from cli.keeping_commands import register as register_keeping
from cli.key_commands import register as register_keys
from cli.model_commands import register as register_models
from cli.monitor_commands import monitor_app
from cli.options import DEFAULT, Config, CutoffDay, Json, load, show
from cli.privacy_commands import privacy_app
from cli.replay_commands import register as register_replay
from cli.webhook_commands import webhooks_app

app = typer.Typer(
    cls=Edge,
    name="churn",
    help="Who will leave, who will come back, why, and what to do: from one event log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
definition_app = typer.Typer(help="What churn means here.", no_args_is_help=True)
snapshot_app = typer.Typer(help="Frozen training tables.", no_args_is_help=True)
app.add_typer(definition_app, name="definition")
app.add_typer(snapshot_app, name="snapshot")
app.add_typer(features_app, name="features")
register_keeping(app)
register_models(app)
register_replay(app)
register_keys(app)
app.add_typer(events_app, name="events")
app.add_typer(webhooks_app, name="webhooks")
app.add_typer(privacy_app, name="privacy")
app.add_typer(monitor_app, name="monitor")
app.add_typer(campaign_app, name="campaign")


def main() -> None:
    """Run the command line."""
    app()


@app.command()
def ingest(config: Config = DEFAULT, json: Json = False) -> None:
    """Read the sources into the event log; count and explain every row that is refused."""
    from cli import ingest as room

    show(room.ingest(load(config)), json)


@definition_app.command("preview")
def definition_preview(config: Config = DEFAULT, json: Json = False) -> None:
    """Count past churners and stayers per cutoff, before anything is trained."""
    from cli import definition as room

    show(room.preview(load(config)), json)


@snapshot_app.command("freeze")
def snapshot_freeze(config: Config = DEFAULT, cutoff: CutoffDay = None, json: Json = False) -> None:
    """Freeze cohort, features and labels at their cutoffs, never to change again."""
    from cli import snapshots as room

    show(room.freeze(load(config), cutoff), json)


@snapshot_app.command("hindsight")
def snapshot_hindsight(config: Config = DEFAULT, cutoff: CutoffDay = None, json: Json = False) -> None:
    """What would differ, had the cutoffs been computed from what is known today: the leak that snapshots have not."""
    from cli import snapshots as room

    show(room.hindsight(load(config), cutoff), json)


@app.command()
def backtest(
    config: Config = DEFAULT,
    cutoff: CutoffDay = None,
    cutoffs: Annotated[int | None, typer.Option(min=1, max=24, help="Last mature cutoffs, a fold each.")] = None,
    kept_out: Annotated[bool, typer.Option(help="Train once more without a fifth of the customers.")] = True,
    json: Json = False,
) -> None:
    """Judge the learner and its rivals at past cutoffs, each by what had matured before it; write the report."""
    from cli import backtest as room

    show(room.backtest(load(config), cutoff, cutoffs, kept_out=kept_out), json)


@app.command()
def score(
    config: Config = DEFAULT,
    everyone: Annotated[bool, typer.Option("--all", help="Score the whole base.")] = False,
    ids: Annotated[str | None, typer.Option(help="Customer ids, parted by commas.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write: .csv or .parquet.")] = None,
    json: Json = False,
) -> None:
    """Score the whole base, or some customers, with the scorer that the service uses."""
    from cli import serving as room
    from cli.privacy import exchanged

    def scored(some: list[str]) -> Any:  # Outcome
        return room.score(loaded, everyone=everyone, ids=",".join(some) or None, out=out)

    loaded, asked = load(config), [one.strip() for one in (ids or "").split(",") if one.strip()]
    show(exchanged(loaded, asked, scored), json)


@app.command()
def serve(
    config: Config = DEFAULT,
    host: Annotated[str | None, typer.Option(help="Overrides [serving] host.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Overrides [serving] port; 0: any free one.")
    ] = None,
) -> None:
    """Answer CRM systems: the scoring endpoint."""
    from cli import server as room

    raise typer.Exit(room.serve(config, load(config), host=host, port=port))


@app.command()
def run(config: Config = DEFAULT, json: Json = False) -> None:
    """The whole loop: ingest, snapshot, train, prove, promote, materialise, score, monitor."""
    from cli import pipeline as room

    result = room.run(load(config))
    show(result, json)


@app.command()
def settings(config: Config = DEFAULT, json: Json = False) -> None:
    """Print every setting with its value and its meaning."""
    from cli import settings as room

    show(room.settings(load(config)), json)


@app.command()
def demo(
    config: Config = DEFAULT,
    customers: Annotated[int, typer.Option(min=1, help="Customers of the simulated shop.")] = 20_000,
    stop: Annotated[bool, typer.Option("--stop", help="End the service that a demo left running.")] = False,
) -> None:
    """Simulate a shop, run the whole loop on it, start the service and ask it."""
    from cli import demo as room

    loaded = load(config)
    raise typer.Exit(room.stop(loaded) if stop else room.demo(config, loaded, customers=customers))
