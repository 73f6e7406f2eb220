"""What a cohort rests on: as long as it is what it was, the cohort need not be judged again.

Digests of its answers by file, of what counted on the days of its windows, and of whom the ids of its customers went
to. Start reading at `rests_on`.
"""

from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from churn.calendar import EPOCH, from_us
from monitoring.ledger.answers import gathered, read_file
from monitoring.ledger.asking import maturity
from monitoring.ledger.desk import Desk
from monitoring.ledger.faults import Faults
from monitoring.ledger.kept import Kept
from monitoring.ledger.merged import among, heirs_digest, lost_ids, map_digest
from monitoring.ledger.outcomes import Days
from monitoring.ledger.plan import Planned
from monitoring.ledger.untreated import treatments_digest


def is_history(desk: Desk, kept: Kept, now: Planned | None) -> bool:
    """Whether a kept cohort can be judged no more: answers are gone, or all spoke of another definition."""
    if not all((desk.folder / file).exists() for file in kept.rests_on["answers"]):
        return True
    if kept.rests_on["definition"] == desk.rules.definition_id:
        return False
    return now is None or not any(desk.rules.definition_id in cell.definitions for cell in now.cells)


def overlap(one: Planned, other: Kept) -> bool:
    """Whether answers of one would be answers of the other."""
    theirs = other.cohort
    return one.model == theirs.model and one.first_day <= theirs.last_day and theirs.first_day <= one.last_day


def surely(desk: Desk, one: Planned, faults: Faults) -> dict[str, Any]:
    """What a cohort rests on, as far as the log need not be read for it."""
    stakes, rules = desk.rules.stakes, desk.rules
    treated = treatments_digest(desk.known, one.first_us, one.last_us)
    until = None if maturity(one, desk.known)[1] <= desk.until_us else [desk.log_hash, desk.until_us]
    return {
        "answers": one.answers(),
        "faults": {file: faults[file] for file in one.answers() if file in faults},
        "definition": rules.definition_id,
        "timezone": desk.known.lifecycle.calendar.timezone,
        "floors": [rules.min_rows, rules.min_positives, rules.seed],
        "stakes": None if stakes is None else [*vars(stakes).values()],
        "until": until,
    } | ({} if treated is None else {"treated": treated})


def is_same(kept: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether what is told now was so when the cohort was judged."""
    return all(kept.get(name) == value for name, value in now.items())


def rests_on(desk: Desk, one: Planned, days: Days, faults: Faults) -> dict[str, Any]:
    """What a cohort rests on."""
    lifecycle = desk.known.lifecycle
    first, last = (lifecycle.outcome_window(from_us(us)) for us in (one.first_us, one.last_us))
    edges = [(lifecycle.calendar.day_of(at) - EPOCH).days for at in (first.start, last.end - timedelta(microseconds=1))]
    start = min(days, default=0) if desk.known.is_of_all_time else edges[0]
    counted = sum(days.get(day, 0) for day in range(start, edges[1] + 1)) % 2**64
    told = map_digest(desk.known.holders, desk.until_us)
    return surely(desk, one, faults) | {"days": f"{counted:016x}", "map": told}


def heirs_asked(desk: Desk, one: Planned) -> str:
    """A digest of whom the ids of this cohort's customers went to: read where the id map has changed."""
    lost, asked = lost_ids(desk.known.holders), set[str]()
    for file in one.answers():
        table, _ = read_file(desk.folder, desk.folder / file)
        answers = gathered([table.filter(pc.equal(table["model"], one.model))])
        rows = np.isin(answers.days(desk.known.lifecycle.calendar), [*one.days])
        asked |= among(answers.customers.take(pa.array(np.unique(answers.customer[rows]))), lost)
    return heirs_digest(desk.known.holders, asked, desk.until_us)
