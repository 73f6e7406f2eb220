"""A share that was counted, with its interval."""

from dataclasses import dataclass
from math import sqrt
from typing import Any, Self

import numpy as np

from churn.events import BoolArray

Z = 1.959964


@dataclass(frozen=True)
class Share:
    """So many of so many, with a 95 % interval.

    Source: Wilson (1927), JASA 22(158): the score interval.
    """

    hits: int
    n: int

    @classmethod
    def of(cls, hit: BoolArray) -> Self:
        """Count."""
        return cls(int(np.sum(hit)), len(hit))

    @property
    def share(self) -> float:
        """The share; 0 of none."""
        return self.hits / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval; all of [0, 1] where nothing was counted."""
        if not self.n:
            return 0.0, 1.0
        middle = (self.share + Z**2 / (2 * self.n)) / (1 + Z**2 / self.n)
        half = Z / (1 + Z**2 / self.n) * sqrt(self.share * (1 - self.share) / self.n + Z**2 / (4 * self.n**2))
        return max(0.0, middle - half), min(1.0, middle + half)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {"share": self.share, "interval": list(self.interval), "hits": self.hits, "n": self.n}
