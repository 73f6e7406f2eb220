"""`churn monitor`, and `churn monitor ui`. Each calls one function of a room. Imports no pandas. Start at `monitor`."""

from typing import Annotated

import typer

from cli.options import DEFAULT, Config, Json, load, show

monitor_app = typer.Typer(invoke_without_command=True)


@monitor_app.callback()
def monitor(
    context: typer.Context,
    config: Config = DEFAULT,
    pages: Annotated[bool, typer.Option(help="Write the pages too.")] = True,
    show_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    history: Annotated[bool, typer.Option("--history", help="Print the runs so far; nothing is judged.")] = False,
    test_alert: Annotated[bool, typer.Option("--test-alert", help="Send a trial to everybody in [alerts].")] = False,
    json: Json = False,
) -> None:
    """Is the data sound, has the world moved, does the model hold, what to do? The exit code is the verdict."""
    if context.invoked_subcommand is not None:
        context.obj = config
        return
    from cli import alerts, monitoring_history, monitoring_ui
    from cli import monitoring as room

    loaded = load(config)
    if test_alert:
        result = alerts.try_out(loaded)
    else:
        result = monitoring_history.history(loaded) if history else room.monitor(loaded, with_pages=pages)
    if show_page:
        monitoring_ui.show_page(loaded)
    show(result, json)


@monitor_app.command()
def ui(
    context: typer.Context,
    config: Config = DEFAULT,
    port: Annotated[int, typer.Option(min=0, max=65535, help="On this machine alone; 0: any free one.")] = 8765,
) -> None:
    """Open Evidently's pages on the results of all runs."""
    from cli import monitoring_ui as room

    chosen = config if config != DEFAULT else context.obj or DEFAULT  # -c may stand before `ui` or after it
    raise typer.Exit(room.ui(load(chosen), port=port))
