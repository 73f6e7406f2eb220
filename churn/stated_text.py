"""What a customer stated, as one short text that lies beside their features: written for a whole log, read for one row.

    {"open": [2, 1717200000000000], "reasons": [["product", "defect", "return", 1717113600000000], ...]}

`open` is how many complaints nothing has solved and since when the oldest is open (null where none is); it is missing
where the log never tells a solution, since then nobody knows. `reasons` are the newest of each cause, word and source,
at most `MOST`. Words that are no code of ours are left out, for they may be free text: then the cause is null, or the
word is. Knows only what the cutoff knows. Reads events; knows no store. Start reading at `texts` and `told`.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

import numpy as np

from churn.calendar import DAY_US, from_us, to_us
from churn.events import Events
from churn.reasons import CAUSES
from churn.stated import SAID, OpenCases, Stated, Words, cause_of, known_cases, open_since, solves, stated_rows

MOST: Final = 5
KIND: Final = "complaint"
NOTHING: Final = '{"open":[0,null]}'  # nothing stated, nothing open


@dataclass(frozen=True, slots=True)
class Told:
    """What one row says of its customer: reasons, newest first, and open complaints; None where nobody knows."""

    reasons: tuple[Stated, ...] = ()
    open: OpenCases | None = None


def texts(events: Events, cutoff_us: int, words: Words = ()) -> tuple[list[str], bool]:
    """The text of each customer of a log, in their order, and whether this log tells solutions.

    Args:
        events: a log, or the events of some customers.
        cutoff_us: the first instant of the future, microseconds since 1970 UTC.
        words: of the business; they are shown as ours are.

    Returns:
        Texts that say what is open; where no part of a log tells solutions, take that out with `without_open`.
    """
    known = known_cases(events, cutoff_us)
    count, since_us = open_since(known, cutoff_us, kind=KIND)
    said = _reasons(known, cutoff_us, words)
    found = [NOTHING] * len(events.customers)
    for place in np.flatnonzero(count).tolist():
        found[place] = f'{{"open":[{count[place]},{since_us[place]}]}}'
    for place, reasons in said.items():
        found[place] = f'{found[place][:-1]},"reasons":[{reasons}]}}'
    return found, bool(solves(known, KIND).any())


def without_open(text: str) -> str:
    """A text that does not say what is open."""
    rest = text[text.index("]") + 1 :].lstrip(",")
    return "{" + rest


def told(text: str, as_of: datetime) -> Told:
    """What a text of a row says.

    Args:
        text: as `texts` gave it.
        as_of: the cutoff of the row.
    """
    content = json.loads(text)
    reasons = tuple(Stated(code, said, source, from_us(us)) for code, said, source, us in content.get("reasons", ()))
    if "open" not in content:
        return Told(reasons)
    count, since_us = content["open"]
    return Told(reasons, OpenCases(count, (to_us(as_of) - since_us) / DAY_US if count else 0.0))


def _reasons(known: Events, cutoff_us: int, own: Words) -> dict[int, str]:
    """By place of a customer, their reasons in JSON, newest first."""
    rows = np.flatnonzero(stated_rows(known, cutoff_us))[::-1]  # the newest of each customer first
    if not len(rows):
        return {}
    words = known.reason_code.levels
    coded = np.array([json.dumps([cause_of(word, own), _shown(word, own)]) for word in words], dtype=object)
    _, cause = np.unique(coded, return_inverse=True)
    source = known.kind.codes[rows]
    what = cause[known.reason_code.codes[rows]] * len(known.kind.levels) + source
    each = known.customer[rows].astype(np.int64) * (len(words) * len(known.kind.levels)) + what
    _, first = np.unique(each, return_index=True)
    rows = rows[np.sort(first)]
    customer = known.customer[rows]
    edges = [0, *(np.flatnonzero(customer[1:] != customer[:-1]) + 1).tolist(), len(rows)]
    begins = [text[:-1] for text in coded]
    sources = [json.dumps(kind) for kind in known.kind.levels]
    codes, kinds, times = known.reason_code.codes[rows], known.kind.codes[rows], known.time_us[rows]
    every = [
        f"{begins[code]},{sources[kind]},{us}]" for code, kind, us in zip(codes, kinds, times.tolist(), strict=True)
    ]
    return {int(customer[start]): ",".join(every[start : min(end, start + MOST)]) for start, end in pairwise(edges)}


def _shown(word: str, own: Words) -> str | None:
    """A word that is a code of ours or of the settings, as these spell it; None where it may be free text."""
    code = word.strip().lower()
    return code if code in SAID or code in CAUSES or code in dict(own) else None
