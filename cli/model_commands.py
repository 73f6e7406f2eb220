"""Commands about models: who serves, training, leaks, reasons, MLflow. Each calls one room; imports no pandas.

Start reading at `register`.
"""

from typing import Annotated

import typer

from cli.options import DEFAULT, Config, CutoffDay, Json, Model, load, show


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(train)
    app.command()(promote)
    app.command()(rollback)
    app.command()(history)
    app.command()(shadow)
    app.command()(leaks)
    app.command()(explain)
    app.command()(retrain)
    app.command()(mlflow)
    app.command()(reproduce)


def train(
    config: Config = DEFAULT,
    model: Model = None,
    cutoff: CutoffDay = None,
    tune: Annotated[bool, typer.Option("--tune", help="First search for a better recipe than the fixed one.")] = False,
    trials: Annotated[int, typer.Option(min=2, max=1000, help="With --tune: recipes to try for each model.")] = 40,
    minutes: Annotated[float | None, typer.Option(min=0, help="With --tune: start no trial later than this.")] = None,
    tuned: Annotated[bool, typer.Option(help="Use the recipe that tuning found, where there is one.")] = True,
    json: Json = False,
) -> None:
    """Train a challenger for each model and log it to MLflow; nothing serves before `promote`."""
    from cli import training, tuning

    if tune:
        show(tuning.tune(load(config), model, cutoff, trials=trials, minutes=minutes), json)
    else:
        show(training.train(load(config), model, cutoff, tuned=tuned), json)


def leaks(config: Config = DEFAULT, cutoff: CutoffDay = None, json: Json = False) -> None:
    """Which features know what nobody knew at their cutoff? Exit code 21: some are suspicious."""
    from cli import leaks as room

    result = room.leaks(load(config), cutoff)
    show(result, json)


def explain(
    config: Config = DEFAULT,
    model: Model = None,
    version: Annotated[int | None, typer.Option(min=1, help="Its number; unset: the newest.")] = None,
    champion: Annotated[bool, typer.Option("--champion", help="The version that serves.")] = False,
    json: Json = False,
) -> None:
    """What does a model look at, and how far can its reasons be trusted? Page and JSON of a version."""
    from cli import explain as room

    show(room.explain(load(config), model, number=version, is_champion=champion), json)


def retrain(
    config: Config = DEFAULT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")] = False,
    if_needed: Annotated[
        bool, typer.Option("--if-needed", help="Only where monitoring's verdict is `retrain`; else exit as it does.")
    ] = False,
    json: Json = False,
) -> None:
    """From the sources to everybody's score with the newest model, safe to run from cron; see docs/operations.md."""
    from cli import retrain as room

    settings = load(config)
    act = room.if_needed if if_needed else room.retrain
    result = room.plan(settings, if_needed=if_needed) if dry_run else act(settings)
    show(result, json)


def mlflow(
    config: Config = DEFAULT,
    port: Annotated[int, typer.Option(min=0, max=65535, help="On this machine alone; 0: any free one.")] = 5000,
) -> None:
    """Open MLflow's pages on the runs and models of this business."""
    from cli import registry as room

    raise typer.Exit(room.mlflow(load(config), port=port))


def reproduce(
    version: Annotated[int | None, typer.Argument(help="Its number; unset: the newest.")] = None,
    config: Config = DEFAULT,
    model: Annotated[str, typer.Option("--model", help="churn or reactivation.")] = "churn",
    json: Json = False,
) -> None:
    """Make a registered model again from its manifest, and see that it is the same."""
    from cli import registry as room

    show(room.reproduce(load(config), model, version), json)


def promote(
    config: Config = DEFAULT,
    model: Model = None,
    in_shadow: Annotated[
        bool, typer.Option("--shadow", help="Let it score beside the champion, logged and never answered with.")
    ] = False,
    afresh: Annotated[
        bool, typer.Option("--afresh", help="Judge it as if nobody served: the champion is no measure.")
    ] = False,
    json: Json = False,
) -> None:
    """Let the newest challenger serve, if it passes the gate."""
    from cli import champions, shadows

    settings = load(config)
    show(shadows.begin(settings, model) if in_shadow else champions.promote(settings, model, is_afresh=afresh), json)


def rollback(config: Config = DEFAULT, model: Model = None, json: Json = False) -> None:
    """Let the champion before this one serve again."""
    from cli import champions as room

    show(room.rollback(load(config), model), json)


def history(
    config: Config = DEFAULT,
    verify: Annotated[bool, typer.Option("--verify", help="Hold it to its chain of hashes.")] = False,
    json: Json = False,
) -> None:
    """Who served when, let by whom and why: promotions, rollbacks, returns, refusals, shadows."""
    from cli import champions as room

    show(room.history(load(config), is_verified=verify), json)


def shadow(
    config: Config = DEFAULT,
    model: Model = None,
    stop: Annotated[bool, typer.Option("--stop", help="Let it score no more.")] = False,
    json: Json = False,
) -> None:
    """How a challenger in shadow does beside the champion: agreement, cost, and outcomes once they are known."""
    from cli import shadows as room

    settings = load(config)
    show(room.end(settings, model) if stop else room.report(settings, model), json)
