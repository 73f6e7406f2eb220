"""What a plan leaves behind: who is treated or held out, everybody's reason, and what it was made of.

    campaigns/<id>/treatments.parquet    TREATMENTS: those chosen, the hold-out among them
                   decisions.parquet     everybody, in or out, and why
                   manifest.json         settings, limits, prices, gap, scores, counts, totals

The manifest comes last: a folder without one was cut short, and may be planned again. Start reading at `write`.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from campaigns.audit.price_by_need import check as check_prices
from campaigns.people import People
from campaigns.plan.planning import Plan
from campaigns.plan.problem import NONE
from churn.calendar import Calendar
from churn.errors import DataError
from churn.settings import Settings
from churn.tables import TREATMENTS
from features import parquet
from features.atomic import write_json, write_whole
from features.treatments import treatments_file, write_treatments

DECISIONS, MANIFEST, EXPORTS = "decisions.parquet", "manifest.json", "exports.json"


class AlreadyPlanned(DataError):
    """There is a campaign of this id."""

    def __init__(self, campaign: str, *, exported: bool) -> None:
        went = " and its lists were exported" if exported else ""
        super().__init__(
            f"The campaign {campaign!r} was planned already{went}.",
            mend="take another id: who was contacted by it stays in the ledger."
            if exported
            else "take another id, or say `--replace` to plan it anew: nothing of it was exported.",
        )


def check_new(folder: Path, campaign: str, *, replace: bool) -> None:
    """Refuse an id that is taken.

    Raises:
        AlreadyPlanned: it is, and may not be replaced. NoName: it can be no id.
    """
    path = treatments_file(folder, campaign)
    exported = (path.parent / EXPORTS).exists() or any(path.parent.glob("list-*.csv"))
    if path.exists() and (exported or not replace):
        raise AlreadyPlanned(campaign, exported=exported)


def write(settings: Settings, people: People, plan: Plan, now: datetime, *, by: str | None = None) -> Path:
    """Write a plan.

    Args:
        settings: whose.
        people: of the plan.
        plan: what was decided.
        now: when chance decided.
        by: who planned it.

    Returns:
        The manifest.
    """
    rows = treatments(settings, people, plan, now)
    path = treatments_file(settings.folder, plan.asked.campaign)
    table = pa.Table.from_pandas(plan.decisions, preserve_index=False)
    write_whole(path.parent / DECISIONS, lambda draft: parquet.write_table(table, draft))
    write_treatments(settings.folder, plan.asked.campaign, rows)
    manifest = path.parent / MANIFEST
    write_json(manifest, as_json(settings, people, plan, now, by=by))
    return manifest


def treatments(settings: Settings, people: People, plan: Plan, now: datetime) -> pd.DataFrame:
    """Those chosen, as the ledger has them. Columns: those of TREATMENTS."""
    who = np.flatnonzero(plan.solution.choice != NONE)
    column = plan.solution.choice[who]
    offers, told, calendar = plan.offers, plan.decisions.iloc[who], Calendar(settings.business.timezone)
    today, whole = calendar.day_of(now), settings.definition.gap_days + settings.definition.horizon_days
    due = [calendar.midnight(today + timedelta(days=one.due_days)) for one in offers.actions]
    ends = [calendar.midnight(today + timedelta(days=one.window_days or whole)) for one in offers.actions]
    turnable = offers.turnable[who]
    turned = offers.turned[who, column].astype(np.float64)
    own = {
        "campaign": plan.asked.campaign, "planned_at": now, "propensity": 1 - settings.campaigns.hold_out_ratio,
        "customer_id": told["customer_id"].to_numpy(), "action": told["action"].to_numpy(),
        "channel": [offers.actions[one].channel for one in column], "model": told["model"].to_numpy(),
        "stage": told["stage"].to_numpy(), "due": [due[one] for one in column],
        "window_end": [ends[one] for one in column],
        "owner": [offers.actions[one].owner or settings.campaigns.owner for one in column],
        "is_treated": ~plan.is_held_out[who], "probability": people.rows["probability"].to_numpy()[who],
        "value_amount": offers.value[who, column].astype(np.float64),
        "take_up_ratio": np.clip(np.divide(turned, turnable, out=np.zeros(len(who)), where=turnable > 0), 0, 1),
        "cost_amount": told["cost_amount"].to_numpy(), "why_en": told["why_en"].to_numpy(),
        "expected_profit_amount": told["expected_profit_amount"].to_numpy(), "why_zh": told["why_zh"].to_numpy(),
    }  # fmt: skip
    rows = pd.DataFrame(own, index=range(len(who))).reindex(columns=TREATMENTS.names)
    for one in TREATMENTS:
        if one.dtype == "str":
            rows[one.name] = rows[one.name].astype(object).where(rows[one.name].notna(), None)
        elif one.name in ("planned_at", "due", "window_end"):
            rows[one.name] = pd.to_datetime(rows[one.name], utc=True)
    return rows.astype({one.name: one.dtype for one in TREATMENTS if one.dtype != "str"})


def as_json(settings: Settings, people: People, plan: Plan, now: datetime, *, by: str | None = None) -> dict[str, Any]:
    """What a plan was made of, and what is expected of it."""
    told = people.rows["model_version"].dropna()
    names = ["budget", *(one.name for one in plan.limits)]
    used = plan.problem.used(plan.solution.choice)
    return {
        "campaign": plan.asked.campaign, "planned_at": now.isoformat(), "planned_by": by,
        "budget_amount": plan.asked.budget, "currency": settings.business.currency, "only": plan.asked.only,
        "limits": [
            {"name": name, "most": most if np.isfinite(most) else None, "used": taken, "price": price}
            for name, most, taken, price in zip(
                names, plan.problem.most.tolist(), used.tolist(), plan.solution.prices.tolist(), strict=True
            )
        ],
        "gap_amount": plan.solution.gap, "totals": plan.totals(), "by_action": plan.by_action(),
        "by_reason": plan.by_reason(), "batch": people.batch, "cutoff": people.cutoff.isoformat(),
        "horizon_days": people.horizon_days, "model_versions": sorted(map(str, told.unique())),
        "hold_out_ratio": settings.campaigns.hold_out_ratio, "seed": settings.campaigns.seed,
        "permanent_hold_out_ratio": settings.campaigns.permanent_hold_out_ratio,
        "prices": check_prices(settings, plan.offers.actions).as_json(),
        "margin_ratio": settings.value.margin_ratio,
        "measured": sorted(plan.offers.measured),
        "actions": [one.model_dump(mode="json") for one in plan.offers.actions],
    }  # fmt: skip
