"""A cohort's answers read and judged: those whose horizon is over, by version and all together.

Start reading at `judge_cohorts`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from churn.calendar import from_us, to_us
from churn.events import FloatArray
from monitoring.ledger.answers import Answers, compact, gathered, read_file
from monitoring.ledger.catalogue import Given, given_by
from monitoring.ledger.cohort import Cohort
from monitoring.ledger.judging import Judged, Rules, judge_rows
from monitoring.ledger.kept import Kept, Waiting
from monitoring.ledger.merged import among, heirs_digest, lost_ids
from monitoring.ledger.outcomes import Days, Known, Windows, walk
from monitoring.ledger.plan import Planned, together
from monitoring.ledger.untreated import judge_untreated


@dataclass(frozen=True)
class Ready:
    """A cohort's answers, the first of each day: those that can be judged, and the others with the day they can."""

    planned: Planned
    mature: Answers
    waiting: Answers
    waiting_until: Windows


def judge_cohorts(folder: Path, group: Sequence[Planned], known: Known, rules: Rules) -> tuple[list[Kept], Days]:
    """Read the answers of some cohorts, and judge what is mature in one walk through the log.

    Args:
        folder: the artifacts of the business.
        group: cohorts, together no more answers than memory holds.
        known: the log.
        rules: how answers are judged.

    Returns:
        The cohorts as judged, resting on no more than whose ids changed hands; and the digests of the log's days.

    Raises:
        BrokenLog, ReplacedLog: the log cannot be read, or was replaced meanwhile.
    """
    ready = _read(folder, group, known)
    outcomes, days = walk(known, [one.mature for one in ready])
    return [_judged(one, outcome, known, rules) for one, outcome in zip(ready, outcomes, strict=True)], days


def maturity(planned: Planned, known: Known) -> tuple[int, int]:
    """When the first and when the last answer of a cohort can be judged, microseconds since 1970 UTC."""
    first, last = (known.lifecycle.outcome_window(from_us(one)).end for one in (planned.first_us, planned.last_us))
    return to_us(first), to_us(last)


def not_yet(planned: Planned, known: Known, given: Mapping[str, Given]) -> Kept:
    """A cohort of which no horizon is over.

    Args:
        planned: its answers.
        known: the log.
        given: what will be judged, by version.
    """
    waiting = {
        version: Waiting(one.n, known.lifecycle.outcome_window(from_us(one.first_us)).end)
        for version, one in given.items()
    }
    return Kept(_cohort(planned, known, "immature", 0.0, given), {}, waiting, _spans(planned))


def _read(folder: Path, group: Sequence[Planned], known: Known) -> list[Ready]:
    calendar, until_us = known.lifecycle.calendar, to_us(known.observed_until)
    tables: dict[tuple[str, str], list[pa.Table]] = {(one.model, one.name): [] for one in group}
    for file in sorted({cell.file for one in group for cell in one.cells}):
        table, _ = read_file(folder, folder / file)
        days, models = gathered([table]).days(calendar), table["model"].to_numpy()
        for one in group:
            rows = np.isin(days, [*one.days]) & (models == one.model)
            tables[one.model, one.name].append(compact(table.filter(pa.array(rows))))
    found = []
    for one in group:
        answers = gathered(tables.pop((one.model, one.name))).firsts_of_days(calendar)
        windows = Windows.of(answers, known.lifecycle)
        over = windows.end_us <= until_us
        mature = answers if over.all() else answers.take(over)
        found.append(Ready(one, mature, answers.take(~over), windows.take(np.flatnonzero(~over))))
    return found


def _judged(ready: Ready, outcome: FloatArray, known: Known, rules: Rules) -> Kept:
    planned, mature, late = ready.planned, ready.mature, ready.waiting
    every = judge_rows(mature, outcome, rules, model=planned.model)
    judged, waiting = {}, {}
    for code, version in enumerate(mature.versions):
        rows = mature.version == code
        if rows.any():
            mine = judge_rows(mature.take(rows), outcome[rows], rules, model=planned.model) if not rows.all() else every
            judged[version] = mine
        rows = late.version == code
        if rows.any():
            waiting[version] = Waiting(int(rows.sum()), from_us(int(ready.waiting_until.end_us[rows].min())))
    state = ("partly_mature" if len(mature) else "immature") if len(late) else _mature(every)
    share = len(mature) / max(len(mature) + len(late), 1)
    given = together([given_by(mature), given_by(late)])
    cohort = replace(
        _cohort(planned, known, state, share, given),
        became=every.became if len(mature) else None,
        by_version={version: one.became for version, one in judged.items()},
        untreated=judge_untreated(mature, outcome, known, rules, model=planned.model),
    )
    lost = lost_ids(known.holders)
    formers = among(mature.customers, lost) | among(late.customers, lost)
    rests_on = {"heirs": heirs_digest(known.holders, formers, to_us(known.observed_until))}
    return Kept(cohort, judged, waiting, _spans(planned), rests_on, digest=every.digest)


def _mature(every: Judged) -> str:
    return "mature" if every.became.figures else "too_few"


def _cohort(planned: Planned, known: Known, state: str, share: float, given: Mapping[str, Given]) -> Cohort:
    first_us, last_us = maturity(planned, known)
    n = sum(one.n for one in given.values())
    return Cohort(
        model=planned.model,
        name=planned.name,
        first_day=planned.first_day,
        last_day=planned.last_day,
        state=state,
        answers=n,
        versions={version: one.n for version, one in given.items()},
        expected_rate=sum(one.told for one in given.values()) / max(n, 1),
        mature_share=share,
        first_mature_at=from_us(first_us),
        mature_at=from_us(last_us),
    )


def _spans(planned: Planned) -> dict[str, tuple[int, int, int]]:
    return {version: (one.first_us, one.last_us, one.scored_us) for version, one in planned.given.items()}
