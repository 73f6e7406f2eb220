"""What a customer is expected to spend within the horizon, if they come: a line on log amounts, and an interval.

    packed vector --line--> log amount --knots--> mean amount, low and high

The line ranks; the knots (learned from customers the line had not seen) say what amounts such customers spent, in the
mean and between which two in nine of ten cases. Reads arrays. Start reading at `Value.amounts`.
"""

from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

FloatArray = NDArray[np.float64]
Row = tuple[float, ...]


class Amounts(NamedTuple):
    """Money within the horizon, in the settings' currency. Each of shape (n,)."""

    expected: FloatArray
    low: FloatArray
    high: FloatArray


class Value(BaseModel):
    """The line and its knots.

    Args:
        means: of each feature's signed log1p; what stands in for null and for features that are not used.
        slopes: log amount a unit of that, 0 where not used.
        level: log amount of a customer at the means.
        knots: predicted log amounts, ascending.
        expected, low, high: amounts at the knots, each rising.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    means: Row
    slopes: Row
    level: float
    knots: Row = Field(min_length=1)
    expected: Row
    low: Row
    high: Row

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.means) != len(self.slopes) or np.any(np.diff(self.knots) <= 0):
            raise ValueError("a value needs a mean and a slope for every feature, and rising knots")
        for name in ("expected", "low", "high"):
            amounts = np.array(getattr(self, name))
            if len(amounts) != len(self.knots) or np.any(np.diff(amounts) < 0) or np.any(amounts < 0):
                raise ValueError(f"{name} amounts must be one a knot, 0 or more, and not fall")
        if np.any(np.array(self.low) > self.expected) or np.any(np.array(self.expected) > self.high):
            raise ValueError("an expected amount lies outside its interval")
        return self

    def log_amount(self, vectors: FloatArray) -> FloatArray:
        """What the line predicts for packed feature vectors; the same alone as among many. Shape (n,)."""
        means, slopes, used = self._line
        x = np.take(vectors, used, axis=1)  # a slice by an array would lie in another order, and round otherwise
        z = np.sign(x) * np.log1p(np.abs(x))
        off = np.where(np.isnan(z), 0.0, z - means)
        return np.asarray(self.level + (off * slopes).sum(axis=1))

    def amounts(self, vectors: FloatArray) -> Amounts:
        """What these customers are expected to spend within the horizon if they come, and between which amounts."""
        at = self.log_amount(vectors)
        knots, expected, low, high = self._table
        return Amounts(np.interp(at, knots, expected), np.interp(at, knots, low), np.interp(at, knots, high))

    @cached_property
    def _table(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        return np.array(self.knots), np.array(self.expected), np.array(self.low), np.array(self.high)

    @cached_property
    def _line(self) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
        slopes = np.array(self.slopes)
        used = np.flatnonzero(slopes)
        return np.array(self.means)[used], slopes[used], used
