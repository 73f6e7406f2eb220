"""The commands of `churn webhooks`: status, test, retry, send."""

import typer

from cli.options import DEFAULT, Config, Json, load, show

webhooks_app = typer.Typer(help="Other systems that are told of changes.", no_args_is_help=True)


@webhooks_app.command()
def status(config: Config = DEFAULT, json: Json = False) -> None:
    """How each receiver does: letters that wait, letters that none took, and why."""
    from cli import webhooks as room

    show(room.status(load(config)), json)


@webhooks_app.command("test")
def try_out(config: Config = DEFAULT, json: Json = False) -> None:
    """Send every receiver a signed letter of nobody, and say what it answers."""
    from cli import webhooks as room

    result = room.try_out(load(config))
    show(result, json)


@webhooks_app.command()
def retry(config: Config = DEFAULT, json: Json = False) -> None:
    """Let dead letters wait again, and send to receivers that were left alone."""
    from cli import webhooks as room

    show(room.retry(load(config)), json)


@webhooks_app.command()
def send(config: Config = DEFAULT) -> None:
    """Send letters in this process, where no service does; it ends with Ctrl-C or SIGTERM."""
    from cli import webhooks as room

    raise typer.Exit(room.send(load(config)))
