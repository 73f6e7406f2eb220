"""Who is offered what, by groups of customers: do loyal customers, or protected groups, get worse terms?

    PEOPLE + what was planned (TREATMENTS) or is recommended (ACTIONS) --terms--> offered, offer_amount of each
    stages, value tiers, time as a customer, attributes --groups--> each held against the others, loyal against new

Everybody is looked at, also who gets nothing: that is the worst of terms. Customers are compared raw and among those of
like risk, since a plan goes by risk; who opted out, or is kept out for good by chance, could get nothing and is left
out. Nobody's row leaves here. Start reading at `audit`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd

from campaigns.audit.disparity import LEAST, Comparison, Disparity, FloatArray, disparities, strata_of
from campaigns.audit.price_by_need import PriceRule, pairs_of
from campaigns.hold_out import kept_out_for_good
from campaigns.people import People, features_of, people_of
from campaigns.worth import turnable_of
from churn.errors import DataError, SettingsError
from churn.settings import Settings
from churn.stages import Stage
from features import parquet
from features.attributes import attribute_names, attributes_at
from features.demographic_words import is_demographic
from features.log import read_log_manifest
from features.opt_outs import CONTACT, SCORING, opt_outs
from features.parts import log_parts
from features.treatments import read_treatments

ACTIONS_FILE: Final = "tables/actions.parquet"
MOST_LEVELS: Final = 20  # of an attribute: the commonest; the others are not told apart
GEOGRAPHIC: Final = ("region", "city", "country", "province", "地区", "城市", "省份")
TENURE: Final = "_tenure_days"


class NothingToAudit(DataError):
    """Nobody was planned for, and nothing is recommended."""

    def __init__(self, campaign: str | None) -> None:
        what = (
            "No customer has a recommended action" if campaign is None else f"Campaign {campaign!r} planned for nobody"
        )
        super().__init__(
            f"{what}, so there are no offers to audit.", mend="run `churn campaign plan`, or `advise`, first."
        )


class UnknownOffer(SettingsError):
    """What was planned names an action whose worth nobody can tell."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(
            f"What these actions are worth to a customer is not said: {', '.join(codes)}.",
            mend="give each its [[action]] with offer_amount; one that was taken out of churn.toml since has to "
            "come back for the audit.",
        )


@dataclass(frozen=True)
class Audit:
    """What was found.

    Args:
        campaign: which; None: what is recommended now, or several together.
        cutoff: of the scores that tell stages and risks. customers: who was looked at. offered: who gets an offer.
        found: every group by every measure. prices: whether a score decides on prices.
        together: the campaigns that were looked at as one; none where it is one alone.
        left_out: campaigns that could not be, by why.
    """

    campaign: str | None
    cutoff: datetime
    customers: int
    offered: int
    found: tuple[Disparity, ...]
    prices: PriceRule
    together: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def worse(self) -> list[Disparity]:
        """Groups that get worse terms than others of like risk."""
        return [one for one in self.found if one.verdict == "worse"]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "campaign": self.campaign, "cutoff": self.cutoff.isoformat(), "customers": self.customers,
            "offered": self.offered, "worse": len(self.worse), "prices": self.prices.as_json(),
            "groups": [one.as_json() for one in self.found], "together": list(self.together),
            "left_out": dict(self.left_out),
        }  # fmt: skip


def audit(settings: Settings, campaign: str | None = None, *, least: float = 0.0) -> Audit:
    """Look at the terms of a campaign, or of what is recommended now.

    Args:
        settings: whose.
        campaign: its id; what is recommended now where None.
        least: a difference of less than this share of the others' mean is told, and not called worse.

    Raises:
        NothingToAudit: nobody gets anything. UnknownOffer: an action's worth is not said.
        NoScores, NoCurrent, NoLog: there is nothing to tell groups by.
    """
    people, amount, need = terms_of(settings, people_of(settings), _given(settings, campaign))
    rows = people.rows
    comparisons = [*comparisons_of(groups_of(settings, people))]
    found = disparities(
        {"offered": np.asarray(amount > 0, dtype=np.float64), "offer_amount": amount}, comparisons,
        strata_of(rows["model"].to_numpy(dtype=object), need), need, least=least,
    )  # fmt: skip
    return Audit(campaign, people.cutoff, len(rows), int((amount > 0).sum()), tuple(found), prices_of(settings))


def prices_of(settings: Settings) -> PriceRule:
    """Whether a score decides on prices, and why that is held to be fair."""
    pairs = tuple(pairs_of(settings.action))
    return PriceRule(pairs, settings.campaigns.price_by_need_reason if pairs else None)


def terms_of(
    settings: Settings, people: People, given: pd.DataFrame, as_of: datetime | None = None
) -> tuple[People, FloatArray, FloatArray]:
    """What each who could have got an offer was offered, and what their risk was.

    Args:
        settings: whose.
        people: everybody then.
        given: who was to get what; columns customer_id, action.
        as_of: whoever had opted out by then could get nothing; now where None.

    Returns:
        People without those, the worth of what each was offered, and the chance to leave or to stay away. (n,), (n,)
    """
    people, given = _eligible(settings, people, given, as_of)
    rows = people.rows
    total = _worth(settings, given).groupby(given["customer_id"].to_numpy()).sum()
    amount = np.asarray(rows["customer_id"].map(total).fillna(0), dtype=np.float64)
    return (
        people,
        amount,
        turnable_of(rows["model"].to_numpy(dtype=object), rows["probability"].to_numpy(dtype=np.float64)),
    )


def groups_of(settings: Settings, people: People) -> pd.DataFrame:
    """What tells groups: one column a dimension, texts; None where it is not known. In the order of people."""
    rows = people.rows
    manifest = read_log_manifest(settings.folder)
    known = attribute_names(manifest.kinds)
    names = [one for one in known if one in settings.fairness.attributes or is_demographic(one) or one in GEOGRAPHIC]
    told = attributes_at(log_parts(settings.folder), names, [people.cutoff]).set_index("customer_id")
    found = pd.DataFrame(
        {"stage": rows["stage"], "value_tier": rows["value_tier"], "customer_since": _tenure(settings, people)}
    )
    for name in names:
        found[f"profile.{name}"] = _levels(told[name].reindex(rows["customer_id"]).reset_index(drop=True))
    return found


def comparisons_of(groups: pd.DataFrame) -> Iterator[Comparison]:
    """Each group against the others of its dimension, and loyal customers against new ones.

    Args:
        groups: one column a dimension, texts or None.
    """
    for dimension in groups.columns:
        told = groups[dimension].to_numpy(dtype=object)
        known = np.array([one is not None for one in told])
        levels = sorted({str(one) for one in told[known]})
        for level in levels if len(levels) > 1 else []:
            inside = told == level
            yield Comparison(dimension, level, "others", inside, known & ~inside)
    stage = groups["stage"].to_numpy(dtype=object)
    loyal, new = (stage == one.value for one in (Stage.LOYAL, Stage.NEW))
    yield Comparison("stage", Stage.LOYAL.value, Stage.NEW.value, loyal, new)


def _given(settings: Settings, campaign: str | None) -> pd.DataFrame:
    """Who was to get which action: planned for, treated or held out alike; columns customer_id, action."""
    if campaign is not None:
        rows = read_treatments(settings.folder, campaign)[["customer_id", "action"]]
    else:
        path = settings.folder / ACTIONS_FILE
        rows = parquet.read_frame(path, ["customer_id", "action"]) if path.exists() else pd.DataFrame()
        rows = rows[rows["action"] != "none"] if len(rows) else rows
    if rows.empty:
        raise NothingToAudit(campaign)
    return rows.reset_index(drop=True)


def _eligible(
    settings: Settings, people: People, given: pd.DataFrame, as_of: datetime | None
) -> tuple[People, pd.DataFrame]:
    """Without whom no plan could offer anything: they opted out, or chance keeps them out for good."""
    ids = people.rows["customer_id"].to_numpy(dtype=object)
    objecting = opt_outs(settings, as_of, categories=(SCORING, CONTACT))["customer_id"].to_numpy(dtype=object)
    out = people.rows["customer_id"].isin(objecting).to_numpy(dtype=np.bool_) | kept_out_for_good(settings, ids)
    kept = People(people.rows[~out].reset_index(drop=True), people.cutoff, people.horizon_days, people.batch)
    return kept, given[given["customer_id"].isin(kept.rows["customer_id"])].reset_index(drop=True)


def _worth(settings: Settings, given: pd.DataFrame) -> "pd.Series[float]":
    """What each planned action is worth to its customer when it is taken."""
    amounts = {one.code: one.given_amount for one in settings.action}
    unknown = sorted({str(code) for code in given["action"] if amounts.get(str(code)) is None})
    if unknown:
        raise UnknownOffer(unknown)
    return given["action"].map(amounts).astype(np.float64)


def _tenure(settings: Settings, people: People) -> "pd.Series[Any]":
    """How long each has been a customer, in quarters of everybody."""
    path = settings.folder / "features" / "current.parquet"
    names = [one for one in parquet.names_of(path) if one.endswith(TENURE)] if path.exists() else []
    if not names:
        return pd.Series([None] * len(people), dtype=object)
    days = features_of(settings.folder, people, names[:1])[names[0]]
    quarter = (days.rank(pct=True) * 4).apply(np.ceil)
    words = {1: "1 (newest quarter)", 2: "2", 3: "3", 4: "4 (oldest quarter)"}
    return quarter.map(words).astype(object).where(quarter.notna(), None)


def _levels(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """An attribute's commonest values as texts; None for the others, and where a number has too many."""
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.notna().sum() == values.notna().sum() and values.nunique() > MOST_LEVELS:
        quarter = (numbers.rank(pct=True) * 4).apply(np.ceil)
        return quarter.map(lambda one: f"quarter {one:.0f}").astype(object).where(quarter.notna(), None)
    counts = values.value_counts()
    common = counts.index[counts >= LEAST][:MOST_LEVELS]
    return values.astype(str).astype(object).where(values.isin(common), None)
