"""Who is asked for among everybody of the newest scores, and who of them may not be on a list, whatever their details.

Whoever opted out of contact or of audiences is on no list, not even on one that keeps advertisements away: to send
their digest is to use their details for advertising. By chance kept out for good: on no list but that; held out of a
campaign that is being measured: on none that shows advertisements. Reads scores, values, treatments and events; knows
no address. Start reading at `candidates`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.audiences import wanted as asked
from campaigns.audiences.wanted import Wanted
from campaigns.people import People, features_of
from campaigns.segments.members import of_people
from campaigns.suppress import HELD_OUT, KEPT_OUT, OPEN_COMPLAINT, OPTED_OUT, OPTED_OUT_OF_SCORING, Doors
from churn.errors import DataError
from churn.settings import Settings
from churn.stages import Stage
from features.opt_outs import AUDIENCE, CONTACT, SCORING, opt_outs
from features.treatments import read_treatments

UNLIKELY, NO_SCORE = "unlikely_to_come_back", "no_score"
HIGH: Final = "high"
BY_EXPECTED, BY_SPEND = "expected_value_amount", "spend_so_far_amount"


class NoValues(DataError):
    """Nothing tells who the best customers are."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing tells who the best customers are: there is no table of values, and no order has an amount.",
            mend="run `churn campaign value`, or map the amount of orders in [[source]].",
        )


class HowMany(DataError):
    """A seed was asked for without its size, and no tiers of value tell who is high."""

    def __init__(self) -> None:
        super().__init__(
            "How many customers are the best? No table of values tells whose tier is high.",
            mend="say `--top 1000`, or run `churn campaign value` for tiers.",
        )


class NoSuchCampaign(DataError):
    """A campaign has no treatments."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no campaign {name!r}, or nobody was planned for in it.", mend="plan it first.")


@dataclass(frozen=True)
class Candidates:
    """Who is asked for.

    Args:
        customer_ids: of the newest scores. Shape (n,).
        why_not: code why each may be on no such list; None where they may. Shape (n,).
        values: what each is worth, for a seed; NaN otherwise. Shape (n,).
        valued_by: the figure that the values are; None where there are none.
        elsewhere: how many were asked for of whom there is no score.
        refused: everybody who opted out, or is kept out of this, scored or not: what is theirs is on no list.
    """

    customer_ids: NDArray[np.object_]
    why_not: NDArray[np.object_]
    values: NDArray[np.float64]
    valued_by: str | None
    elsewhere: int
    refused: frozenset[str]


def candidates(settings: Settings, people: People, doors: Doors, which: Wanted, now: datetime) -> Candidates:
    """Everybody asked for, with why some of them may not be on the list.

    Args:
        settings: whose.
        people: of the newest scores.
        doors: of the same people, now.
        which: asked for.
        now: the instant, by the business's clock.

    Raises:
        NoValues, HowMany: who is best is not known. NoSuchCampaign: nobody was planned for.
    """
    ids = doors.customer_ids
    values, valued_by = _values(settings, people, which)
    meant, elsewhere = _meant(settings, people, which, values)
    by_score = which.kind == asked.CAMPAIGN or which.min_probability is not None or valued_by == BY_EXPECTED
    nobody = np.zeros(len(ids), dtype=np.bool_)
    outs = doors.opted_out
    probability = people.rows["probability"].to_numpy(dtype=np.float64)
    floor = which.min_probability
    rules = (
        (OPTED_OUT, outs.get(CONTACT, nobody) | outs.get(AUDIENCE, nobody)),
        (OPTED_OUT_OF_SCORING, outs.get(SCORING, nobody) if by_score else nobody),
        (KEPT_OUT, nobody if which.kind == asked.EXCLUDE_LOYAL else doors.kept_out),
        (OPEN_COMPLAINT, doors.complains if which.shows_ads else nobody),
        # who is treated in this very campaign was so before another one held them out
        (HELD_OUT, doors.held_out if which.shows_ads and which.kind != asked.CAMPAIGN else nobody),
        (NO_SCORE, np.isnan(probability) if floor is not None else nobody),
        (UNLIKELY, probability < floor if floor is not None else nobody),
    )
    codes: NDArray[np.object_] = np.full(len(ids), None, dtype=object)
    for code, applies in reversed(rules):
        codes[applies] = code
    refused = _opted_out(settings, now) | frozenset(ids[np.isin(codes, (KEPT_OUT, HELD_OUT))])
    return Candidates(ids[meant], codes[meant], values[meant], valued_by, elsewhere, refused)


def _opted_out(settings: Settings, now: datetime) -> frozenset[str]:
    told = opt_outs(settings, now)
    return frozenset(told.loc[told["category"].isin([CONTACT, AUDIENCE]), "customer_id"])


def _meant(
    settings: Settings, people: People, which: Wanted, values: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], int]:
    """Which of everybody are asked for, and how many of whom there is no score."""
    rows = people.rows
    if which.kind == asked.WIN_BACK:
        return rows["stage"].eq(Stage.LAPSED.value).to_numpy(), 0
    if which.kind == asked.EXCLUDE_LOYAL:
        return rows["stage"].isin([one.value for one in settings.audiences.exclude_stages]).to_numpy(), 0
    if which.kind == asked.SEED:
        if which.top is not None:
            return values > 0, 0
        high = rows["value_tier"].eq(HIGH).to_numpy()
        if not high.any():
            raise HowMany
        return high & (values > 0), 0
    if which.kind == asked.SEGMENT:
        return of_people(people, settings, [str(which.name)])[str(which.name)].to_numpy(dtype=np.bool_), 0
    treated = _treated(settings, str(which.name))
    found = rows["customer_id"].isin(treated).to_numpy()
    return found, len(treated) - int(found.sum())


def _treated(settings: Settings, campaign: str) -> set[str]:
    rows = read_treatments(settings.folder, campaign)
    if rows.empty:
        raise NoSuchCampaign(campaign)
    return set(rows.loc[rows["is_treated"].astype(bool), "customer_id"])


def _values(settings: Settings, people: People, which: Wanted) -> tuple[NDArray[np.float64], str | None]:
    """What each is worth: the margin expected of them where that is told, else what they spent so far."""
    unknown = np.full(len(people), np.nan)
    if which.kind != asked.SEED:
        return unknown, None
    expected = people.rows["expected_value_amount"].to_numpy(dtype=np.float64)
    if np.isfinite(expected).any():
        return expected, BY_EXPECTED
    names = [f"{kind}_total_ever" for kind in settings.definition.qualifying_kinds]
    spent: pd.DataFrame = features_of(settings.folder, people, names)
    total = spent.sum(axis=1, min_count=1).to_numpy(dtype=np.float64)
    if not np.isfinite(total).any():
        raise NoValues
    return total, BY_SPEND
