"""Customers who are somebody else by now: which answers are about them, and has whom their ids went to changed?

An id map that grows every day changes no cohort that was not asked about one of those whose ids changed hands.
Start reading at `lost_rows`.
"""

from collections.abc import Sequence, Set

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churn.calendar import Int64Array
from features.holders import Holders
from monitoring.ledger.answers import Answers
from monitoring.ledger.catalogue import hashed, mix


def lost_ids(holders: Holders) -> pa.Array:
    """Customers who ever lost an id to somebody else."""
    return pa.array(sorted(holders.changed()), pa.string())


def lost_rows(answers: Answers, rows: NDArray[np.intp], holders: Holders) -> NDArray[np.intp]:
    """Of these rows, those of customers who ever lost an id to somebody else."""
    lost = lost_ids(holders)
    if not len(lost):
        return rows[:0]
    theirs = pc.is_in(answers.customers, value_set=lost).to_numpy(zero_copy_only=False)
    found: NDArray[np.intp] = rows[theirs[answers.customer[rows]]]
    return found


def heirs_at(customers: Sequence[str], cutoff_us: Int64Array, holders: Holders, until_us: int) -> pd.DataFrame:
    """Who holds an id now that a customer held at a cutoff; `features.holders.Holders.heirs`, of many cutoffs at once.

    Args:
        customers: of whom is asked. Shape (n,).
        cutoff_us: when. Shape (n,).
        holders: the id map.
        until_us: what was known by then.

    Returns:
        Columns: row (in `customers`), heir.
    """
    told = holders.stretches[holders.stretches["since_us"] < until_us]
    told = told.assign(heir=told.groupby(["source", "source_id"], sort=False)["customer_id"].transform("last"))
    told = told[told["customer_id"] != told["heir"]]
    asked = pd.DataFrame({"row": np.arange(len(customers)), "customer_id": customers, "cutoff_us": cutoff_us})
    pairs = asked.merge(told, on="customer_id")
    return pairs.loc[
        (pairs["since_us"] < pairs["cutoff_us"]) & (pairs["cutoff_us"] <= pairs["until_us"]), ["row", "heir"]
    ]


def among(customers: pa.Array, lost: pa.Array) -> set[str]:
    """Which of some customers are among those who lost an id."""
    return set(customers.filter(pc.is_in(customers, value_set=lost)).to_pylist())


def map_digest(holders: Holders, until_us: int) -> str:
    """A digest of all ids that ever changed hands."""
    return _digest(_known(holders.stretches, until_us))


def heirs_digest(holders: Holders, formers: Set[str], until_us: int) -> str:
    """A digest of whom every id went to that one of these customers ever held."""
    told = holders.stretches
    theirs = told.loc[told["customer_id"].isin(formers), ["source", "source_id"]].drop_duplicates()
    return _digest(_known(told.merge(theirs), until_us))


def _known(told: pd.DataFrame, until_us: int) -> pd.DataFrame:
    """Stretches of ids that somebody lost, by what was known at an instant."""
    told = told[told["since_us"] < until_us]
    return told[told.duplicated(["source", "source_id"], keep=False)]


def _digest(told: pd.DataFrame) -> str:
    rows = zip(told["source"], told["source_id"], told["customer_id"], told["since_us"], strict=True)
    texts = [f"{source}|{source_id}|{customer}|{since}" for source, source_id, customer, since in rows]
    number = int(np.add.reduce(mix(hashed(texts)), dtype=np.uint64)) if texts else 0
    return f"{number:016x}"
