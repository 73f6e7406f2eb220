"""What was seen of one model's rows: counts in the reference's bins, aggregates, and a bounded sample.

The counts are of all rows, added up block by block, so that a million customers take no more memory than a thousand.
The sample is of the customers with the smallest numbers (`monitoring.reading.customers`): the same ones in every run.
Reads no file. Start reading at `Seen`; `seen_of` looks at rows in memory, `monitoring.reading.now` at the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from churn.events import BoolArray, FloatArray
from churn.histogram import Binning, IntArray
from churn.stages import Stage
from monitoring.drift.reference import FeatureReference, Reference
from monitoring.reading.customers import UInt64Array, numbers_of


@dataclass(frozen=True)
class SeenColumn:
    """One feature over all rows of a model.

    Args:
        rows: how many. null: without a value; infinite: with an infinite one.
        strangers: values that are no numbers. is_number: whether the file holds numbers there.
        low: least finite value, None where there is none. high: greatest.
        beyond: values farther outside the reference's range than that is wide.
        counts: rows a bin of the reference (known ..., unseen, null).
    """

    rows: int
    null: int
    infinite: int
    strangers: int
    is_number: bool
    low: float | None
    high: float | None
    beyond: int
    counts: tuple[int, ...]

    @property
    def null_share(self) -> float:
        """Share of rows without a number, strangers among them."""
        return self.null / max(self.rows, 1)


@dataclass(frozen=True)
class Seen:
    """One model's rows of now.

    Args:
        model: churn or reactivation. rows: how many customers it is asked about.
        columns: by feature; one that the rows lack is not there.
        sample: features of some rows as numbers, NaN for null; the index holds the customers' numbers.
        repeated: rows of a customer who has one before.
        customers: numbers of all customers, ascending. Shape (rows - repeated,).
    """

    model: str
    rows: int
    columns: Mapping[str, SeenColumn]
    sample: pd.DataFrame
    repeated: int = 0
    customers: UInt64Array = field(default_factory=lambda: np.empty(0, dtype=np.uint64))

    def median(self, name: str) -> float | None:
        """Of the sample's finite values; None where it has none."""
        values = self.sample[name].to_numpy(dtype=np.float64)
        some = values[np.isfinite(values)]
        return float(np.median(some)) if len(some) else None


@dataclass(frozen=True)
class RowsOfNow:
    """Everybody's features of now, as far as monitoring needs them.

    Args:
        as_of: the instant they speak of; None for an empty file.
        feature_set_hash: which features these are; None where that is not known.
        promised: customers that the manifest speaks of. rows: that the file holds.
        stages: customers in each stage; empty where the file does not tell.
        models: what was seen of each model's rows.
    """

    as_of: datetime | None
    feature_set_hash: str | None
    promised: int
    rows: int
    stages: Mapping[Stage, int]
    models: Mapping[str, Seen]

    def of(self, model: str) -> Seen:
        """What was seen of a model's rows; nobody where it was not looked for."""
        return self.models.get(model, Seen(model, 0, {}, pd.DataFrame()))


class Tally:
    """Adds up one column, block by block.

    Args:
        then: what it looked like: bins, and the range that is usual.
    """

    def __init__(self, then: FeatureReference) -> None:
        self._binning: Binning = then.histogram.binning
        self._bounds = bounds(then)
        self._counts: IntArray = np.zeros(self._binning.bins, dtype=np.int64)
        self._rows = self._infinite = self._strangers = self._beyond = 0
        self._low, self._high, self._is_number = np.inf, -np.inf, True

    def add(self, values: FloatArray, strangers: BoolArray | None = None) -> None:
        """Count a block.

        Args:
            values: NaN is null. Shape (n,).
            strangers: where something stands that is no number, if the file does not hold numbers. Shape (n,).
        """
        self._rows += len(values)
        self._strangers += 0 if strangers is None else int(np.count_nonzero(strangers))
        self._is_number &= strangers is None
        self._counts += self._binning.count(values)
        if self._bounds is not None:
            low, high = self._bounds
            self._beyond += int(np.count_nonzero(values < low) + np.count_nonzero(values > high))
        if not len(values):
            return
        ends = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
        if np.isinf(ends).any():
            self._infinite += int(np.count_nonzero(np.isinf(values)))
            finite = values[np.isfinite(values)]
            ends = (float(finite.min()), float(finite.max())) if len(finite) else (np.nan, np.nan)
        self._low, self._high = float(np.fmin(self._low, ends[0])), float(np.fmax(self._high, ends[1]))

    def result(self) -> SeenColumn:
        """What was added up."""
        has_finite = self._low <= self._high
        return SeenColumn(
            rows=self._rows, null=int(self._counts[-1]), infinite=self._infinite, strangers=self._strangers,
            is_number=self._is_number, low=self._low if has_finite else None, high=self._high if has_finite else None,
            beyond=self._beyond, counts=tuple(self._counts.tolist()),
        )  # fmt: skip


def bounds(then: FeatureReference) -> tuple[float, float] | None:
    """Beyond which a value resembles nothing in the reference: its range again on either side; None where it has none.

    A reference that never varied says nothing of how far values may go.
    """
    if then.histogram.binning.kind == "category" or then.low is None or then.high is None or then.low == then.high:
        return None
    reach = then.high - then.low
    return then.low - reach, then.high + reach


def as_numbers(column: pa.Array) -> tuple[FloatArray, BoolArray | None]:
    """A column's values, NaN for null and for strangers; and, where its type is no number, which values are strangers.

    Args:
        column: of any type. Shape (n,).
    """
    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        values = column if kind == pa.float64() else column.cast(pa.float64(), safe=False)
        return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64), None
    told = column.to_pandas()
    values = np.asarray(pd.to_numeric(told, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))
    return values, np.isnan(values) & told.notna().to_numpy(dtype=np.bool_)


def seen_of(frame: pd.DataFrame, reference: Reference, *, sample_rows: int) -> Seen:
    """What is seen of one model's rows that are in memory.

    Args:
        frame: customer_id, without which rows are numbered, and features, of which it may lack some.
        reference: of the model.
        sample_rows: at most so many are kept.
    """
    ids = frame["customer_id"] if "customer_id" in frame else pd.Series(np.arange(len(frame)))
    customers = numbers_of(pa.array(ids.astype(str)))
    chosen = np.sort(np.argsort(customers, kind="stable")[:sample_rows])
    columns, sample = {}, {}
    for name, then in reference.features.items():
        if name in frame:
            values, strangers = as_numbers(pa.Array.from_pandas(frame[name]))
            tally = Tally(then)
            tally.add(values, strangers)
            columns[name], sample[name] = tally.result(), values[chosen]
    some, different = pd.DataFrame(sample, index=customers[chosen]), np.unique(customers)
    return Seen(reference.model, len(frame), columns, some, len(frame) - len(different), different)
