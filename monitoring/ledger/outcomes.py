"""What became of each answer: the log taken bucket by bucket, every answer with the window of its own cutoff.

The same outcome as `features.heirs.outcomes`, for answers of any number of cutoffs at once; a law test holds the two
together. On the way each local day gets a digest of what counted on it: where the digests of a cohort's days are what
they were, nothing that decides its outcomes has changed. Start reading at `walk`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churn.calendar import Int64Array, from_us, to_us
from churn.conditions import qualifies
from churn.definition import CANCEL, Lifecycle, Subscription
from churn.events import BoolArray, Events, FloatArray, before
from churn.tables import TREATMENTS
from features.heirs import heirs_of, outcomes
from features.holders import Holders
from features.parts import Part
from monitoring.ledger.answers import Answers
from monitoring.ledger.catalogue import Digests, hashed, mix
from monitoring.ledger.merged import heirs_at, lost_rows

CUTOFFS_AT_ONCE = 64
Days = dict[int, int]  # local day since 1970 -> digest


@dataclass(frozen=True)
class Known:
    """The log as it is asked.

    Args:
        parts: of whole customers.
        lifecycle: definition and calendar.
        observed_until: the log is complete up to here.
        holders: its id map.
        treatments: TREATMENTS of all campaigns.
    """

    parts: Sequence[Part]
    lifecycle: Lifecycle
    observed_until: datetime
    holders: Holders
    treatments: pd.DataFrame = field(default_factory=TREATMENTS.empty)

    @property
    def is_of_all_time(self) -> bool:
        """Whether an outcome depends on all of the past, not on its window alone."""
        return isinstance(self.lifecycle.definition.lapse, Subscription)


def walk(known: Known, asked: Sequence[Answers]) -> tuple[list[FloatArray], Days]:
    """Go once through the log.

    Args:
        known: the log.
        asked: answers whose horizons are over.

    Returns:
        For each of `asked` its outcomes: 1.0 came true, 0.0 did not, NaN where the log does not know the customer (any
        more); and the digests of all local days.

    Raises:
        BrokenLog, ReplacedLog: it cannot be read, or was replaced meanwhile.
    """
    found = [np.full(len(one), np.nan) for one in asked]
    windows = [Windows.of(one, known.lifecycle) for one in asked]
    days: dict[int, int] = {}
    for part in known.parts:
        events = part.read()
        seen = before(events, to_us(known.observed_until))
        counts = qualifies(seen, known.lifecycle.definition, known.lifecycle.calendar)
        for day, digest in _digests(seen, counts, known).items():
            days[day] = (days.get(day, 0) + digest) % 2**64
        levels = pa.array(events.customers, pa.string())
        for answers, window, outcome in zip(asked, windows, found, strict=True):
            place = pc.index_in(answers.customers, value_set=levels).fill_null(-1).to_numpy()[answers.customer]
            rows = np.flatnonzero(place >= 0)
            if not len(rows):
                continue
            if known.is_of_all_time:
                outcome[rows] = _one_by_one(answers, rows, part, events, known)
                continue
            came = window.take(rows).any_in(place[rows], seen.customer[counts], seen.time_us[counts])
            lost = lost_rows(answers, rows, known.holders)
            if len(lost):
                came[np.isin(rows, lost)] |= _heirs_came(answers, lost, window, part, events, known)
            churns = np.array([model == "churn" for model in answers.models])[answers.model[rows]]
            outcome[rows] = np.where(churns, ~came, came)
    return found, days


@dataclass(frozen=True)
class Windows:
    """The outcome window of each answer. Arrays have shape (n,)."""

    start_us: Int64Array
    end_us: Int64Array

    @classmethod
    def of(cls, answers: Answers, lifecycle: Lifecycle) -> "Windows":
        """Each cutoff's own."""
        cutoffs, place = np.unique(answers.cutoff_us, return_inverse=True)
        windows = [lifecycle.outcome_window(from_us(one)) for one in cutoffs.tolist()]
        start_us = np.array([to_us(one.start) for one in windows], dtype=np.int64)
        end_us = np.array([to_us(one.end) for one in windows], dtype=np.int64)
        return cls(start_us[place], end_us[place])

    def take(self, rows: NDArray[np.intp]) -> "Windows":
        """Those of these rows."""
        return Windows(self.start_us[rows], self.end_us[rows])

    def any_in(self, place: Int64Array, customer: NDArray[np.int32], time_us: Int64Array) -> NDArray[np.bool_]:
        """Whether a customer had an event in the window.

        Args:
            place: index of the customer of each row. Shape (n,).
            customer: of each event, ascending. Shape (e,).
            time_us: likewise, ascending within a customer.
        """
        times = np.unique(time_us)
        width = len(times) + 1
        events = customer.astype(np.int64) * width + np.searchsorted(times, time_us)
        edges = [place * width + np.searchsorted(times, edge) for edge in (self.start_us, self.end_us)]
        first, last = (np.searchsorted(events, edge) for edge in edges)
        return np.asarray(last > first)


def _heirs_came(
    answers: Answers, rows: NDArray[np.intp], windows: Windows, part: Part, events: Events, known: Known
) -> BoolArray:
    """Whether somebody whom an id of the customer went to came in the window of each answer. Shape of `rows`."""
    customers = answers.customers.take(pa.array(answers.customer[rows])).to_pylist()
    heirs = heirs_of(part, events.of(sorted(set(customers))))
    if heirs.events is None:
        return np.zeros(len(rows), dtype=np.bool_)
    until_us = to_us(known.observed_until)
    pairs = heirs_at(customers, answers.cutoff_us[rows], heirs.holders, until_us)
    seen = before(heirs.events, until_us)
    counts = qualifies(seen, known.lifecycle.definition, known.lifecycle.calendar)
    place = pd.Index(heirs.events.customers).get_indexer(pd.Index(pairs["heir"]))
    row = pairs["row"].to_numpy()[place >= 0]
    window = windows.take(rows[row])
    came = window.any_in(place[place >= 0], seen.customer[counts], seen.time_us[counts])
    return np.bincount(row[came], minlength=len(rows)) > 0


def _one_by_one(answers: Answers, rows: NDArray[np.intp], part: Part, events: Events, known: Known) -> FloatArray:
    """Outcomes of subscribers, cutoff by cutoff: a window alone does not tell them. Shape of `rows`.

    On-line nearly every answer has a cutoff of its own: then a few customers at a time, not all for each.
    """
    ids = answers.customers.take(pa.array(answers.customer[rows])).to_pylist()
    models = [answers.models[code] for code in answers.model[rows].tolist()]
    asked = pd.DataFrame({"customer_id": ids, "model": models, "cutoff_us": answers.cutoff_us[rows]})
    heirs, found = heirs_of(part, events.of(ids)), np.full(len(rows), np.nan)
    slices = asked["cutoff_us"].nunique() // CUTOFFS_AT_ONCE + 1
    for _, some in asked.groupby(answers.customer[rows] % slices):
        mine = events.of(some["customer_id"])
        for _, group in some.groupby("cutoff_us"):
            at = from_us(int(group["cutoff_us"].iloc[0]))
            became = outcomes(group, mine, known.lifecycle, cutoff=at, observed_until=known.observed_until, heirs=heirs)
            found[group.index.to_numpy()] = became.to_numpy(dtype=np.float64, na_value=np.nan)
    return found


def _digests(seen: Events, counts: NDArray[np.bool_], known: Known) -> Days:
    """A digest of what counted, by local day."""
    all_time = known.is_of_all_time
    chosen = np.flatnonzero(counts | seen.is_kind(CANCEL) if all_time else counts)
    if not len(chosen):
        return {}
    mixed = mix(hashed(seen.customers)[seen.customer[chosen]] ^ seen.time_us[chosen].view(np.uint64))
    if all_time:
        mixed = mix(mixed ^ hashed(seen.kinds)[seen.kind.codes[chosen]])
        mixed = mix(mixed ^ np.nan_to_num(seen.quantity[chosen], nan=-1.0).view(np.uint64))
    day = known.lifecycle.calendar.days_of(seen.time_us[chosen])
    order = np.argsort(day, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(day[order]) != 0))
    sums: Digests = np.add.reduceat(mixed[order], starts)
    return dict(zip(day[order][starts].tolist(), (int(one) for one in sums), strict=True))
