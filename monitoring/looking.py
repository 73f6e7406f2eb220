"""Reads what the other stages wrote, and measures: everything that a verdict rests on, each part tried by itself.

A new part of monitoring is one line here: in `find` where it is of a model, in `look` where it is of the business.
Start reading at `look`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from churn.clock import WallClock, clock
from churn.cohort import MODELS
from churn.cutoffs import ImmatureLog, latest_fold
from churn.errors import ChurnError, NoChampion
from churn.settings import Settings
from features.log import LogManifest, read_log_manifest
from monitoring.attempts import Attempts
from monitoring.before.looking import look_before
from monitoring.business.hazards import look_at_business
from monitoring.champion import Champion, path_of, read_champion
from monitoring.data.contract import usable
from monitoring.data.incoming import incoming
from monitoring.data.usual import broken_now
from monitoring.drift.looking import Before, hold
from monitoring.drift.reference import Reference, nothing_known, reference
from monitoring.drift.shift import feature_drift, score_drift
from monitoring.findings import Findings, Whole
from monitoring.ledger.books import books
from monitoring.ledger.cohort import Books
from monitoring.ledger.realised import Realised
from monitoring.reading.answers import Answers, read_answers
from monitoring.reading.newest import Told
from monitoring.reading.now import read_now
from monitoring.reading.seen import RowsOfNow
from monitoring.reading.windows import snapshot_cutoffs
from monitoring.stops import stopped
from monitoring.weeks_before import weeks_before

Say = Callable[[str], None]


@dataclass(frozen=True)
class Look:
    """What there is to judge by.

    Args:
        findings: of each champion whose file can be read.
        ledgers: of every model version that ever answered, newest first.
        current: everybody's features of now. answers: what the champions last told. now: the instant judged.
        whole: what is known of the business. tried: what could not be looked at.
    """

    findings: tuple[Findings, ...]
    ledgers: tuple[Realised, ...]
    current: RowsOfNow
    answers: Answers
    now: datetime
    whole: Whole
    tried: Attempts


def look(
    settings: Settings,
    *,
    progress: Say,
    last_run_at: datetime | None = None,
    tried: Attempts | None = None,
    with_business: bool = True,
) -> Look:
    """Read everything and measure.

    Args:
        settings: whose, and the thresholds.
        progress: told what is going on.
        last_run_at: the instant that the run before judged.
        tried: keeps what cannot be looked at.
        with_business: whether to walk through the log for what no verdict rests on.

    Raises:
        NoChampion: nothing was promoted yet. Whatever else is missing or broken is told in the findings.
    """
    folder, cache, tried = settings.folder, settings.folder / "monitoring" / "cache", tried or Attempts()
    serving = _champions(settings, tried)
    manifest = tried("log", lambda: read_log_manifest(folder), None)
    thens = {one.model: tried("snapshot", partial(reference, one, cache), None, model=one.model) for one in serving}
    progress("the weeks before")
    back = tried("drift", lambda: weeks_before(settings, serving, thens, manifest, progress), {})
    current = _rows_of_now(settings, thens, back, tried)
    answers = _answers(folder, serving, current, tried)
    now = _now(settings, manifest, current, last_run_at)
    progress("what became of the scores")
    told = tried("outcomes", lambda: _books(settings, manifest, now, progress), Books({}))
    findings, held = [], stopped(folder)
    for champion in serving:
        progress(f"{champion.model}: features and scores against its snapshot")
        newer = manifest and tried(
            "snapshot", partial(has_newer_outcomes, settings, champion, manifest), None, model=champion.model
        )
        found = find(
            settings, champion, thens[champion.model], current, answers.of(champion), told, now,
            newer_outcomes=bool(newer), stopped_at=held.get(champion.version), tried=tried,
            before=back.get(champion.model),
        )  # fmt: skip
        found = _held(settings, back.get(champion.model), found, current, answers, tried)
        findings.append(look_before(settings, found, answers.of(champion), manifest, now, tried, progress))
    progress("what comes in")
    came = tried("arrivals", lambda: incoming(settings, manifest) if manifest else None, None)
    asked = [(one, answers.of(one)) for one in serving] if with_business else None
    stock, hazards = look_at_business(settings, manifest, now, asked, tried, progress)
    whole = Whole(now, last_run_at, tried.of_whole(), told.unreadable, stock=stock, incoming=came, hazards=hazards)
    return Look(tuple(findings), tuple(told.versions), current, answers, now, whole, tried)


def _rows_of_now(
    settings: Settings, thens: Mapping[str, Reference | None], back: Mapping[str, Before], tried: Attempts
) -> RowsOfNow:
    """Everybody's features of now, counted into what the champions learned; sampled are those of the past first."""
    first = {model: one.back.customers for model, one in back.items()}
    known, some = [then or nothing_known(model) for model, then in thens.items()], settings.monitoring.sample_rows
    found = tried("features", lambda: read_now(settings.folder, known, sample_rows=some, first=first), None)
    return found or RowsOfNow(None, None, 0, 0, {}, {})


def _answers(folder: Path, serving: Sequence[Champion], current: RowsOfNow, tried: Attempts) -> Answers:
    """What the champions last told about the customers of now; files that cannot be read are troubles."""
    asked = {one.model_hash: current.of(one.model).customers for one in serving}
    answers = tried("scores", lambda: read_answers(folder, asked), None) or Answers({}, {}, 0, 0)
    for error in answers.broken:
        tried("scores", partial(_raise, error), None)
    return answers


def _raise(error: ChurnError) -> None:
    raise error


def _champions(settings: Settings, tried: Attempts) -> list[Champion]:
    """Those whose files can be read; a broken one is told.

    Raises:
        NoChampion: there is no file.
    """
    there = [model for model in MODELS if path_of(settings.folder, model).is_file()]
    if not there:
        raise NoChampion(settings.business.slug)
    read = {
        model: tried(
            "champion", partial(read_champion, path_of(settings.folder, model), settings.folder), None, model=model
        )
        for model in there
    }
    return [one for one in read.values() if one is not None]


def _now(
    settings: Settings, manifest: LogManifest | None, current: RowsOfNow, last_run_at: datetime | None
) -> datetime:
    """Now by the business's clock; where that stands at the end of a log that cannot be read, as late as is known."""
    if manifest is not None:
        return clock(settings.business.clock, manifest.observed_until).now()
    return clock(settings.business.clock, current.as_of or last_run_at or WallClock().now()).now()


def _books(settings: Settings, manifest: LogManifest | None, now: datetime, progress: Say) -> Books:
    return Books({}) if manifest is None else books(settings, manifest, now, progress=progress)


def find(
    settings: Settings,
    champion: Champion,
    then: Reference | None,
    current: RowsOfNow,
    told: Told,
    ledgers: Books,
    now: datetime,
    *,
    newer_outcomes: bool,
    stopped_at: str | None = None,
    tried: Attempts | None = None,
    before: Before | None = None,
) -> Findings:
    """All that a verdict on one champion rests on, each part tried by itself."""
    tried, model = tried or Attempts(), champion.model
    seen, watch = current.of(model), settings.monitoring.psi_watch
    past = before.until(current.as_of) if before else None
    broken = tried("data", lambda: broken_now(seen, then, past) if then and seen.rows else [], (), model=model)
    names = usable(champion.bundle.features, broken) if seen.rows else []
    probabilities = told.probabilities
    return Findings(
        champion=champion,
        rows=seen.rows,
        min_rows=settings.training.min_rows,
        feature_set_hash=current.feature_set_hash,
        faults=broken,
        features=tried(
            "drift", lambda: feature_drift(champion, then, seen, names, watch=watch) if then else [], (), model=model
        ),
        score=tried(
            "drift", lambda: score_drift(champion, then, probabilities, seen.rows) if then else None, None, model=model
        ),
        realised=next((one for one in ledgers.versions if one.version == champion.version), None),
        age=now - current.as_of if current.as_of else None,
        max_age=timedelta(hours=settings.serving.max_feature_age_hours),
        newer_outcomes=newer_outcomes,
        stopped_at=stopped_at,
        ledger=ledgers.ledgers.get(model),
        troubles=tried.of(model),
    )


def _held(
    settings: Settings, before: Before | None, found: Findings, current: RowsOfNow, answers: Answers, tried: Attempts
) -> Findings:
    """Features and scores against the weeks before, where there are any."""
    champion, as_of = found.champion, current.as_of
    seen = current.of(champion.model)
    if before is None or as_of is None or not seen.rows:
        return found
    told = answers.of(champion)
    drift = tried("drift", lambda: hold(settings, before, seen, told, found, now=as_of), None, model=champion.model)
    if drift is None:
        return replace(found, troubles=tried.of(champion.model))
    return replace(found, drift=drift, features=drift.features, score=drift.score)


def has_newer_outcomes(settings: Settings, champion: Champion, manifest: LogManifest) -> bool:
    """Whether training now would learn from cutoffs later than the champion's."""
    try:
        fold = latest_fold(manifest.first_event_at, manifest.observed_until, settings.lifecycle, settings.training)
    except ImmatureLog:
        return False
    return max(fold.train) > max(snapshot_cutoffs(champion))
