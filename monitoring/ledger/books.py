"""What became of every answer: one history a model, cohort by cohort, whatever versions of it answered.

    immature, partly mature, mature (kept); then judged again where something of its time has changed,
    or closed where its answers are pruned: it stays as it was judged
    or as it was, while some of its answers cannot be read

A cohort that is mature is kept with what it rests on: digests of its answers, of what counted on the days of its
windows, and of ids that changed hands. As long as these are what they were it is not judged again; when they change,
it is, and what it said before stays beside it. Made anew from nothing the ledger is the same, as far as answers are
still there. Start reading at `books`.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from churn.settings import Settings
from features.atomic import write_json
from features.log import LogManifest
from monitoring.ledger.asking import judge_cohorts, maturity, not_yet
from monitoring.ledger.catalogue import catalogue
from monitoring.ledger.cohort import Books, Correction
from monitoring.ledger.desk import Desk, desk_of
from monitoring.ledger.faults import Faults, faults_of, is_damaged
from monitoring.ledger.kept import MOST_CORRECTIONS, Kept, drop_kept, read_kept, write_kept
from monitoring.ledger.lines import ledgers_of
from monitoring.ledger.outcomes import Days
from monitoring.ledger.plan import Planned, planned
from monitoring.ledger.repeats import Repeats
from monitoring.ledger.rests import heirs_asked, is_history, is_same, overlap, rests_on, surely

CACHE = Path("monitoring") / "cache" / "outcome-days.json"
Say = Callable[[str], None]


def books(settings: Settings, manifest: LogManifest, now: datetime, *, progress: Say = lambda _: None) -> Books:
    """What became of all answers of a business; keeps what is new.

    Args:
        settings: whose, and the floors.
        manifest: of the log.
        now: by the business's clock.
        progress: told what is going on.

    Raises:
        NoLog, BrokenLog, ReplacedLog: the log cannot be read. NoFileKey, WrongFileKey: a file's key is not here.
    """
    return books_at(desk_of(settings, manifest, now), progress)


def books_at(desk: Desk, progress: Say = lambda _: None) -> Books:
    """See `books`."""
    calendar = desk.known.lifecycle.calendar
    cells, unreadable = catalogue(desk.folder, calendar)
    faults, repeats = faults_of(unreadable), Repeats.read(desk.folder, calendar)
    plan = {(one.model, one.name): one for one in planned(cells, desk.week_rows)}
    held, broken = read_kept(desk.folder)
    found = {key: one.closed() for key, one in held.items() if is_history(desk, one, plan.get(key))}
    found |= {key: one for key, one in held.items() if key not in found and is_damaged(one, cells, faults)}
    as_they_were = [*found.values()]
    ask: list[Planned] = []
    doubtful: list[Planned] = []
    for key, one in plan.items():
        if any(overlap(one, other) for other in as_they_were):
            continue
        if maturity(one, desk.known)[0] > desk.until_us:
            found[key] = not_yet(one, desk.known, repeats.given(one))
        elif key in held and is_same(held[key].rests_on, surely(desk, one, faults)):
            doubtful.append(one)
        else:
            ask.append(one)
    repeats.keep()
    found |= _judge(desk, ask, doubtful, held, faults, progress)
    for key in held.keys() - found.keys():
        _if_writable(lambda key=key: drop_kept(desk.folder, key))  # type: ignore[misc]
    unreadable += [one for key, one in broken.items() if key not in found]
    return Books(ledgers_of([*found.values()], desk.rules, calendar), tuple(unreadable))


def _judge(
    desk: Desk,
    ask: list[Planned],
    doubtful: list[Planned],
    held: dict[tuple[str, str], Kept],
    faults: Faults,
    progress: Say,
) -> dict[tuple[str, str], Kept]:
    """Judge what is new, then what may have changed; everything else is as it is kept."""
    found: dict[tuple[str, str], Kept] = {}
    days = _read_days(desk)

    def judge(cohorts: list[Planned]) -> Days | None:
        seen = None
        for group in _groups(cohorts, desk.most_rows):
            progress(f"what became of {sum(one.n for one in group):,} answers in {len(group)} cohorts")
            judged, seen = judge_cohorts(desk.folder, group, desk.known, desk.rules)
            for one, new in zip(group, judged, strict=True):
                full = replace(new, rests_on=rests_on(desk, one, seen, faults) | new.rests_on)
                full = _corrected(desk, held.get(new.key), full)
                found[new.key] = full
                _if_writable(lambda full=full: write_kept(desk.folder, full))  # type: ignore[misc]
        return seen

    days = judge(ask) or days
    if days is None and doubtful:
        _, days = judge_cohorts(desk.folder, [], desk.known, desk.rules)
    if days is not None:
        _if_writable(lambda: write_json(desk.folder / CACHE, _state(desk) | {"days": days}))
        judge([one for one in doubtful if _has_changed(desk, one, held, rests_on(desk, one, days, faults))])
    return {(one.model, one.name): held[one.model, one.name] for one in doubtful} | found


def _has_changed(desk: Desk, one: Planned, held: dict[tuple[str, str], Kept], now: dict[str, Any]) -> bool:
    """Whether a cohort must be judged again; a map that grew by ids of others is written down, and that is all."""
    kept = held[one.model, one.name]
    if not is_same(kept.rests_on, {name: value for name, value in now.items() if name != "map"}):
        return True
    if kept.rests_on.get("map") == now["map"]:
        return False
    if kept.rests_on.get("heirs") != heirs_asked(desk, one):
        return True
    held[kept.key] = replace(kept, rests_on=kept.rests_on | now)
    _if_writable(lambda: write_kept(desk.folder, held[kept.key]))
    return False


def _corrected(desk: Desk, before: Kept | None, new: Kept) -> Kept:
    """The cohort with what was said of it before, where that has changed."""
    if before is None:
        return new
    corrections = before.cohort.corrections
    was = before.rests_on
    is_other = before.digest != new.digest and was["until"] is None and was["definition"] == desk.rules.definition_id
    if is_other and before.cohort.became is not None:
        why = "log" if was["answers"] == new.rests_on["answers"] else "answers"
        corrections = (*corrections, Correction(desk.now, why, before.cohort.became))[-MOST_CORRECTIONS:]
    return replace(new, cohort=replace(new.cohort, corrections=corrections))


def _groups(cohorts: Sequence[Planned], most_rows: int) -> Iterator[list[Planned]]:
    """Cohorts in groups of so many answers at most, one at least."""
    group: list[Planned] = []
    for one in cohorts:
        if group and sum(each.n for each in group) + one.n > most_rows:
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _state(desk: Desk) -> dict[str, Any]:
    calendar = desk.known.lifecycle.calendar
    return {"log": [desk.log_hash, desk.until_us, desk.rules.definition_id, calendar.timezone]}


def _read_days(desk: Desk) -> Days | None:
    """The digests of the log's days, where this very log was walked through before."""
    try:
        told = json.loads((desk.folder / CACHE).read_text(encoding="utf-8"))
        return (
            {int(day): int(digest) for day, digest in told["days"].items()}
            if told["log"] == _state(desk)["log"]
            else None
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # there is none yet, or half of one
        return None


def _if_writable(write: Callable[[], None]) -> None:
    """Where nothing can be written the books are told all the same, and judged anew the next time."""
    with suppress(OSError):
        write()
