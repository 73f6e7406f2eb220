"""What is learned from: finished campaigns of one action, of whom chance treated some, with what was known then.

    TREATMENTS --window over, chance in (0, 1), sides alike--> rows: features as of planned_at, what came in the window

A campaign whose sides were not alike before it, or not as many as their chances say, is left out and named: its numbers
cannot be told from an effect. Where nothing that can be learned from is left, it is refused, with what is missing.
Start reading at `gathered`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd

from campaigns.ledger.balance import balance
from campaigns.ledger.effect import PAST, PLANNED
from campaigns.ledger.outcomes import outcomes
from campaigns.ledger.people_planned import joined
from churn.calendar import to_us
from churn.definition import Lifecycle
from churn.events import micros
from churn.metrics_uplift import FloatArray, Trial
from churn.uplift_sections import Uplift
from features.compute import compute
from features.feature_set import FeatureSet
from features.parts import Part
from features.persons import ALONE, Persons

NO_CAMPAIGN, NOT_RANDOMISED, TOO_FEW = "no_finished_campaign", "not_randomised", "too_few"
NOT_ALIKE, NOT_AS_MANY = "not_alike", "not_as_many"
SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)  # spreads the bits of a hash, so that another seed draws others


@dataclass(frozen=True)
class Rows:
    """What is learned from, a row a customer and campaign.

    Args:
        customer: ids. Shape (n,).
        names: of the features.
        X: features as of when chance decided, NaN where null. Shape (n, f).
        trial: whether they came in the window, or not, and which side chance chose.
        campaigns: that were learned from.
        left_out: others of the action, with the code of the reason.
    """

    customer: np.ndarray
    names: tuple[str, ...]
    X: FloatArray
    trial: Trial
    campaigns: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, where: np.ndarray) -> "Rows":
        """These rows, a mask or positions."""
        return replace(self, customer=self.customer[where], X=self.X[where], trial=self.trial.take(where))


@dataclass(frozen=True)
class Refused:
    """Nothing is learned, and why.

    Args:
        code: of the reason.
        counts: what was there, and what is asked for.
        left_out: campaigns of the action, with the code of the reason.
    """

    code: str
    counts: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def gathered(
    treatments: pd.DataFrame, parts: Sequence[Part], features: FeatureSet, lifecycle: Lifecycle, wanted: Uplift, *,
    now: datetime, seed: int, people: Persons = ALONE, without: Collection[str] = (),
) -> Rows | Refused:  # fmt: skip
    """The rows of one action.

    Args:
        treatments: TREATMENTS of that action, of any number of campaigns.
        parts: of the log.
        features: that are computed; texts that are kept as codes are left out.
        lifecycle: whose definition says what counts as coming.
        wanted: how many rows there must be, and may be.
        now: by the business's clock; a window that ends later is open.
        seed: of who is drawn where there are too many.
        people: which ids are one person's by now.
        without: customers no model is to learn from. They leave either side, and the tests of likeness look at who is
            left: a contact that made many object is told by them as a side that is not as large as its chance.
    """
    kept = _comparable(treatments, parts, lifecycle, now, people, without)
    if isinstance(kept, Refused):
        return kept
    rows, came, left_out = kept
    drawn = sample(rows["customer_id"].to_numpy(dtype=object), wanted.max_rows, seed)
    rows, came = rows[drawn].reset_index(drop=True), came[drawn]
    trial = Trial.of(came, rows["is_treated"].to_numpy(dtype=bool), rows["propensity"].to_numpy(dtype=np.float64))
    if counts := _short(trial, wanted):
        return Refused(TOO_FEW, counts, left_out)
    plain = tuple(name for name in features.names if name not in features.categories)
    X = _features(rows, parts, features, lifecycle)[:, np.isin(features.names, plain)]
    ids = rows["customer_id"].to_numpy(dtype=object)
    return Rows(ids, plain, X, trial, tuple(sorted(rows["campaign"].unique())), left_out)


def _comparable(
    treatments: pd.DataFrame,
    parts: Sequence[Part],
    lifecycle: Lifecycle,
    now: datetime,
    people: Persons,
    without: Collection[str],
) -> tuple[pd.DataFrame, FloatArray, dict[str, str]] | Refused:
    """Rows of campaigns that are over and whose sides may be compared, and whether each came."""
    over = treatments[treatments["window_end"] <= now]
    if over.empty:
        return Refused(NO_CAMPAIGN, {"campaigns": int(treatments["campaign"].nunique())})
    everybody = (joined(rows, people) for _, rows in over.groupby("campaign", sort=True))
    planned = [rows[~rows["customer_id"].isin(without)].reset_index(drop=True) for rows in everybody]
    left_out: dict[str, str] = {}
    kept, came = [], []
    for rows, became in zip(planned, outcomes(parts, planned, lifecycle, now, people), strict=True):
        by_chance = ((rows["propensity"] > 0) & (rows["propensity"] < 1)).to_numpy()
        code = _why_not(rows[by_chance], became[by_chance])
        if code:
            left_out[str(rows["campaign"].iloc[0])] = code
            continue
        kept.append(rows[by_chance])
        came.append(became.loc[by_chance, "came"].to_numpy(dtype=np.float64))
    if not kept:
        codes = list(left_out.values())
        return Refused(max(set(codes), key=codes.count), {"campaigns": len(codes)}, left_out)
    return pd.concat(kept, ignore_index=True), np.concatenate(came), left_out


def _why_not(rows: pd.DataFrame, became: pd.DataFrame) -> str | None:
    """Why the sides of a campaign may not be compared."""
    side = rows["is_treated"].to_numpy(dtype=bool)
    if not len(side) or side.all() or not side.any():
        return NOT_RANDOMISED
    known = {name: became[name].to_numpy(dtype=np.float64) for name in PAST}
    known |= {name: rows[name].to_numpy(dtype=np.float64) for name in PLANNED}
    sides = balance(known, side, rows["propensity"].to_numpy(dtype=np.float64))
    if not sides.is_as_many:
        return NOT_AS_MANY
    return None if sides.is_alike else NOT_ALIKE


def _short(trial: Trial, wanted: Uplift) -> dict[str, int]:
    """What there is too little of, as counts; nothing where there is enough."""
    found: dict[str, int] = {}
    for name, side in (("treated", trial.treated), ("held_out", ~trial.treated)):
        rows, came = int(side.sum()), int((trial.outcome[side] > 0).sum())
        found |= {name: rows, f"{name}_came": came, f"{name}_stayed_away": rows - came}
    enough = all(
        count >= (wanted.min_side_rows if name in ("treated", "held_out") else wanted.min_side_outcomes)
        for name, count in found.items()
    )
    asked = {"min_side_rows": wanted.min_side_rows, "min_side_outcomes": wanted.min_side_outcomes}
    return {} if enough else found | asked


def _features(rows: pd.DataFrame, parts: Sequence[Part], features: FeatureSet, lifecycle: Lifecycle) -> FloatArray:
    """What was known of each when chance decided; NaN for who is in the log no more. Shape (n, f)."""
    X = np.full((len(rows), len(features.names)), np.nan)
    instants = micros(rows["planned_at"])
    groups = [(at, np.flatnonzero(instants == to_us(at))) for at in pd.to_datetime(rows["planned_at"]).unique()]
    ids = rows["customer_id"].to_numpy(dtype=object)
    for part in parts:
        events = part.read()
        for at, mine in groups:
            there = mine[pd.Index(ids[mine]).isin(events.customers)]
            if len(there):
                some = events.of(ids[there])
                found = compute(some, [at.to_pydatetime()], features, lifecycle)[:, 0]
                X[there] = found[np.searchsorted(some.customers, ids[there])]
    return X


def sample(customer: np.ndarray, at_most: int, seed: int) -> np.ndarray:
    """Whole customers, drawn by a hash of their ids, with at most about so many rows. A mask of shape (n,)."""
    if len(customer) <= at_most:
        return np.ones(len(customer), dtype=bool)
    return np.asarray(lot_of(customer, seed) < at_most / len(customer))


def lot_of(customer: np.ndarray, seed: int) -> FloatArray:
    """A number in [0, 1) a customer, by a hash of the id. Shape (n,)."""
    hashed = pd.util.hash_array(customer, categorize=True) ^ np.uint64(seed)
    return np.asarray(((hashed * SPREAD) >> np.uint64(11)).astype(np.float64) / float(1 << 53))
