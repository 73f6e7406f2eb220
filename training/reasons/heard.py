"""What the customers of some rows had said by their cutoffs, and which of their cases nobody has solved; of the log.

Start reading at `said_before`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from churn.stated import OpenCases, Stated, Words, open_cases, stated, tells_solutions
from features.parts import HERE, Engine, Part
from training.rows import Rows

Said = Mapping[tuple[str, int], Sequence[Stated]]
CASES: Final = ("complaint", "support_ticket")


@dataclass(frozen=True)
class OpenNow:
    """Cases of one kind that are open at a cutoff.

    Args:
        customers: who have one. cases: of all of them. oldest_days: age of the oldest; None where none is open.
    """

    customers: int
    cases: int
    oldest_days: float | None


def said_before(parts: Sequence[Part], rows: Rows, *, words: Words = (), engine: Engine = HERE) -> Said:
    """What the customers of rows had stated before their cutoffs.

    Args:
        parts: of the log.
        rows: whose customers and cutoffs.
        words: of the business.
        engine: where parts are worked on.
    """
    wanted = {cutoff: frozenset(rows.customer[rows.cutoff_us == cutoff]) for cutoff in np.unique(rows.cutoff_us)}
    found: dict[tuple[str, int], Sequence[Stated]] = {}
    asked = partial(part_said, cutoffs_us=tuple(int(one) for one in wanted), words=words)
    for part in engine.map(asked, parts):
        found |= {key: one for key, one in part.items() if key[0] in wanted[key[1]]}
    return found


def part_said(part: Part, *, cutoffs_us: Sequence[int], words: Words = ()) -> dict[tuple[str, int], list[Stated]]:
    """What the customers of one part had stated before cutoffs; what an engine maps over the parts."""
    events = part.read()
    return {(who, cutoff): one for cutoff in cutoffs_us for who, one in stated(events, cutoff, words=words).items()}


def open_now(parts: Sequence[Part], rows: Rows, *, engine: Engine = HERE) -> dict[str, OpenNow | None]:
    """Open cases by kind, of the customers of the newest rows; None where the log never says that one was solved."""
    newest = int(rows.cutoff_us.max())
    wanted = frozenset(rows.customer[rows.cutoff_us == newest])
    found = list(engine.map(partial(part_open, cutoff_us=newest), parts))
    told: dict[str, OpenNow | None] = {}
    for kind in CASES:
        if not any(kind in tells for tells, _ in found):
            told[kind] = None
            continue
        mine = [one for _, by_kind in found for who, one in by_kind[kind].items() if who in wanted]
        oldest = max((one.oldest_days for one in mine), default=None)
        told[kind] = OpenNow(len(mine), sum(one.count for one in mine), oldest)
    return told


def part_open(part: Part, *, cutoff_us: int) -> tuple[set[str], dict[str, dict[str, OpenCases]]]:
    """Of one part: the kinds whose solutions it tells, and open cases by kind; what an engine maps over the parts."""
    events = part.read()
    tells = {kind for kind in CASES if tells_solutions(events, kind=kind)}
    return tells, {kind: open_cases(events, cutoff_us, kind=kind) for kind in CASES}
