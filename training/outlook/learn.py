"""From held-out scores and what came after them to an `Outlook`: horizons, next event, days left, value, interval.

    held-out raw scores + OUTCOMES --> Curve, Remaining, Band     training rows --> Value
    (customers the trees had not seen; Band: forward in time)     (customers held out)

Nothing is learned in sample, and nothing is taken from a snapshot that its labels did not know. A part that cannot be
learned is missing with a code. Knows no learner. Start reading at `learn_outlook`.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from churn.calendar import DAY_US
from churn.definition import Lifecycle, Subscription
from churn.outlook import Band, Outlook
from churn.tables import OUTCOMES
from training.outlook.band import fit_band, fit_horizon
from training.outlook.curve import fit_curve
from training.outlook.remaining import fit_remaining
from training.outlook.scored import Scored
from training.outlook.value import fit_value
from training.outlook.why_not import CannotTell

T = TypeVar("T")


def learn_outlook(scored: Scored, lifecycle: Lifecycle, *, horizons_days: tuple[int, ...]) -> Outlook | None:
    """Learn what can be learned; None where the snapshot does not say what came when.

    Args:
        scored: training rows and held-out scores.
        lifecycle: rule, gap, horizon.
        horizons_days: horizons to tell beside the definition's own.
    """
    own = lifecycle.definition.horizon_days
    if set(OUTCOMES.names) - set(scored.rows.after):
        return None
    missing: dict[str, str] = {}

    held, wanted = scored.rows.take(scored.held), sorted({*horizons_days, own})
    by_rule = scored.model == "churn" and isinstance(lifecycle.definition.lapse, Subscription)
    tried = partial(_tried, missing)
    curve = tried("curve", lambda: fit_curve(scored, held, wanted, own, by_rule=by_rule))
    told = tuple(day for day in wanted if curve and day in curve.days) or (own,)
    longest = max(held.after["followed_days"])
    waits_us = (lifecycle.definition.gap_days + own) * DAY_US
    band = tried("band", lambda: fit_band(scored, held, waits_us))
    further = [day for day in told if day != own]
    learn = partial(fit_horizon, scored, held, waits_us, curve) if curve and band else None
    bands, unbanded = _bands(learn, further) if learn else ({}, {})
    return Outlook(
        horizons_days=told,
        curve=curve,
        remaining=tried("remaining", lambda: fit_remaining(scored, held, lifecycle.definition.gap_days)),
        band=band,
        bands=bands,
        unbanded=unbanded,
        value=tried("value", lambda: fit_value(scored.rows, scored.model)),
        missing=missing,
        left_out={str(day): "immature" if day > longest else "too_few" for day in wanted if day not in told},
    )


def _bands(learn: Callable[[int], Band], days: list[int]) -> tuple[dict[str, Band], dict[str, str]]:
    """The intervals of further horizons, and why one has none."""
    missing: dict[str, str] = {}
    found = {str(day): _tried(missing, str(day), partial(learn, day)) for day in days}
    return {day: band for day, band in found.items() if band}, missing


def _tried(missing: dict[str, str], part: str, learn: Callable[[], T]) -> T | None:
    """What was learned, or None and the reason among what is missing."""
    try:
        return learn()
    except CannotTell as reason:
        missing[part] = reason.told
        return None
