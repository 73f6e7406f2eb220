"""`churn campaign categories`: which categories to offer to whom, simply, and how that did before."""

from datetime import datetime
from typing import Any

from churn.calendar import Calendar
from churn.errors import ChurnError
from churn.settings import Settings
from cli.campaign_turns import minding
from cli.outcome import Outcome

RATES = (("simple", "simple"), ("own orders alone", "own_alone"), ("popularity", "popularity"))


def categories(settings: Settings, customer: str | None) -> Outcome:
    """Write the table of everybody, and tell how such offers did; or tell one customer's.

    Args:
        settings: whose.
        customer: an id; everybody where None.
    """
    from campaigns.categories.offers import write_offers
    from campaigns.categories.reading import of_customer
    from features.engines import engine_of

    if customer is not None:
        told = of_customer(settings, customer)
        lines = [f"{one['rank']:.0f}. {one['category']} ({one['because']})" for one in told["categories"]]
        return Outcome("\n".join([*(lines or ["Nothing is known of them."]), _both(told, "label")]), told)
    with minding(settings.folder), engine_of(settings) as engine:
        told = write_offers(settings, engine=engine).as_json()
    return Outcome("\n".join(_lines(told, settings.business.timezone)), told)


def in_the_loop(settings: Settings) -> Outcome:
    """The same as a step of the loop: a log without categories is told, and keeps nobody from their scores."""
    try:
        return categories(settings, None)
    except ChurnError as error:
        return Outcome(f"No category is offered.\n{error}", {"refused": error.code, "problem": error.problem})


def _lines(told: dict[str, Any], timezone: str) -> list[str]:
    because = ", ".join(f"{name} {count:,}" for name, count in told["because"].items())
    lines = [
        f"{told['customers']:,} customers, {told['categories']:,} categories, {_both(told, 'method')}: {because}.",
        _both(told, "label"),
    ]
    if told["why"]:
        lines.append(f"Popularity is offered, as {told['why_en']}. / {told['why_zh']}。")
    for one in told["hit_rates"]:
        rates = "; ".join(
            f"{name} {one[key]['share']:.1%} ({one[key]['low']:.1%} to {one[key]['high']:.1%})" for name, key in RATES
        )
        gain = "{share:+.1%} ({low:+.1%} to {high:+.1%})".format(**one["gain"])
        lines.append(f"  hit rate of {one['offered']} of {one['customers']:,} later buyers: {rates}; gain {gain}")
    if told["hit_rates"]:
        day = Calendar(timezone).day_of(datetime.fromisoformat(told["cutoff"]))
        days = f"the {told['horizon_days']} days from {day:%Y-%m-%d} on"
        lines.append(f"Measured on orders of {days}, which nothing had seen.")
    return lines


def _both(told: dict[str, Any], name: str) -> str:
    return f"{told[f'{name}_en']} / {told[f'{name}_zh']}"
