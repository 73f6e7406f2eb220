"""What was estimated, on which evidence: `campaigns/value/report.json` and its page, and in words. Nobody's row.

Start reading at `report_of`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import pandas as pd

from campaigns.value.bands import PROMISED, TAILS
from campaigns.value.channels import ALL, FEWEST, Channel, without_cost
from campaigns.value.cohorts import Past
from campaigns.value.coverage import shares
from campaigns.value.estimators import NAMES
from campaigns.value.judge import WHY, Choice, Judgement
from campaigns.value.page import page
from campaigns.value.table import NO_MARGIN
from churn.settings import Settings
from features.atomic import write_json, write_text

FOLDER: Final = Path("campaigns") / "value"
NO_FIGURE: Final = {True: "margin_ratio is not set in [value]", False: f"fewer than {FEWEST} followed"}
FILE: Final = FOLDER / "report.json"
PAGE: Final = FOLDER / "report.html"


@dataclass(frozen=True)
class Notice:
    """What could not be told, though all the rest could.

    Args:
        code: of it. problem: what is wrong. mend: how to mend it.
    """

    code: str
    problem: str
    mend: str


def report_of(
    settings: Settings, table: pd.DataFrame, past: Past, choice: Choice, channels: Sequence[Channel] | Notice,
    parts: list[str],
) -> dict[str, Any]:  # fmt: skip
    """The report: who serves and why, tiers, channels.

    Args:
        settings: whose.
        table: VALUES.
        past: everybody now, and the cohorts before.
        choice: who serves.
        channels: value by channel; what stands in its way, where something does.
        parts: of the tiers that the log knows: frequency, amount, referral.
    """
    rules = settings.value
    why = NO_MARGIN if rules.margin_ratio is None else choice.why
    zone = settings.lifecycle.calendar.zone

    def local(instant: str) -> str:
        return datetime.fromisoformat(instant).astimezone(zone).isoformat()

    notices = [asdict(channels)] if isinstance(channels, Notice) else []
    found = [] if isinstance(channels, Notice) else list(channels)
    told: dict[str, Any] = _plain({
        "as_of": local(past.instant.isoformat()), "currency": settings.business.currency,
        "months": rules.horizon_months, "customers": len(table),
        "margin_ratio": rules.margin_ratio, "discount_ratio": rules.discount_ratio,
        "estimator": choice.estimator, "why": why, "why_en": WHY[why][0] if why else None,
        "why_zh": WHY[why][1] if why else None,
        "clv_amount": _total(table["clv_amount"]), "past_value_amount": _total(table["past_value_amount"]),
        "interval": _interval(choice, local),
        "tiers": {
            "parts": parts, "customers": table["value_tier"].value_counts().to_dict(),
            "mean_clv_amount": table.groupby("value_tier")["clv_amount"].mean().to_dict(),
        },
        "high_value": int((table["high_value"] == "yes").sum()),
        "high_potential": int((table["high_potential"] == "yes").sum()),
        "judgements": [_judgement(one, local) for one in choice.judgements],
        "channels": [asdict(one) for one in found], "channels_without_cost": without_cost(found), "notices": notices,
    })  # fmt: skip
    return told


def _interval(choice: Choice, local: Callable[[str], str]) -> dict[str, Any]:
    """Its width, by whom it was chosen, and how it held in the newest cohort, which had no say."""
    tail, newest = choice.tail, choice.newest
    told = {
        "promised": PROMISED, "tail": None if tail is None else TAILS[tail], "covered": None, "customers": 0,
        "cohort": None, "groups": [], "chosen_on": [local(one.cutoff) for one in choice.widths],
        "is_apart": choice.apart if choice.widths else None,
    }  # fmt: skip
    if tail is None or newest is None:
        return told
    held = {"covered": float(shares(newest.held)[tail]), "customers": newest.customers, "cohort": local(newest.cutoff)}
    return told | held | {"groups": [one.told(tail) for one in newest.held]}


def write_report(settings: Settings, report: dict[str, Any]) -> Path:
    """Write report and page whole; returns where the page lies."""
    write_json(settings.folder / FILE, report)
    business = settings.business
    write_text(settings.folder / PAGE, page(report, business=business.name, language=business.language))
    return settings.folder / PAGE


def in_words(report: dict[str, Any]) -> str:
    """The report for people."""
    months, currency = report["months"], report["currency"]
    lines = [f"{report['customers']:,} customers as of {report['as_of'][:10]}, over {months} months."]
    if report["estimator"] is not None:
        lines.append(f"Estimated by {report['estimator']} ({NAMES[report['estimator']][0]}).")
    if report["why"] is None:
        total, interval = report["clv_amount"] or 0.0, report["interval"]
        lines.append(f"Expected margin in all: {total:,.0f} {currency}; before: {report['past_value_amount']:,.0f}.")
        lines += _covered(interval)
    else:
        lines.append(f"No lifetime value is told: {report['why_en']}.")
    sizes = report["tiers"]["customers"]
    lines.append(
        f"Tiers by {', '.join(report['tiers']['parts']) or 'nothing'}: "
        + ", ".join(f"{name} {sizes.get(name, 0):,}" for name in ("high", "middle", "low"))
        + f"; {report['high_value']:,} of high value, {report['high_potential']:,} of high potential."
    )
    notices = [f"Not told: {one['problem']}\nTo mend it: {one['mend']}" for one in report["notices"]]
    return "\n".join([*lines, *_judged(report), *_channels(report), *notices])


def _covered(interval: dict[str, Any]) -> list[str]:
    if interval["tail"] is None:
        return ["No interval is told: none held nine in ten customers of the cohorts that choose its width."]
    if interval["covered"] is None:
        return ["Its interval could not be held to a past cohort yet."]
    days = ", ".join(one[:10] for one in interval["chosen_on"])
    how = f", its width chosen on {days}" if days else ""
    how += ", whose horizons overlap with it" if interval["is_apart"] is False else ""
    of = f"{interval['customers']:,} customers of the cohort of {interval['cohort'][:10]}"
    lines = [f"Its interval held {interval['covered']:.1%} of {of} (promised {interval['promised']:.0%}){how}:"]
    lines += [
        f"  {one['en']}: {one['share']:.1%} ({one['low']:.1%} to {one['high']:.1%}) of {one['n']:,}"
        for one in interval["groups"]
    ]
    return lines


def _judged(report: dict[str, Any]) -> list[str]:
    lines = ["Past cohorts:"] if report["judgements"] else []
    for one in report["judgements"]:
        head = f"  {one['cutoff'][:10]}  {one['estimator']:<10}"
        if one["why"]:
            lines.append(f"{head} says nothing: {one['why']}")
        else:
            lines.append(
                f"{head} total {one['total_error_ratio'] or 0:+.1%}, mean error {one['mean_absolute_amount']:,.1f}, "
                f"loss {one['loss']:,.1f}, rank {one['rank'] or 0:.2f}, n {one['customers']:,}"
            )
    return lines


def _channels(report: dict[str, Any]) -> list[str]:
    mine = [one for one in report["channels"] if one["cohort"] == ALL]
    lines = [f"Margin of the first {report['months']} months by channel, in {report['currency']}:"] if mine else []
    for one in mine:
        head = f"  {one['channel']:<14} {one['customers']:>8,} won, {one['followed']:,} followed"
        if not one["customers"]:
            near = get_close_matches(one["channel"], [other["channel"] for other in mine if other["customers"]], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            lines.append(f"  {one['channel']:<14} [value.acquisition_costs] names it, and it won nobody{hint}")
            continue
        if one["margin_amount"] is None:
            lines.append(f"{head}; no figure: {NO_FIGURE[one['followed'] >= FEWEST]}")
            continue
        told = f"{one['margin_amount']:,.1f} ({one['low_amount']:,.1f} to {one['high_amount']:,.1f})"
        over = "no cost is set" if one["over_cost"] is None else (
            f"{one['over_cost']:.2f} x cost ({one['over_cost_low']:.2f} to {one['over_cost_high']:.2f})"
        )  # fmt: skip
        lines.append(f"{head}; {told}; {over}")
    if report["channels_without_cost"]:
        lines.append(f"Set [value.acquisition_costs] for {', '.join(report['channels_without_cost'])}.")
    return lines


def _judgement(one: Judgement, local: Callable[[str], str]) -> dict[str, Any]:
    covered = shares(one.held).tolist() if one.held else []
    told = {name: value for name, value in asdict(one).items() if name != "held"}
    return {
        **told,
        "cutoff": local(one.cutoff),
        "covered": covered,
        "loss": one.loss,
        "total_error_ratio": one.total_error_ratio,
    }


def _total(amounts: pd.Series) -> float | None:
    return float(amounts.sum()) if amounts.notna().any() else None


def _plain(value: Any) -> Any:
    """What JSON can hold: no number that is none."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
