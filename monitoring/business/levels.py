"""Which dimensions and levels a log has, and where the thirds of value lie.

Learnt once from some parts of the log, by what is known now; a log in buckets draws its parts by chance.
Start reading at `learn`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churn.definition import Lifecycle
from features.parts import Part
from monitoring.business.edges import Edges
from monitoring.business.panel import STAGES, Panel, panel
from monitoring.business.segments import (
    CATEGORY,
    FIRST_CHANNEL,
    FREQUENCIES,
    FREQUENCY,
    OTHER,
    STAGE,
    TIER,
    TIER_STATUS,
    TOTAL,
    UNKNOWN,
    VALUE,
    VALUES,
    Dimension,
    Segmentation,
    Told,
    attribute,
    coded,
    first_channel,
    ordered_categories,
)  # fmt: skip

MOST_LEVELS = 12  # of a dimension, the rest of the levels among them
ENOUGH_CUSTOMERS = 20_000  # to learn levels and thirds from
ACQUISITION = "acquisition_channel"  # an attribute that tells more than the channel of the first order


@dataclass
class _Seen:
    """What some parts of the log show."""

    customers: int
    texts: dict[str, Counter[str]]
    spent: list[NDArray[np.float64]]


def learn(
    parts: Sequence[Part], lifecycle: Lifecycle, edges: Edges, *, attributes: Iterable[str], only: Sequence[str] = ()
) -> Segmentation:
    """Which dimensions and levels there are.

    Args:
        parts: of the log; read until there are customers enough, which a log in buckets draws by chance.
        lifecycle: definition, stage rules and calendar.
        edges: at the last of which levels are counted.
        attributes: the profile attributes that may be told apart.
        only: names of dimensions, in their order; all where empty.
    """
    seen = _Seen(0, {}, [])
    for part in parts:
        _look(seen, panel(part.read(), lifecycle, edges), tuple(attributes))
        if seen.customers >= ENOUGH_CUSTOMERS:
            break
    found: dict[str, Dimension | None] = {}
    found |= {name: _dimension(name, counts, name in attributes) for name, counts in seen.texts.items()}
    if ACQUISITION in found:
        found[FIRST_CHANNEL] = None
    thirds = _thirds(seen.spent)
    found[VALUE] = Dimension(VALUE, VALUES) if thirds else None
    found[FREQUENCY] = Dimension(FREQUENCY, tuple(name for _, name in FREQUENCIES))
    found[STAGE] = Dimension(STAGE, tuple(stage.value for stage in STAGES))
    wanted = only or (*sorted(attributes), FIRST_CHANNEL, CATEGORY, TIER, VALUE, FREQUENCY, STAGE)
    chosen = [one for one in map(found.get, wanted) if one is not None]
    return Segmentation((Dimension(TOTAL, (TOTAL,)), *chosen), thirds)


def _look(seen: _Seen, one: Panel, attributes: Sequence[str]) -> None:
    seen.customers += len(one)
    told: Mapping[str, Told] = {
        **{name: attribute(one.events, name) for name in attributes},
        FIRST_CHANNEL: first_channel(one),
        CATEGORY: ordered_categories(one),
        TIER: coded(one.events, one.events.is_kind(TIER_STATUS)),
    }
    for name, (codes, levels) in told.items():
        counts = np.bincount(codes[codes >= 0], minlength=len(levels))
        seen.texts.setdefault(name, Counter()).update(
            {level: int(n) for level, n in zip(levels, counts, strict=True) if n}
        )
    spent = one.money_365d[:, -1]
    seen.spent.append(spent[spent > 0])


def _dimension(name: str, counts: Counter[str], is_attribute: bool) -> Dimension | None:
    """The greatest levels; None where there are none to speak of, or they are as many as customers' names."""
    for ours in (OTHER, UNKNOWN):  # a text of the log that is called like one of ours is what it says
        counts.pop(ours, None)
    if not counts:
        return None
    if len(counts) <= MOST_LEVELS:
        return Dimension(name, (*sorted(counts), OTHER, UNKNOWN), is_attribute)
    top = [level for level, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: MOST_LEVELS - 1]]
    if sum(counts[level] for level in top) < counts.total() / 2:
        return None
    return Dimension(name, (*sorted(top), OTHER, UNKNOWN), is_attribute)


def _thirds(spent: Sequence[NDArray[np.float64]]) -> tuple[float, float] | None:
    every = np.concatenate(spent) if spent else np.zeros(0)
    if not len(every):
        return None
    low, high = np.quantile(every, (1 / 3, 2 / 3))
    return float(low), float(high)
