"""What customers had told of themselves by a cutoff: the attributes of their profiles, as they stood then.

For telling groups of customers apart when a model is judged, not for features (features/catalogue/profile.py makes
those): values keep their texts. Reads parts of the log. Start reading at `attributes_at`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

import numpy as np
import pandas as pd

from churn.calendar import to_us
from churn.errors import SettingsError
from churn.events import Events, before
from features.catalogue.kinds import PROFILE
from features.parts import HERE, Engine, Part, parts_of


class NoSuchAttribute(SettingsError):
    """`[fairness]` names a profile attribute that the log has not."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        told = f"the log has {', '.join(known)}" if known else "the log has none"
        super().__init__(
            f"[fairness] attributes names {name!r}, and no profile has it.",
            mend=f"{told}; correct the name, or map it in the `attributes` of a [[source]] and run `churn ingest`.",
        )


def attribute_names(kinds: Collection[str]) -> tuple[str, ...]:
    """The profile attributes of a log, by its kinds of event; sorted."""
    return tuple(sorted(kind.removeprefix(PROFILE) for kind in kinds if kind.startswith(PROFILE)))


def check_attributes(names: Collection[str], kinds: Collection[str]) -> None:
    """Refuse names of attributes that the log has not (NoSuchAttribute)."""
    known = attribute_names(kinds)
    for name in names:
        if name not in known:
            raise NoSuchAttribute(name, known)


def attributes_at(
    log: Events | Sequence[Part], names: Sequence[str], cutoffs: Sequence[datetime], *, engine: Engine = HERE
) -> pd.DataFrame:
    """The latest value of each attribute that was known before each cutoff.

    Args:
        log: parts of the log, or all events.
        names: attributes, without `profile.`.
        cutoffs: aware instants.
        engine: where the parts are read.

    Returns:
        Columns: customer_id, cutoff_us (microseconds since 1970 UTC), then one column an attribute: texts, or numbers
        where profiles hold numbers; null where nothing was known. Customers with no attribute at all are left out.
    """
    instants = [to_us(cutoff) for cutoff in cutoffs]
    work = partial(part_attributes, names=tuple(names), cutoffs_us=tuple(instants))
    frames = list(engine.map(work, parts_of(log)))
    return pd.concat(frames, ignore_index=True) if frames else _empty(names)


def part_attributes(part: Part, *, names: Sequence[str], cutoffs_us: Sequence[int]) -> pd.DataFrame:
    """The attributes of one part's customers; what an engine maps over the parts."""
    events = part.read()
    profiles = events.take(events.kind.is_any([PROFILE + name for name in names]))
    return pd.concat([_empty(names), *(_at(profiles, names, cutoff_us) for cutoff_us in cutoffs_us)], ignore_index=True)


def _at(profiles: Events, names: Sequence[str], cutoff_us: int) -> pd.DataFrame:
    known = before(profiles, cutoff_us)
    people = np.unique(known.customer)
    found: dict[str, object] = {"customer_id": known.customers[people], "cutoff_us": np.int64(cutoff_us)}
    for name in names:
        values = np.full(len(people), None, dtype=object)
        rows = np.flatnonzero(known.is_kind(PROFILE + name))
        last = rows[np.append(np.diff(known.customer[rows]) != 0, True)] if len(rows) else rows  # sorted by time
        values[np.searchsorted(people, known.customer[last])] = _values(known, last)
        found[name] = values
    return pd.DataFrame(found, columns=["customer_id", "cutoff_us", *names])


def _values(events: Events, rows: np.ndarray) -> np.ndarray:
    """Texts where there are any, else numbers; None where there is neither."""
    codes, levels = events.category.codes[rows], np.array([*events.category.levels, None], dtype=object)
    numbers = events.amount[rows]
    return np.where(codes >= 0, levels[codes], np.where(np.isnan(numbers), None, numbers.astype(object)))


def _empty(names: Sequence[str]) -> pd.DataFrame:
    empty = {"customer_id": np.empty(0, dtype=object), "cutoff_us": np.empty(0, dtype=np.int64)}
    return pd.DataFrame(empty | {name: np.empty(0, dtype=object) for name in names})
