"""Parts of the judged rows that are looked at by themselves: stages, segments of value and history, attributes.

A mean over everybody hides a model that fails one part of them. Each slice is a name and a mask over the rows; within
a dimension the masks share no row. Reads rows, and attributes as they were known at each row's cutoff; knows no metric.
Start reading at `slices`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churn.events import BoolArray, FloatArray
from churn.stages import Stage
from training.baseline import since
from training.rows import Rows

VALUES = ("_total_ever", "_total_365d", "_count_ever")  # what tells a customer's value: the first that a log has
MOST_GROUPS = 8  # of an attribute; the rest are `other`
UNKNOWN, OTHER = "unknown", "other"
THIRDS = ("low", "middle", "high")
HISTORIES = ("one order", "two or three", "four or more")
Texts = NDArray[np.object_]


@dataclass(frozen=True)
class Slice:
    """Some of the rows.

    Args:
        dimension: what they were told apart by: `stage`, `value`, `history`, or the name of an attribute.
        name: which of them.
        mask: whose rows. Shape (n,).
    """

    dimension: str
    name: str
    mask: BoolArray


def slices(rows: Rows, attributes: pd.DataFrame | None = None) -> list[Slice]:
    """The parts of some rows; parts without a row are left out.

    Args:
        rows: of one model, at one cutoff or several.
        attributes: one column an attribute, one row for each of `rows`, in their order.
    """
    stages = [stage.value for stage in Stage]
    parts = [*_of("stage", rows.stage, stages), *_of("value", _thirds(rows), THIRDS)]
    parts += _of("history", _history(rows), HISTORIES)
    if attributes is not None:
        for name in attributes.columns:
            groups = groups_of(attributes[name])
            parts += _of(str(name), groups, sorted(set(groups)))
    return parts


def aligned(attributes: pd.DataFrame, rows: Rows) -> pd.DataFrame:
    """Attributes of customers at cutoffs, laid beside rows: one row for each of them, null where nothing was known.

    Args:
        attributes: columns customer_id, cutoff_us and the attributes (`features.attributes.attributes_at`).
        rows: whose attributes.
    """
    keys = pd.DataFrame({"customer_id": rows.customer, "cutoff_us": rows.cutoff_us})
    return keys.merge(attributes, on=["customer_id", "cutoff_us"], how="left").drop(columns=list(keys))


def groups_of(values: pd.Series) -> Texts:
    """The group of each row by an attribute: its text, or a quarter of the range where it holds numbers. Shape (n,).

    The most frequent eight are told apart; the rest are `other`, and rows without a value `unknown`. A value that is
    called so itself stands in quotes.
    """
    told, numbers = values.notna(), pd.to_numeric(values, errors="coerce")
    if told.any() and numbers[told].notna().all() and numbers[told].nunique() > MOST_GROUPS:
        return _quarters(numbers.to_numpy(dtype=np.float64))
    texts = values.astype(object).where(told, UNKNOWN).map(str)
    texts = texts.where(~told | ~texts.isin((UNKNOWN, OTHER)), "'" + texts + "'")
    frequent = texts[told].value_counts().index[:MOST_GROUPS]
    return np.asarray(texts.where(texts.isin(frequent) | ~told, OTHER), dtype=object)


def _of(dimension: str, groups: Texts, names: Sequence[str]) -> Iterator[Slice]:
    for name in names:
        mask = groups == name
        if mask.any():
            yield Slice(dimension, str(name), mask)


def _quarters(numbers: FloatArray) -> Texts:
    edges = np.unique(np.nanquantile(numbers, [0.25, 0.5, 0.75]))
    bounds = ["-inf", *(f"{edge:g}" for edge in edges), "inf"]
    names = np.array([f"[{low}, {high})" for low, high in pairwise(bounds)], dtype=object)
    quarters: Texts = np.where(np.isnan(numbers), UNKNOWN, names[np.searchsorted(edges, numbers, side="right")])
    return quarters


def _thirds(rows: Rows) -> Texts:
    """Low, middle or high value among the rows of the same cutoff; equal values share the third of their middle."""
    kind = since(rows.columns.names).removesuffix("_days_since")
    column = next((kind + suffix for suffix in VALUES if kind + suffix in rows.columns.names), None)
    if column is None:
        return np.full(len(rows), UNKNOWN, dtype=object)
    values = pd.Series(np.nan_to_num(rows.column(column)))
    place = values.groupby(rows.cutoff_us).rank(method="average", pct=True).to_numpy()
    third = np.minimum((place * 3 - 1e-9).astype(int), 2)
    return np.asarray(np.array(THIRDS, dtype=object)[third], dtype=object)


def _history(rows: Rows) -> Texts:
    """How many qualifying events a customer has had."""
    column = since(rows.columns.names).removesuffix("_days_since") + "_count_ever"
    if column not in rows.columns.names:
        return np.full(len(rows), UNKNOWN, dtype=object)
    orders = np.nan_to_num(rows.column(column))
    place = np.searchsorted([2, 4], orders, side="right")
    return np.asarray(np.array(HISTORIES, dtype=object)[place], dtype=object)
