"""Histograms: what a feature looked like, small enough to keep beside a model, and how far today is from it.

Answers: how are a column's values spread over bins fixed on reference rows (`Binning.count`), and how different are
two such counts (`psi`), given what chance alone would show (`noise_floor`).

    numbers      one bin between each two deciles of the reference
    categories   one bin per code known to the reference
    both         then a bin for the unseen (a code nobody had; infinity), then one for null

Reads arrays, returns counts; knows neither features nor verdicts. Start reading at `Binning`.
"""

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from churn.errors import DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BINS = 10
MOST_CODES = 50  # categories kept apart; rarer ones count as unseen on both sides
BLOCK = 16_384  # values counted together: they stay in the processor's cache
HALF = 0.5  # added to every count, so that an empty bin has a logarithm (Jeffreys)


class BadHistogram(DataError):
    """A stored histogram cannot be read, or two counts do not belong together."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"These histograms cannot be used: {fault}",
            mend="delete the cached reference; `churn monitor` makes it anew from the champion's snapshot.",
        )


class Binning(BaseModel):
    """Bins fixed on reference values. Counts always have `bins` entries: known ..., unseen, null."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["number", "category"]
    edges: tuple[float, ...] = ()
    """Numbers: inner edges, strictly ascending; a value on an edge belongs to the bin above."""
    codes: tuple[float, ...] = ()
    """Categories: known codes, strictly ascending."""

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        for name in ("edges", "codes"):
            if np.any(np.diff(getattr(self, name)) <= 0):
                raise ValueError(f"{name} must rise strictly")
        if (self.kind == "number" and self.codes) or (self.kind == "category" and self.edges):
            raise ValueError("numbers have edges, categories have codes")
        return self

    @property
    def bins(self) -> int:
        """How many bins there are, those for unseen and null among them."""
        return (len(self.edges) + 1 if self.kind == "number" else len(self.codes)) + 2

    def count(self, values: FloatArray) -> IntArray:
        """Count values per bin.

        Args:
            values: numbers or category codes; NaN is null. Shape (n,).

        Returns:
            Counts: the known bins in ascending order, then unseen, then null. Shape (bins,), sum n.
        """
        values = np.asarray(values, dtype=np.float64)
        blocks = (values[first : first + BLOCK] for first in range(0, len(values), BLOCK))
        return sum((self._block(block) for block in blocks), np.zeros(self.bins, dtype=np.int64))

    def _block(self, values: FloatArray) -> IntArray:
        """Counts of few values: a comparison an edge and no search a value, ten times faster."""
        null = np.count_nonzero(np.isnan(values))
        if self.kind == "category":
            known = np.array([np.count_nonzero(values == code) for code in self.codes], dtype=np.int64)
            return np.array([*known, len(values) - null - known.sum(), null], dtype=np.int64)
        up, down = (np.count_nonzero(values == end) for end in (np.inf, -np.inf))
        above = [len(values) - null, *(int(np.count_nonzero(values >= edge)) for edge in self.edges), 0]
        counted: IntArray = np.array(above, dtype=np.int64)
        known = counted[:-1] - counted[1:]
        known[0] -= down
        known[-1] -= up
        return np.array([*known, up + down, null], dtype=np.int64)


class Histogram(BaseModel):
    """A binning with the reference's own counts: what a current column is compared with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    binning: Binning
    counts: tuple[int, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if len(self.counts) != self.binning.bins or min(self.counts) < 0:
            raise ValueError(f"{self.binning.bins} counts of at least 0 are needed, not {list(self.counts)}")
        return self

    @property
    def n(self) -> int:
        """How many reference values were counted."""
        return sum(self.counts)

    @classmethod
    def of_numbers(cls, values: FloatArray, *, bins: int = BINS) -> Self:
        """Bin numbers at their quantiles. Equal quantiles merge, so a column of few values has fewer bins.

        Args:
            values: reference values; NaN is null. Shape (n,).
            bins: how many bins of equal mass to aim at.
        """
        finite = values[np.isfinite(values)]
        inner = np.linspace(0, 1, bins + 1)[1:-1]
        edges = np.unique(np.quantile(finite, inner)) if len(finite) else np.empty(0)
        binning = Binning(kind="number", edges=tuple(edges.tolist()))
        return cls(binning=binning, counts=tuple(binning.count(values).tolist()))

    @classmethod
    def of_categories(cls, codes: FloatArray, *, most: int = MOST_CODES) -> Self:
        """Give each of the `most` commonest codes its bin; the rest count as unseen, here as later.

        Args:
            codes: reference category codes; NaN is null. Shape (n,).
            most: how many codes to keep apart.
        """
        known, counts = np.unique(codes[np.isfinite(codes)], return_counts=True)
        commonest = np.sort(known[np.argsort(-counts, kind="stable")[:most]])
        binning = Binning(kind="category", codes=tuple(commonest.tolist()))
        return cls(binning=binning, counts=tuple(binning.count(codes).tolist()))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a histogram.

        Raises:
            BadHistogram: not one that `to_json` wrote.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise BadHistogram(f"{error.errors()[0]['msg']}.") from error

    def to_json(self) -> str:
        """Write the histogram on one line."""
        return self.model_dump_json()

    def psi(self, values: FloatArray) -> float:
        """Population stability index of current values against the reference; see `psi`."""
        return psi(np.array(self.counts), self.binning.count(values))

    def noise_floor(self, n: int) -> float:
        """PSI that chance alone shows on average for `n` current values; see `noise_floor`."""
        occupied = sum(count > 0 for count in self.counts)
        return noise_floor(bins=occupied, reference=self.n, current=n)


def psi(reference: IntArray, current: IntArray) -> float:
    """Population stability index of two counts over the same bins: the symmetric Kullback-Leibler divergence.

    Half a customer is added to every bin that either side holds anybody in, so that all have a logarithm.

    Args:
        reference: counts on the reference side. Shape (bins,).
        current: counts on the current side. Shape (bins,).

    Returns:
        PSI in nats, at least 0. Usual reading: under 0.1 alike, over 0.25 another population; mind the noise floor.

    Raises:
        BadHistogram: different numbers of bins, or one side is empty.

    Source: Siddiqi (2006), "Credit Risk Scorecards"; Kullback, Leibler (1951), the divergence J.
    """
    if len(reference) != len(current):
        raise BadHistogram(f"they have {len(reference)} and {len(current)} bins.")
    if reference.sum() == 0 or current.sum() == 0:
        raise BadHistogram("one of the two sides holds nobody.")
    held = (reference > 0) | (current > 0)  # a bin empty on both sides says nothing; half a customer there would
    shares = [(side[held] + HALF) / (side.sum() + HALF * held.sum()) for side in (reference, current)]
    return float(np.sum((shares[0] - shares[1]) * np.log(shares[0] / shares[1])))


def noise_floor(*, bins: int, reference: int, current: int) -> float:
    """Average PSI of two samples of one population: (bins - 1) (1 / n_reference + 1 / n_current).

    Args:
        bins: bins that hold anybody.
        reference: rows on the reference side, at least 1.
        current: rows on the current side, at least 1.

    Raises:
        BadHistogram: one of the two sides is empty.

    Source: Yurdakul, Naranjo (2020), "Statistical properties of the population stability index", J. Risk Model
    Validation 14(4): PSI is asymptotically a scaled chi-squared with bins - 1 degrees of freedom.
    """
    if reference < 1 or current < 1:
        raise BadHistogram("one of the two sides holds nobody.")
    return (max(bins, 1) - 1) * (1 / reference + 1 / current)
