"""The commands about who may ask and who asked: `churn keys ...` and `churn audit`."""

from typing import Annotated, Any

import typer

from cli.options import DEFAULT, Config, Json, load, show

keys_app = typer.Typer(help="API keys of the service.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Of the caller, for lists and logs: crm, shop, grafana.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(keys_app, name="keys")
    app.command()(audit)


@keys_app.command()
def create(
    name: Name,
    scope: Annotated[list[str], typer.Option(help="score, events, read, erase or admin; may be given again.")],
    config: Config = DEFAULT,
    expires: Annotated[str | None, typer.Option(help="When it ends, from now: 90d, 12h, 4w. Unset: never.")] = None,
    quota: Annotated[str | None, typer.Option(help="Requests a day: 10000/day. Unset: [keys] quota_per_day.")] = None,
    rate: Annotated[str | None, typer.Option(help="Requests a minute: 600/min. Unset: as [serving] has it.")] = None,
    signed: Annotated[bool, typer.Option("--signed", help="Its live events must be signed; makes a secret.")] = False,
    json: Json = False,
) -> None:
    """Make a key; it is shown once and kept nowhere."""
    from cli import keys as room

    made = room.create(load(config), name, scope, expires=expires, quota=quota, rate=rate, signed=signed)
    show(made, json)


@keys_app.command("list")
def list_(config: Config = DEFAULT, json: Json = False) -> None:
    """Who has a key, for what, until when, and when it was last used."""
    from cli import keys as room

    show(room.listed(load(config)), json)


@keys_app.command()
def revoke(name: Name, config: Config = DEFAULT, json: Json = False) -> None:
    """Let a key in no more; services that run know within a second."""
    from cli import keys as room

    show(room.revoke(load(config), name), json)


@keys_app.command()
def rotate(
    name: Name,
    config: Config = DEFAULT,
    grace: Annotated[str, typer.Option(help="How long the old key is good yet: 24h, 7d, 0h.")] = "24h",
    expires: Annotated[str | None, typer.Option(help="When the new one ends: 90d, never. Unset: as long.")] = None,
    json: Json = False,
) -> None:
    """Make a new key for a caller; the old one is good for a while yet."""
    from cli import keys as room

    show(room.rotate(load(config), name, grace=grace, expires=expires), json)


def audit(
    config: Config = DEFAULT,
    customer: Annotated[str | None, typer.Option(help="Only who asked about this customer.")] = None,
    key: Annotated[str | None, typer.Option(help="Only what this key asked.")] = None,
    since: Annotated[str | None, typer.Option(help="From this day on, YYYY-MM-DD.")] = None,
    json: Json = False,
) -> None:
    """Who asked what about whom, and when."""
    from cli import audit as room
    from cli.privacy import exchanged

    settings = load(config)

    def told(whom: list[str]) -> Any:  # Outcome
        return room.audit(settings, customer=whom[0] if whom else None, key=key, since=since)

    show(exchanged(settings, [customer] if customer else [], told), json)
