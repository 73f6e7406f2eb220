"""What was estimated, on which evidence: `campaigns/value/report.json`, and the same for people. Nobody's row.

Start reading at `report_of`.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from campaigns.value.bands import PROMISED, TAILS
from campaigns.value.channels import ALL, Channel, without_cost
from campaigns.value.cohorts import Past
from campaigns.value.estimators import NAMES
from campaigns.value.judge import WHY, Choice, Judgement
from campaigns.value.table import NO_MARGIN
from churn.settings import Settings
from features.atomic import write_json

FOLDER: Final = Path("campaigns") / "value"
FILE: Final = FOLDER / "report.json"


def report_of(
    settings: Settings, table: pd.DataFrame, past: Past, choice: Choice, channels: Sequence[Channel], parts: list[str]
) -> dict[str, Any]:
    """The report: who serves and why, tiers, channels.

    Args:
        settings: whose.
        table: VALUES.
        past: everybody now, and the cohorts before.
        choice: who serves.
        channels: value by channel.
        parts: of the tiers that the log knows: frequency, amount, referral.
    """
    rules = settings.value
    why = NO_MARGIN if rules.margin_ratio is None else choice.why
    mine = [one.covered for one in choice.judgements if one.estimator == choice.estimator and one.covered]
    shares = [] if choice.tail is None else [one[choice.tail] for one in mine]
    told: dict[str, Any] = _plain({
        "as_of": past.instant.isoformat(), "currency": settings.business.currency, "months": rules.horizon_months,
        "customers": len(table), "margin_ratio": rules.margin_ratio, "discount_ratio": rules.discount_ratio,
        "estimator": choice.estimator, "why": why, "why_en": WHY[why][0] if why else None,
        "why_zh": WHY[why][1] if why else None,
        "clv_amount": _total(table["clv_amount"]), "past_value_amount": _total(table["past_value_amount"]),
        "interval": {
            "promised": PROMISED, "tail": None if choice.tail is None else TAILS[choice.tail],
            "covered": float(np.mean(shares)) if shares else None, "cohorts": len(shares),
        },
        "tiers": {"parts": parts, "customers": table["value_tier"].value_counts().to_dict()},
        "high_value": int((table["high_value"] == "yes").sum()),
        "high_potential": int((table["high_potential"] == "yes").sum()),
        "judgements": [_judgement(one) for one in choice.judgements],
        "channels": [asdict(one) for one in channels], "channels_without_cost": without_cost(list(channels)),
    })  # fmt: skip
    return told


def write_report(folder: Path, report: dict[str, Any]) -> Path:
    """Write it whole."""
    write_json(folder / FILE, report)
    return folder / FILE


def in_words(report: dict[str, Any]) -> str:
    """The report for people."""
    months, currency = report["months"], report["currency"]
    lines = [f"{report['customers']:,} customers as of {report['as_of'][:10]}, over {months} months."]
    if report["estimator"] is not None:
        lines.append(f"Estimated by {report['estimator']} ({NAMES[report['estimator']][0]}).")
    if report["why"] is None:
        total, interval = report["clv_amount"] or 0.0, report["interval"]
        lines.append(f"Expected margin in all: {total:,.0f} {currency}; before: {report['past_value_amount']:,.0f}.")
        lines.append(_covered(interval))
    else:
        lines.append(f"No lifetime value is told: {report['why_en']}.")
    sizes = report["tiers"]["customers"]
    lines.append(
        f"Tiers by {', '.join(report['tiers']['parts']) or 'nothing'}: "
        + ", ".join(f"{name} {sizes.get(name, 0):,}" for name in ("high", "middle", "low"))
        + f"; {report['high_value']:,} of high value, {report['high_potential']:,} of high potential."
    )
    return "\n".join([*lines, *_judged(report), *_channels(report)])


def _covered(interval: dict[str, Any]) -> str:
    if interval["tail"] is None:
        return "No interval is told: none held nine in ten customers of past cohorts."
    if interval["covered"] is None:
        return "Its interval could not be held to a past cohort yet."
    return (
        f"Its interval held {interval['covered']:.1%} of the customers of {interval['cohorts']} past cohorts "
        f"(promised {interval['promised']:.0%})."
    )


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
        if one["margin_amount"] is None:
            lines.append(f"{head}; no figure: fewer than 30 followed, or no margin_ratio")
            continue
        told = f"{one['margin_amount']:,.1f} ({one['low_amount']:,.1f} to {one['high_amount']:,.1f})"
        over = "no cost is set" if one["over_cost"] is None else (
            f"{one['over_cost']:.2f} x cost ({one['over_cost_low']:.2f} to {one['over_cost_high']:.2f})"
        )  # fmt: skip
        lines.append(f"{head}; {told}; {over}")
    if report["channels_without_cost"]:
        lines.append(f"Set [value.acquisition_costs] for {', '.join(report['channels_without_cost'])}.")
    return lines


def _judgement(one: Judgement) -> dict[str, Any]:
    return {**asdict(one), "loss": one.loss, "total_error_ratio": one.total_error_ratio}


def _total(amounts: pd.Series) -> float | None:
    return float(amounts.sum()) if amounts.notna().any() else None


def _plain(value: Any) -> Any:
    """What JSON can hold: no number that is none."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
