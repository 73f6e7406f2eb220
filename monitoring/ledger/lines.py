"""From cohorts to a history: what became of each version's answers, and of all versions' together.

Start reading at `ledgers_of`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from churn.calendar import Calendar, from_us
from monitoring.ledger.cohort import Became, Ledger
from monitoring.ledger.judging import Judged, Rules, pooled
from monitoring.ledger.kept import Kept, Waiting
from monitoring.ledger.realised import Realised


def ledgers_of(cohorts: Sequence[Kept], rules: Rules, calendar: Calendar) -> dict[str, Ledger]:
    """Each model's history.

    Args:
        cohorts: of all models, kept or not yet mature.
        rules: cohorts of another definition of churn stand in the history, and in no sum.
        calendar: whose days.
    """
    cohorts = [_by_clock(one, calendar) for one in cohorts]
    return {
        model: _ledger(model, [one for one in cohorts if one.cohort.model == model], rules, calendar)
        for model in sorted({one.cohort.model for one in cohorts})
    }


def _by_clock(one: Kept, calendar: Calendar) -> Kept:
    """The same by the clocks of the business, so that days that people are told are its days."""
    first, last = (each.astimezone(calendar.zone) for each in (one.cohort.first_mature_at, one.cohort.mature_at))
    waiting = {
        version: replace(each, first_mature_at=each.first_mature_at.astimezone(calendar.zone))
        for version, each in one.waiting.items()
    }
    return replace(one, cohort=replace(one.cohort, first_mature_at=first, mature_at=last), waiting=waiting)


def _ledger(model: str, cohorts: list[Kept], rules: Rules, calendar: Calendar) -> Ledger:
    cohorts = sorted(cohorts, key=lambda one: one.cohort.first_day)
    last: dict[str, tuple[int, int]] = {}
    first: dict[str, int] = {}
    for one in cohorts:
        for version, (first_us, last_us, scored_us) in one.spans.items():
            last[version] = max(last.get(version, (0, 0)), (last_us, scored_us))
            first[version] = min(first.get(version, first_us), first_us)
    newest = sorted(last, key=lambda version: last[version], reverse=True)
    return Ledger(
        model=model,
        cohorts=tuple(one.cohort for one in cohorts),
        line=_together(model, "", cohorts, rules, newest),
        versions=tuple(_together(model, version, cohorts, rules, [version]) for version in newest),
        took_over={version: calendar.day_of(from_us(first[version])) for version in reversed(newest)},
    )


def realised(model: str, version: str, became: Became, waiting: Sequence[Waiting]) -> Realised:
    """A version's answers: what became of those that are mature, and until when the others wait."""
    return Realised(
        model=model,
        version=version,
        state="mature" if became.figures else ("too_few" if became.n else "immature"),
        n=became.n,
        positives=became.positives,
        immature=sum(one.n for one in waiting),
        first_mature_at=min((one.first_mature_at for one in waiting), default=None),
        figures=became.figures,
        bins=became.bins,
        base_log_loss=became.base_log_loss,
        left_out=became.left_out,
    )


def _together(model: str, version: str, cohorts: Iterable[Kept], rules: Rules, versions: Sequence[str]) -> Realised:
    parts: list[Judged] = []
    waiting: list[Waiting] = []
    for one in cohorts:
        waiting += [one.waiting[name] for name in versions if name in one.waiting]
        if one.rests_on.get("definition", rules.definition_id) == rules.definition_id:
            parts += [one.judged[name] for name in versions if name in one.judged]
    return realised(model, version, pooled(parts, rules).became, waiting)
