"""`churn campaign`: what to do about whom, and what it did. Each calls one function of a room. Imports no pandas."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DEFAULT, Config, Json, load, show

Campaign = Annotated[str, typer.Option("--id", help="The campaign.")]

campaign_app = typer.Typer(help="What to do about whom, what it is worth, and what it did.", no_args_is_help=True)


@campaign_app.command("list")
def list_campaigns(config: Config = DEFAULT, json: Json = False) -> None:
    """Print every campaign: who was planned for and held out, who is in charge, and when its effect can be told."""
    from cli import campaign_ledger as room

    show(room.listed(load(config)), json)


@campaign_app.command()
def advise(config: Config = DEFAULT, json: Json = False) -> None:
    """Recommend to everybody the action that earns most, or none, and why; the service tells it with every score."""
    from cli import campaign_catalogue as room

    show(room.advise(load(config)), json)


@campaign_app.command()
def due(
    config: Config = DEFAULT,
    day: Annotated[str | None, typer.Option(help="YYYY-MM-DD, today or later; unset: today.")] = None,
    json: Json = False,
) -> None:
    """Write who is due on a day and why, a list a channel: birthdays, thanks, follow-ups, what is about to lapse."""
    from cli import campaign_due as room

    show(room.due(load(config), day), json)


@campaign_app.command("export")
def export_lists(
    campaign: Campaign,
    config: Config = DEFAULT,
    out: Annotated[Path | None, typer.Option(help="Folder of the lists; unset: that of the campaign.")] = None,
    json: Json = False,
) -> None:
    """Write the lists of a campaign, one a channel; whoever opted out since it was planned is left out."""
    from cli import campaign_ledger as room

    show(room.export(load(config), campaign, out), json)


@campaign_app.command("cancel")
def cancel_campaign(campaign: Campaign, config: Config = DEFAULT, json: Json = False) -> None:
    """Take back a plan that was never exported: nobody counts as contacted or held out by it any more."""
    from cli import campaign_ledger as room

    show(room.cancel(load(config), campaign), json)


@campaign_app.command("import")
def import_campaigns(
    file: Annotated[
        Path, typer.Option(help="CSV or Parquet: campaign, customer_id, day, action, treated, propensity.")
    ],
    window_days: Annotated[int, typer.Option(min=1, max=3650, help="Days in which their effect is measured.")],
    column: Annotated[
        list[str] | None,
        typer.Option(help="customer_id=客户编号: what the file calls it; may be repeated."),
    ] = None,
    *,
    allow_unknown: Annotated[
        bool, typer.Option("--allow-unknown", help="Even if the log does not know most of the customers.")
    ] = False,
    config: Config = DEFAULT,
    json: Json = False,
) -> None:
    """Bring in randomised campaigns of before: who was treated, whom chance held out, with which chance."""
    from cli import campaign_ledger as room

    show(room.bring_in(load(config), file, window_days, column, allow_unknown=allow_unknown), json)


@campaign_app.command()
def effect(
    config: Config = DEFAULT,
    campaign: Annotated[str | None, typer.Option("--id", help="A campaign; unset: all whose window is over.")] = None,
    json: Json = False,
) -> None:
    """What campaigns did, against those whom chance held out; told once a window is over."""
    from cli import campaign_ledger as room

    show(room.effect(load(config), campaign), json)


@campaign_app.command("audience")
def audience(
    *,
    kind: Annotated[
        str | None,
        typer.Option("--kind", help="win_back, exclude_loyal, seed, segment:<name> or campaign:<id>."),
    ] = None,
    vendor: Annotated[str | None, typer.Option("--for", help="google, meta, x or linkedin.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the files, outside the artifacts.")] = None,
    top: Annotated[int | None, typer.Option("--top", min=1, help="Of a seed: how many of the best.")] = None,
    min_probability: Annotated[
        float | None, typer.Option("--min-probability", min=0, max=1, help="Of a win_back: chance to come back.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who asks, for the manifest.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Print the audiences that were exported instead.")] = False,
    config: Config = DEFAULT,
    json: Json = False,
) -> None:
    """Write a list of hashed details for a platform: of those who consented, and of nobody who refused."""
    from cli import campaign_audience as room

    settings = load(config)
    if listed:
        show(room.listed(settings), json)
    else:
        show(room.audience(settings, kind, vendor, out, top=top, min_probability=min_probability, by=by), json)


@campaign_app.command("categories")
def rank_categories(
    config: Config = DEFAULT,
    customer: Annotated[str | None, typer.Option("--customer", help="Tell what is offered to this one.")] = None,
    json: Json = False,
) -> None:
    """Rank the categories to offer to everybody, simply, beside what popularity would have hit."""
    from cli import campaign_categories as room

    show(room.categories(load(config), customer), json)


@campaign_app.command("segments")
def show_segments(
    config: Config = DEFAULT,
    as_of: Annotated[str | None, typer.Option("--as-of", help="A day, YYYY-MM-DD; unset: the rows of now.")] = None,
    members: Annotated[str | None, typer.Option("--members", help="List who is in this segment.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="CSV for --members; unset: the console.")] = None,
    *,
    rfm: Annotated[bool, typer.Option("--rfm", help="Also the RFM grid.")] = False,
    drift: Annotated[bool, typer.Option("--drift", help="Also what changed over the past months.")] = False,
    outcomes: Annotated[
        bool, typer.Option("--outcomes", help="Also who left of each, and what they are worth.")
    ] = False,
    json: Json = False,
) -> None:
    """Tell who is in the saved segments, as of any day; with --rfm the RFM grid, with --drift what changed."""
    from cli import campaign_segments as room

    wanted = {"with_drift": drift, "with_grid": rfm, "with_outcomes": outcomes}
    found = room.segments(load(config), as_of=as_of, member=members, out=out, **wanted)
    show(found, json)


@campaign_app.command("value")
def value(config: Config = DEFAULT, json: Json = False) -> None:
    """Estimate what every customer is worth, with tiers, and value over cost by acquisition channel."""
    from cli import campaign_value as room

    show(room.value(load(config)), json)


@campaign_app.command()
def uplift(
    config: Config = DEFAULT,
    action: Annotated[str | None, typer.Option(help="An action; unset: every one that a campaign had.")] = None,
    json: Json = False,
) -> None:
    """Learn whom each action can save, from campaigns in which chance decided; claims nothing that does not hold."""
    from cli import campaign_uplift as room

    show(room.uplift(load(config), action), json)


@campaign_app.command("audit")
def audit_offers(
    config: Config = DEFAULT,
    campaign: Annotated[str | None, typer.Option("--id", help="A campaign; unset: what is recommended now.")] = None,
    least: Annotated[
        float, typer.Option("--least", min=0, max=1, help="A smaller share of difference is told, not called worse.")
    ] = 0.0,
    together: Annotated[bool, typer.Option("--all", help="All campaigns as one: small wrongs add up.")] = False,
    json: Json = False,
) -> None:
    """Who is offered what, by groups: whether loyal customers, or protected groups, get worse terms; exit 21 if so."""
    from cli import campaign_audit as room

    show(room.audit(load(config), campaign, least, together=together), json)


@campaign_app.command("plan")
def plan_campaign(
    *,
    campaign: Campaign,
    budget: Annotated[float | None, typer.Option(help="Most that those to contact may be expected to cost.")] = None,
    capacity: Annotated[
        list[str] | None, typer.Option(help="Most contacts: 5000, phone=200, coupon=50; may be given more than once.")
    ] = None,
    only: Annotated[str | None, typer.Option(help="churn or reactivation; unset: both compete for the money.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Plan an id anew of which nothing was exported.")] = False,
    by: Annotated[str | None, typer.Option("--by", help="Who plans, for the manifest.")] = None,
    config: Config = DEFAULT,
    json: Json = False,
) -> None:
    """Choose whom to contact with what within a budget, hold some out by chance, and say why each is in or out."""
    from campaigns.plan.planning import Asked
    from cli import campaign_plan as room

    asked = Asked(campaign, budget, tuple(capacity or ()), only)
    show(room.plan(load(config), asked, dry_run=dry_run, replace=replace, by=by), json)


@campaign_app.command()
def bend(config: Config = DEFAULT, json: Json = False) -> None:
    """Tell how far campaigns bend the labels that models learn from, and which rule retraining goes by."""
    from cli import campaign_learning as room

    show(room.bend(load(config)), json)
