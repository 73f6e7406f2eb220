"""When customers leave and return, what follows events, who has left, how content they are, and how many will be there.

    answers of now + log --> folds, filled on the walk of monitoring/business/taking_stock.py --> Hazards

Start reading at `look_at_business`.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import product
from operator import add
from pathlib import Path

import numpy as np

from churn.calendar import EPOCH
from churn.settings import Settings
from features.consents import consents
from features.log import LogManifest
from monitoring.attempts import Attempts
from monitoring.business.after_event import KINDS, OUTCOMES, AfterEvents, Ratio, after_events
from monitoring.business.base import Base, base
from monitoring.business.forecast import Forecast, Outlooks, forecast
from monitoring.business.forecasts_file import due, judged, keep_forecasts, read_forecasts
from monitoring.business.funnel import Funnel
from monitoring.business.lapsed import REACHES, SIGN_KINDS, Lapsed, Reach
from monitoring.business.lifetimes import Lifetimes, lifetimes
from monitoring.business.satisfaction import Satisfaction
from monitoring.business.segments import Dimension
from monitoring.business.shown import shown
from monitoring.business.sight import Sight
from monitoring.business.survey import Fold
from monitoring.business.survival import Spells
from monitoring.business.taking_stock import Ground, Stocktaking, ground, take_stock
from monitoring.champion import Champion
from monitoring.reading.newest import Told


@dataclass(frozen=True)
class Hazards:
    """What the walk through the log told.

    Args:
        lifetimes: lives, pauses and trials. after: hazard ratios. lapsed: who has left.
        satisfaction: scores and cases. funnel: leads.
        outlooks: the forecasts of now, or why there are none.
        past: forecasts of before, oldest first, those whose day has come with what came.
        unreadable: lines of their file that cannot be read.
        min_cell: fewer customers of a segment are not shown. currency: of money.
    """

    lifetimes: Lifetimes
    after: AfterEvents
    lapsed: Lapsed
    satisfaction: Satisfaction
    funnel: Funnel
    outlooks: Outlooks
    past: Sequence[Forecast]
    unreadable: int
    min_cell: int
    currency: str

    def keep(self, folder: Path) -> None:
        """Write the forecasts of now beside those of before."""
        if self.outlooks.told or self.past:
            keep_forecasts(folder, self.past, self.outlooks.told)


def cells_of(
    found: Hazards, dimension: Dimension, spells: Mapping[tuple[str, str], Spells]
) -> Iterator[tuple[str, Spells]]:
    """The levels of a dimension that may be shown, with their spells; of enough customers, not pauses."""
    none, keys = Spells.none(longest=found.lifetimes.longest), [(dimension.name, name) for name in dimension.levels]
    every, lives = [spells.get(key, none) for key in keys], [found.lifetimes.lives.get(key, none) for key in keys]
    sizes = np.array([min(one.count, life.count) for one, life in zip(every, lives, strict=True)], dtype=np.int64)
    for cell in shown(dimension.levels, sizes, found.min_cell):
        added = reduce(add, (every[place] for place in cell.places))
        if added.count:  # nobody may be left for `other`
            yield cell.name, added


def after_by_segment(found: Hazards) -> Iterator[tuple[str, str, str, str, Ratio]]:
    """Kind of event, outcome, dimension, level and ratio, of levels with enough to tell.

    A ratio rests on at least as many customers as `min_cell` asks for.
    """
    levels = [(one.name, code, level) for one in found.after.segmentation.dimensions[1:]
              for code, level in enumerate(one.levels)]  # fmt: skip
    for kind, outcome in product(KINDS, OUTCOMES):
        for dimension, code, level in levels:
            told = found.after.ratio(kind, outcome, segment=(dimension, code))
            if told is not None and told.exposed >= found.min_cell:
                yield kind, outcome, dimension, level, told


class Folds:
    """The folds of one walk, and what they tell when it is over.

    Args:
        settings: whose.
        on: instants and segments.
        manifest: of the log.
        asked: each champion, with what it told of the customers of now.
        environ: what `${VARIABLES}` in the path of [contacts] stand for.

    Raises:
        NoConsents: [contacts] names a file that cannot be read.
    """

    def __init__(
        self,
        settings: Settings,
        on: Ground,
        manifest: LogManifest,
        asked: Sequence[tuple[Champion, Told]],
        environ: Mapping[str, str],
    ) -> None:
        edges, segmentation = on.edges, on.segmentation
        first_day = (on.lifecycle.calendar.day_of(manifest.first_event_at) - EPOCH).days
        self._settings, self._versions = settings, tuple(champion.version for champion, _ in asked)
        self._told, self._unreadable = read_forecasts(settings.folder)
        self._lifetimes = lifetimes(edges, segmentation, first_day)
        self._after = after_events(edges, segmentation, on.lifecycle.definition.lapse)
        reach = _reach(settings, environ)
        words = on.lifecycle.words
        signs = any(kind in manifest.kinds for kinds in SIGN_KINDS for kind in kinds)
        self._lapsed = Lapsed(edges, segmentation, words, reach, manifest.solutions > 0, signs)
        self._satisfaction = Satisfaction(edges, segmentation, on.lifecycle)
        self._funnel = Funnel(edges, segmentation, settings.monitoring.funnel)
        sights = {champion.model: (Sight(champion.bundle), told) for champion, told in asked}
        self._base: Base = base(edges, first_day, sights, due(self._told, manifest.observed_until))

    @property
    def folds(self) -> tuple[Fold, ...]:
        """What is to be filled."""
        return self._lifetimes, self._after, self._lapsed, self._satisfaction, self._funnel, self._base

    def hazards(self, now: datetime) -> Hazards:
        """What they tell, once filled; now: the instant of the last edge."""
        came = dict(zip(self._base.due_us.tolist(), self._base.came.tolist(), strict=True))
        return Hazards(
            self._lifetimes, self._after, self._lapsed, self._satisfaction, self._funnel,
            forecast(self._base, now, self._versions), judged(self._told, came), self._unreadable,
            self._settings.monitoring.min_cell, self._settings.business.currency,
        )  # fmt: skip


def look_at_business(
    settings: Settings,
    manifest: LogManifest | None,
    now: datetime,
    asked: Sequence[tuple[Champion, Told]] | None,
    tried: Attempts,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Stocktaking | None, Hazards | None]:
    """How the business stands, and its hazards, from one walk through the log; each is tried by itself.

    Args:
        settings: whose.
        manifest: of the log; None where it cannot be read.
        now: by the clock of the business, aware.
        asked: each champion, with what it told of the customers of now; None where the walk is not wanted.
        tried: keeps what cannot be looked at.
        progress: told what is going on.
    """
    on = tried("business", lambda: ground(settings, manifest, now), None) if manifest and asked is not None else None
    if on is None or manifest is None or asked is None:
        return None, None
    progress("how the business stands")
    folds = tried("business", lambda: Folds(settings, on, manifest, asked, os.environ), None)
    stock = tried("business", lambda: take_stock(settings, on, more=folds.folds if folds else ()), None)
    return stock, tried("business", lambda: folds.hazards(now) if folds and stock else None, None)


def _reach(settings: Settings, environ: Mapping[str, str]) -> Reach | None:
    """How each listed customer may be reached; None where no file of consents is configured."""
    told = consents(settings, environ)
    if told is None:
        return None
    kinds = {(True, True): 0, (True, False): 1, (False, True): 2, (False, False): 3}
    assert len(REACHES) == len(kinds) + 1
    pairs = zip(told["may_email"], told["may_phone"], strict=True)
    return {str(who): kinds[bool(email), bool(phone)] for who, (email, phone) in zip(told.index, pairs, strict=True)}
