"""Who is in which saved segment as of an instant.

    log, part by part --before(instant)--> one row a customer, one bool a segment
    rows of now, where they say all that segments go by --> the same, without reading the log

Value tiers are known as they are now alone: a segment that goes by them has no past. Start reading at `members`.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.people import VALUES_FILE, People
from campaigns.segments.asking import Asked, asked_of
from campaigns.segments.instants import Tiers, at_instants, coded
from churn.conditions import Looks, holds_of
from churn.errors import DataError
from churn.events import Events, FloatArray, Texts
from churn.grammar import Compare, IsNull
from churn.segment_parsing import STAGE, VALUED
from churn.settings import Settings
from churn.tables import EVENTS
from features import parquet
from features.current_file import ROWS_FILE, NoCurrent, read_manifest
from features.log import read_log_manifest
from features.parts import HERE, Engine, Part, log_parts
from features.snapshots import last_midnight


class NoTiers(DataError):
    """A segment goes by value tiers, and they are not known, or not as of that instant."""

    def __init__(self, names: Sequence[str], why: str, mend: str) -> None:
        super().__init__(f"Who is in {', '.join(names)} cannot be told: {why}.", mend=mend)


def members(
    settings: Settings, as_of: datetime | None = None, names: Sequence[str] | None = None, *, engine: Engine = HERE
) -> pd.DataFrame:
    """Who is in which saved segment.

    Args:
        settings: whose.
        as_of: the instant; that of the rows of now where None, or of the log's last midnight where there are none.
        names: of the segments that are asked for; every one where None.
        engine: where parts of the log are read.

    Returns:
        Columns: customer_id, then one bool a segment. One row a customer of whom anything was known; by customer.

    Raises:
        NoSuchSegment, UnknownFact: see `asked_of`. NoTiers: value tiers are asked for, and not there. NoLog: no log.
    """
    manifest = read_log_manifest(settings.folder)
    asked = asked_of(settings, manifest, names)
    now = instant_of_now(settings)
    instant = now if as_of is None else as_of
    tiers = tiers_of(settings, asked, is_now=instant == now) if asked.tiered else None
    if instant == now and not asked.needs_log and _has_rows(settings, asked, now):
        return _of_rows(settings, asked, tiers)
    parts = log_parts(settings.folder, taking_back=settings.definition.taking_back)
    work = partial(part_members, asked=asked, instant=instant, tiers=tiers)
    found = [_empty(asked), *engine.map(work, parts)]
    return pd.concat(found, ignore_index=True).sort_values("customer_id", kind="stable", ignore_index=True)


def of_people(people: People, settings: Settings, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Who of the people is in which segment, as of the instant of their scores.

    Args:
        people: of the newest scores.
        settings: whose.
        names: of the segments; every one where None.

    Returns:
        One bool column a segment, a row a person, in their order; False for whom nothing is known.

    Raises:
        NoSuchSegment, UnknownFact, NoTiers, NoLog: see `members`.
    """
    found = members(settings, people.cutoff, names).set_index("customer_id")
    return found.reindex(people.rows["customer_id"], fill_value=False).reset_index(drop=True).astype(bool)


def part_members(part: Part, *, asked: Asked, instant: datetime, tiers: Tiers | None) -> pd.DataFrame:
    """Who of one part is in which segment; what an engine maps over the parts."""
    events = part.read()
    (at,) = at_instants(events, asked, [instant], tiers)
    found = pd.DataFrame(at.members[at.known], columns=list(asked.names))
    found.insert(0, "customer_id", events.customers[at.known])
    return found


def instant_of_now(settings: Settings) -> datetime:
    """The instant of the rows of now, with which scores go; the last midnight of the log where there are none."""
    try:
        told = read_manifest(settings.folder / "features")["as_of"]
        if told is not None:
            return datetime.fromisoformat(told)
    except NoCurrent:
        pass
    return last_midnight(settings.lifecycle, read_log_manifest(settings.folder).observed_until)


def tiers_of(settings: Settings, asked: Asked, *, is_now: bool) -> Tiers:
    """The value tiers of now.

    Raises:
        NoTiers: another instant is asked for, or there is no table of values.
    """
    path = settings.folder / VALUES_FILE
    if not is_now:
        why = "they go by the value tier, of which the past is not kept"
        raise NoTiers(asked.tiered, why, "ask as of now, or for other segments.")
    if not path.exists():
        raise NoTiers(asked.tiered, f"there is no {path}", "run `churn campaign value`.")
    table = parquet.read_frame(path).reindex(columns=["customer_id", *VALUED])  # older files have but the tier
    return TierOf(table.set_index("customer_id").astype(object))


class TierOf:
    """Value tier, high value and high potential by customer, small enough to be sent.

    Args:
        tiers: by customer_id. Columns: those of VALUED.
    """

    def __init__(self, tiers: pd.DataFrame) -> None:
        self.tiers = tiers

    def __call__(self, column: str, customer_ids: NDArray[np.object_]) -> NDArray[np.object_]:
        """That of each; None where it is not known."""
        found = self.tiers[column].reindex(customer_ids)
        return np.asarray(found.where(found.notna(), None).to_numpy(dtype=object))


def _has_rows(settings: Settings, asked: Asked, now: datetime) -> bool:
    """Whether there are rows of now with every feature that is asked for."""
    try:
        manifest = read_manifest(settings.folder / "features")
    except NoCurrent:
        return False
    held = {one["name"]: one["formula"] for one in manifest["feature_set"]["features"]}
    mine = {one.name: one.as_json()["formula"] for one in asked.features}
    return manifest["as_of"] == now.isoformat() and all(held.get(name) == formula for name, formula in mine.items())


def _of_rows(settings: Settings, asked: Asked, tiers: Tiers | None) -> pd.DataFrame:
    names = [feature.name for feature in asked.features]
    rows = parquet.read_frame(settings.folder / "features" / ROWS_FILE, ["customer_id", STAGE, *names])
    rows = rows.sort_values("customer_id", kind="stable", ignore_index=True)
    ids = rows["customer_id"].to_numpy(dtype=object)

    def column_of(test: Compare | IsNull) -> Texts | FloatArray:
        if test.column == STAGE:
            return coded(rows[STAGE].to_numpy(dtype=object))
        if test.column in VALUED:
            return coded(np.full(len(ids), None, dtype=object) if tiers is None else tiers(test.column, ids))
        return np.asarray(rows[test.column].to_numpy(dtype=np.float64))

    nothing = Events.from_frame(EVENTS.empty())
    looks = Looks(np.arange(len(ids), dtype=np.int32), np.zeros(len(ids), dtype=np.int64), lambda _days: NO_LOOK)
    held = {
        name: holds_of(condition, nothing, column_of, looks)
        for name, condition in zip(asked.names, asked.conditions, strict=True)
    }
    return pd.DataFrame({"customer_id": ids, **held})


NO_LOOK = np.zeros(0, dtype=np.int64)


def _empty(asked: Asked) -> pd.DataFrame:
    empty = pd.DataFrame({name: np.zeros(0, dtype=np.bool_) for name in asked.names})
    empty.insert(0, "customer_id", np.zeros(0, dtype=object))
    return empty
