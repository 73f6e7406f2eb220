"""Shares with their intervals, and which of many changes cannot all be chance. Reads counts. Start at `share_of`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

NOTHING = "–"


def share_of(count: int, n: int, confidence: float) -> dict[str, Any]:
    """A share with Wilson's score interval; null where nobody was counted.

    Args:
        count: of `n`.
        n: counted.
        confidence: of the interval.

    Source: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212.
    """
    if not n:
        return {"count": count, "n": n, "share": None, "low": None, "high": None}
    found = stats.binomtest(count, n).proportion_ci(confidence, method="wilson")
    return {"count": count, "n": n, "share": count / n, "low": float(found.low), "high": float(found.high)}


def share(found: dict[str, Any]) -> str:
    """A share with its interval, as pages tell it."""
    if found.get("share") is None:
        return NOTHING
    return f"{found['share']:.1%} ({found['low']:.1%} – {found['high']:.1%})"


@dataclass(frozen=True)
class Step:
    """Who was in a group at two instants, and who moved between them.

    Args:
        known_before: customers known at the first instant.
        known_since: at the second.
        both: at both.
        stayed: in the group at both instants.
        came: known at both, in the group at the second alone.
        went: likewise, at the first alone.
        fresh: in the group, and not known before.
        gone: were in the group, and are known no more.
    """

    known_before: int
    known_since: int
    both: int
    stayed: int
    came: int
    went: int
    fresh: int
    gone: int

    def change(self) -> tuple[float | None, float, float]:
        """The change of the group's share, its standard error, and the chance of one as large if nothing changed.

        Newcomers count, and who is there twice counts as one: a share is a ratio of sums over customers, so its change
        is a sum of one residual a customer.

        Source: Saerndal, Swensson and Wretman (1992), "Model Assisted Survey Sampling", ch. 5.5 (linearised ratios).
        """
        if not self.known_before or not self.known_since:
            return None, 0.0, 1.0
        first, second = 1 / self.known_before, 1 / self.known_since
        was = (self.stayed + self.went + self.gone) * first
        now = (self.stayed + self.came + self.fresh) * second
        fresh, gone = self.known_since - self.both, self.known_before - self.both
        neither = self.both - self.stayed - self.came - self.went
        residuals = (
            (self.stayed, (1 - now) * second - (1 - was) * first), (self.came, (1 - now) * second + was * first),
            (self.went, -now * second - (1 - was) * first), (neither, -now * second + was * first),
            (self.fresh, (1 - now) * second), (fresh - self.fresh, -now * second),
            (self.gone, -(1 - was) * first), (gone - self.gone, was * first),
        )  # fmt: skip
        error = float(np.sqrt(sum(count * one * one for count, one in residuals)))
        change = now - was
        return change, error, float(2 * stats.norm.sf(abs(change) / error)) if error > 0 else 1.0


def marked(chances: Sequence[float], level: float) -> list[bool]:
    """Which of many are marked, so that with chance `1 - level` at least not one of the marks is chance.

    Args:
        chances: p-values, of tests that may depend on each other.
        level: chance of any false mark.

    Source: Holm (1979), Scand. J. Statistics 6, 65-70.
    """
    found = [False] * len(chances)
    for rank, place in enumerate(np.argsort(np.array(chances), kind="stable")):
        if chances[place] > level / (len(chances) - rank):
            break
        found[place] = True
    return found
