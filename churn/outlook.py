"""What else a model says besides one probability: when, how long, how much, and how sure. Part of a bundle.

    raw log-odds, probability --Curve--> P(silent) at several horizons, days to the next event
                              --Remaining--> days of activity that are left
                              --Band--> the interval of the probability
    packed vector             --Value--> money within the horizon (churn/outlook_value.py)

Horizons never cross: below the definition's own they are shares of those who came by then, above it shares of those
who stayed silent. Nothing beyond what was watched is made up: there a number is NaN, which means "later than".
Reads arrays; knows no model, no customer and no file. Start reading at `Outlook`; why so: docs/adr/0018.
"""

from collections.abc import Sequence
from functools import cache, cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from churn.outlook_value import Value

FloatArray = NDArray[np.float64]
Row = tuple[float, ...]

QUANTILES = (0.05, 0.5, 0.95)  # earliest, expected, latest
SMALLEST = 1e-9  # of a chance of silence, so that its logarithm exists


class Part(BaseModel):
    """Numbers of a bundle: frozen, finite, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Curve(Part):
    """How silence thins out day by day, given the chance of silence through the definition's own horizon.

    Args:
        days: ends of the horizons it knows, ascending; the own one among them.
        own_days: the definition's horizon.
        knots: raw log-odds, ascending.
        shares: a row a knot, a number a day: below `own_days` the share of those who come by then among those who come
            by `own_days`, rising; above it the share of those still silent then among those silent through `own_days`,
            falling; 1 at `own_days`.
        kinds: the calibrator that held-out log loss chose for the step to each day.
    """

    days: Row = Field(min_length=1)
    own_days: float = Field(gt=0)
    knots: Row = Field(min_length=1)
    shares: tuple[Row, ...]
    kinds: tuple[str, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        shares = np.array(self.shares)
        if shares.shape != (len(self.knots), len(self.days)) or len(self.kinds) != len(self.days):
            raise ValueError("a curve needs a share for every knot and day, and a calibrator for every day")
        if np.any(np.diff((0.0, *self.days)) <= 0) or np.any(np.diff(self.knots) <= 0):
            raise ValueError("days and knots of a curve must rise")
        if self.own_days not in self.days or np.any((shares < 0) | (shares > 1)):
            raise ValueError("a curve needs the own horizon, and shares in [0, 1]")
        own = self.days.index(self.own_days)
        if np.any(np.diff(shares[:, : own + 1], axis=1) < 0) or np.any(np.diff(shares[:, own:], axis=1) > 0):
            raise ValueError("shares must rise up to the own horizon and fall after it: horizons would cross")
        return self

    def silent(self, raw: FloatArray, own: FloatArray) -> FloatArray:
        """The chance of silence through each of `days`.

        Args:
            raw: the model's raw log-odds. Shape (n,).
            own: the chance of silence through the own horizon. Shape (n,).

        Returns:
            Falling along the days, `own` itself at the own horizon. Shape (n, k).
        """
        knots, shares, width = self._table
        place = np.minimum(np.maximum(knots.searchsorted(raw, side="right") - 1, 0), len(width) - 1)
        part = np.minimum(np.maximum((raw - knots[place]) / width[place], 0.0), 1.0)[:, None]
        after, of_own = np.minimum(place + 1, len(knots) - 1), own[:, None]
        share = np.minimum(shares[place] * (1 - part) + shares[after] * part, 1.0)
        own_place, silent = self.days.index(self.own_days), np.asarray(of_own * share)
        np.maximum(1 - (1 - of_own) * share[:, :own_place], of_own, out=silent[:, :own_place])  # in spite of rounding
        silent[:, own_place] = own
        return silent

    def days_until(self, silent: FloatArray, quantiles: Row = QUANTILES) -> FloatArray:
        """Days by which the next event has come with these chances; NaN: later than the last of `days`.

        Args:
            silent: as `silent` gives it. Shape (n, k).
            quantiles: in (0, 1). Shape (q,).

        Returns:
            Straight lines of log-silence between the days, so the hazard is even within a step. Shape (n, q).
        """
        ends, wanted = self._ends, _log_of_rest(quantiles)
        falling = np.zeros((len(silent), len(ends)))
        np.log(np.maximum(silent, SMALLEST), out=falling[:, 1:])
        step = (falling[:, None, :] > wanted[:, None]).sum(axis=2)  # the first end at which silence is that rare
        right = np.minimum(step, len(ends) - 1)
        rows = np.arange(len(silent))[:, None]
        top, bottom = falling[rows, right - 1], falling[rows, right]
        part = np.minimum((top - wanted) / np.maximum(top - bottom, SMALLEST), 1.0)
        days = ends[right - 1] + part * (ends[right] - ends[right - 1])
        days[step == len(ends)] = np.nan
        return np.asarray(days)

    @cached_property
    def _ends(self) -> FloatArray:
        return np.array((0.0, *self.days))

    @cached_property
    def _table(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        knots = np.array(self.knots)
        return knots, np.array(self.shares), np.diff(knots) if len(knots) > 1 else np.ones(1)


class Remaining(Part):
    """Days from the cutoff to the last event before the first lapse, by score.

    Args:
        knots: raw log-odds, ascending.
        quantiles: a row a knot: days at each of QUANTILES, `beyond_days` where later than that.
        beyond_days: nothing later was watched to its end.
    """

    knots: Row = Field(min_length=1)
    quantiles: tuple[tuple[float, float, float], ...]
    beyond_days: float = Field(gt=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        table = np.array(self.quantiles)
        if len(table) != len(self.knots) or np.any(np.diff(self.knots) <= 0):
            raise ValueError("remaining days need quantiles for every knot, and rising knots")
        if np.any(np.diff(table, axis=1) < 0) or np.any((table < 0) | (table > self.beyond_days)):
            raise ValueError("quantiles of remaining days must rise, within what was watched")
        return self

    def days(self, raw: FloatArray) -> FloatArray:
        """Days at each of QUANTILES; NaN: later than `beyond_days`. Shape (n, 3)."""
        knots, early, middle, late = self._table
        found = np.empty((len(raw), 3))
        for place, column in enumerate((early, middle, late)):
            found[:, place] = np.interp(raw, knots, column)
        found[found >= self.beyond_days] = np.nan
        return found

    @cached_property
    def _table(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        early, middle, late = np.array(self.quantiles).T.copy()
        return np.array(self.knots), early, middle, late


class Band(Part):
    """How far the true rate of those who are told a probability may lie from it, in 9 of 10 future cohorts.

    Args:
        knots: log-odds of the probability, ascending.
        halves: half widths there, in log-odds.
        cohorts: cohorts of the log's past it was learned from.
        independent: how many of them that is worth, since neighbouring horizons overlap.
    """

    knots: Row = Field(min_length=1)
    halves: Row
    cohorts: int = Field(ge=1)
    independent: float = Field(ge=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.halves) != len(self.knots) or np.any(np.diff(self.knots) <= 0) or min(self.halves) < 0:
            raise ValueError("a band needs a half width of at least 0 for every knot, and rising knots")
        return self

    def interval(self, probability: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Low and high end, around each probability. Each of shape (n,)."""
        low, high = intervals([self], probability[:, None])
        return low[:, 0], high[:, 0]

    @cached_property
    def _table(self) -> tuple[FloatArray, FloatArray]:
        return np.array(self.knots), np.array(self.halves)


@cache
def _log_of_rest(quantiles: Row) -> FloatArray:
    """The logarithms of silence at which these chances of an event are reached."""
    return np.asarray(np.log1p(-np.array(quantiles)))


def intervals(bands: Sequence[Band | None], probability: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Low and high ends around probabilities, a band a column; NaN without. Each of shape (n, len(bands))."""
    odds = np.log(probability / (1 - probability))
    half = np.empty(odds.shape)
    for column, band in enumerate(bands):
        half[:, column] = np.interp(odds[:, column], *band._table) if band else np.nan  # noqa: SLF001 - of this module
    return 1 / (1 + np.exp(half - odds)), 1 / (1 + np.exp(-half - odds))


class Outlook(Part):
    """What a model says beyond its probability; parts that could not be learned are named with the reason.

    Args:
        horizons_days: horizons that answers tell; the own one among them.
        curve, remaining, band, value: None where `missing` says why.
        bands: horizon in days to its interval; the own one's is `band`.
        unbanded: horizon in days to a code, for those told without an interval.
        missing: part to a code: `short_past`, `too_few`, `no_amounts`, `subscription`, `no_churn`, `unwatched`.
        left_out: horizon in days to a code, for those asked for and not told.
    """

    horizons_days: tuple[int, ...] = Field(min_length=1)
    curve: Curve | None = None
    remaining: Remaining | None = None
    band: Band | None = None
    value: Value | None = None
    bands: dict[str, Band] = {}
    unbanded: dict[str, str] = {}
    missing: dict[str, str] = {}
    left_out: dict[str, str] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for part in ("curve", "remaining", "band", "value"):
            if (getattr(self, part) is None) != (part in self.missing):
                raise ValueError(f"{part} is neither there nor said to be missing, or both")
        if self.curve and not set(self.horizons_days) <= set(self.curve.days):
            raise ValueError("a horizon that is told is not on the curve")
        if not {*self.bands, *self.unbanded} <= {str(day) for day in self.horizons_days}:
            raise ValueError("an interval is of a horizon that is not told")
        return self
