"""All campaigns audited as one: what each did to a group may be too little to see, and adds up.

    TREATMENTS of each campaign + scores of when it was planned --terms--> rows of (customer, campaign)
    rows --compared among those of like risk of the same campaign--> every group, over all campaigns

A customer of several campaigns has several rows, which count as one draw (campaigns/audit/disparity.py): who has given
no consent gets nothing every time. Risk, stage and attributes are those of the day on which it was planned. Start
reading at `audit_together`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from campaigns.audit.audit import Audit, NothingToAudit, UnknownOffer, comparisons_of, groups_of, prices_of, terms_of
from campaigns.audit.disparity import FloatArray, IntArray, disparities, strata_of
from campaigns.people import People, people_then
from churn.settings import Settings
from features.treatments import read_treatments

ALL: Final = "all"
NO_SCORES: Final = "no scores of the day on which it was planned are kept"


@dataclass(frozen=True)
class Terms:
    """What one campaign offered to everybody who could have got something. Arrays have shape (n,), as people has.

    Args:
        campaign: its id. people: as of when it was planned. groups: a column a dimension. amount: worth of the offer.
        need: risk. strata: customers of like risk share a number.
    """

    campaign: str
    people: People
    groups: pd.DataFrame
    amount: FloatArray
    need: FloatArray
    strata: IntArray


def audit_together(settings: Settings, *, least: float = 0.0) -> Audit:
    """Look at the terms of all campaigns as one.

    Args:
        settings: whose.
        least: a difference of less than this share of the others' mean is told, and not called worse.

    Raises:
        NothingToAudit: there is no campaign whose scores are kept.
        BrokenTreatments, BrokenScores, NoLog: what they go by cannot be read.
    """
    left_out: list[tuple[str, str]] = []
    terms = [*_terms(settings, left_out)]
    if not terms:
        raise NothingToAudit(ALL)
    groups = pd.concat([one.groups for one in terms], ignore_index=True).astype(object)
    groups = groups.where(groups.notna(), None)
    amount, need = (np.concatenate([getattr(one, name) for one in terms]) for name in ("amount", "need"))
    ids = np.concatenate([one.people.rows["customer_id"].to_numpy(dtype=object) for one in terms])
    customer, who = pd.factorize(ids)
    found = disparities(
        {"offered": np.asarray(amount > 0, dtype=np.float64), "offer_amount": amount}, [*comparisons_of(groups)],
        apart([one.strata for one in terms]), need, least=least, customer=customer,
    )  # fmt: skip
    offered = len(np.unique(customer[amount > 0]))
    return Audit(
        None, max(one.people.cutoff for one in terms), len(who), offered, tuple(found), prices_of(settings),
        tuple(one.campaign for one in terms), tuple(left_out),
    )  # fmt: skip


def _terms(settings: Settings, left_out: list[tuple[str, str]]) -> Iterator[Terms]:
    """Each campaign's; those that cannot be told are put among the left out."""
    for campaign, rows in read_treatments(settings.folder).groupby("campaign", sort=True):
        at = rows["planned_at"].max().to_pydatetime()
        people = people_then(settings, at)
        if people is None:
            left_out.append((str(campaign), NO_SCORES))
            continue
        try:
            people, amount, need = terms_of(settings, people, rows[["customer_id", "action"]], at)
        except UnknownOffer as error:
            left_out.append((str(campaign), error.problem))
            continue
        strata = strata_of(people.rows["model"].to_numpy(dtype=object), need)
        yield Terms(str(campaign), people, groups_of(settings, people), amount, need, strata)


def apart(strata: list[IntArray]) -> IntArray:
    """Strata of several campaigns, none shared between two."""
    first, found = 0, []
    for one in strata:
        found.append(one + first)
        first += int(one.max(initial=-1)) + 1
    return np.concatenate(found)
