"""What everybody will spend within the horizon, by the estimator that past cohorts chose, with its interval.

    Past --judge--> who serves --fitted on everything that is over--> expected, low, high   of everybody now

Money here is sales; margin and discount come where it is told (campaigns/value/table.py). Start reading at `lifetime`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from campaigns.value.bands import Bands
from campaigns.value.cohorts import Past
from campaigns.value.estimators import Estimator, Silent
from campaigns.value.judge import NONE_FITS, Choice, judged
from campaigns.value.pasts import Pasts
from churn.events import FloatArray

BLOCK = 65_536


@dataclass(frozen=True)
class Lifetime:
    """Sales expected of everybody within the horizon.

    Args:
        choice: who serves, or why nobody does.
        expected, low, high: NaN where nobody serves; low and high alone where no interval is told. Shape (n,).
    """

    choice: Choice
    expected: FloatArray
    low: FloatArray
    high: FloatArray


def lifetime(past: Past, estimators: Sequence[Estimator]) -> Lifetime:
    """Choose who serves, and ask them of everybody.

    Args:
        past: everybody now, and the cohorts before.
        estimators: who may serve.
    """
    choice = judged(past, estimators)
    if choice.estimator is None:
        return _nothing(choice, len(past.now))
    serving = next(one for one in estimators if one.code == choice.estimator)
    learned = past.learned_by(0)
    fitted, before = serving.fit(past.now, learned), serving.before(learned)
    if isinstance(fitted, Silent):
        return _nothing(Choice(None, NONE_FITS, judgements=choice.judgements), len(past.now))
    expected = _in_blocks(fitted.expected, past.now)
    bands = None if isinstance(before, Silent) or choice.tail is None else Bands.of(*before)
    if bands is None:
        nothing = np.full(len(expected), np.nan)
        return Lifetime(choice, expected, nothing, nothing)
    return Lifetime(choice, expected, *bands.interval(expected, choice.tail or 0))


def _in_blocks(expected: Callable[[Pasts], FloatArray], pasts: Pasts) -> FloatArray:
    starts = range(0, len(pasts), BLOCK)
    pieces = [expected(pasts.take(np.arange(at, min(at + BLOCK, len(pasts))))) for at in starts]
    return np.concatenate(pieces or [np.zeros(0)])


def _nothing(choice: Choice, size: int) -> Lifetime:
    nothing = np.full(size, np.nan)
    return Lifetime(choice, nothing, nothing, nothing)
