"""Reads what the other stages wrote, and measures: everything that a verdict rests on, each part tried by itself.

A new part of monitoring is one line here: in `find` where it is of a model, in `look` where it is of the business.
Start reading at `look`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pandas as pd

from churn.clock import WallClock, clock
from churn.cohort import MODELS
from churn.cutoffs import ImmatureLog, latest_fold
from churn.errors import NoChampion
from churn.settings import Settings
from churn.tables import SCORES
from features.holders import read_holders
from features.log import LogManifest, read_log_manifest
from features.log_reading import read_events
from monitoring.attempts import Attempts
from monitoring.champion import Champion, path_of, read_champion
from monitoring.data.contract import faults, usable
from monitoring.drift.reference import reference
from monitoring.drift.shift import feature_drift, score_drift
from monitoring.findings import Findings, Whole
from monitoring.ledger.realised import Realised, realised
from monitoring.reading.windows import KEPT, Current, Scores, read_current_as_it_is, read_scores, snapshot_cutoffs
from monitoring.stops import stopped

SCORE_DAYS = 31  # scores older than the newest by more are not of now
Say = Callable[[str], None]


@dataclass(frozen=True)
class Look:
    """What there is to judge by.

    Args:
        findings: of each champion whose file can be read.
        ledgers: of every model version that ever answered, newest first.
        current: everybody's features of now. scores: all answers. now: the instant judged.
        whole: what is known of the business. tried: what could not be looked at.
    """

    findings: tuple[Findings, ...]
    ledgers: tuple[Realised, ...]
    current: Current
    scores: Scores
    now: datetime
    whole: Whole
    tried: Attempts


def look(
    settings: Settings, *, progress: Say, last_run_at: datetime | None = None, tried: Attempts | None = None
) -> Look:
    """Read everything and measure.

    Args:
        settings: whose, and the thresholds.
        progress: told what is going on.
        last_run_at: the instant that the run before judged.
        tried: keeps what cannot be looked at.

    Raises:
        NoChampion: nothing was promoted yet. Whatever else is missing or broken is told in the findings.
    """
    folder, tried = settings.folder, tried or Attempts()
    serving = _champions(settings, tried)
    manifest = tried("log", lambda: read_log_manifest(folder), None)
    current = tried("features", lambda: read_current_as_it_is(folder), None)
    scores = tried("scores", lambda: read_scores(folder), None) or Scores(SCORES.empty()[KEPT], {}, 0)
    now = _now(settings, manifest, current, last_run_at)
    progress("what became of the scores")
    ledgers = tried("outcomes", lambda: realised_of(settings, scores, manifest) if manifest else [], ())
    findings, held = [], stopped(folder)
    for champion in serving:
        progress(f"{champion.model}: features and scores against its snapshot")
        newer = manifest and tried(
            "snapshot", partial(has_newer_outcomes, settings, champion, manifest), None, model=champion.model
        )
        since = held.get(champion.version)
        findings.append(
            find(
                settings, champion, current, scores, ledgers, now,
                newer_outcomes=bool(newer), stopped_at=since, tried=tried,
            )
        )  # fmt: skip
    whole = Whole(now, last_run_at, tried.of_whole())
    seen = current or Current(pd.DataFrame({"model": pd.Series(dtype=object)}), "", None)
    return Look(tuple(findings), tuple(ledgers), seen, scores, now, whole, tried)


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
    settings: Settings, manifest: LogManifest | None, current: Current | None, last_run_at: datetime | None
) -> datetime:
    """Now by the business's clock; where that stands at the end of a log that cannot be read, as late as is known."""
    if manifest is not None:
        return clock(settings.business.clock, manifest.observed_until).now()
    known = current.as_of if current else None
    return clock(settings.business.clock, known or last_run_at or WallClock().now()).now()


def realised_of(settings: Settings, scores: Scores, manifest: LogManifest) -> list[Realised]:
    """What became of all answers, as far as the log tells."""
    return realised(
        scores,
        lambda: read_events(settings.folder, taking_back=settings.definition.taking_back),
        settings.lifecycle,
        observed_until=manifest.observed_until,
        min_rows=settings.training.min_rows,
        min_positives=settings.training.min_positives,
        seed=settings.training.seed,
        holders=read_holders(settings.folder),
    )


def find(
    settings: Settings,
    champion: Champion,
    current: Current | None,
    scores: Scores,
    ledgers: Sequence[Realised],
    now: datetime,
    *,
    newer_outcomes: bool,
    stopped_at: str | None = None,
    tried: Attempts | None = None,
) -> Findings:
    """All that a verdict on one champion rests on, each part tried by itself."""
    tried, model = tried or Attempts(), champion.model
    nobody = pd.DataFrame({"customer_id": pd.Series(dtype=object)})
    rows = tried("features", lambda: current.of(model) if current else nobody, nobody, model=model)
    then = tried("snapshot", lambda: reference(champion, settings.folder / "monitoring" / "cache"), None, model=model)
    broken = tried("data", lambda: faults(rows, then) if then and len(rows) else [], (), model=model)
    names = usable(champion.bundle.features, broken) if len(rows) else []
    mine, watch = scores_of_now(scores, champion, rows), settings.monitoring.psi_watch
    return Findings(
        champion=champion,
        rows=len(rows),
        min_rows=settings.training.min_rows,
        feature_set_hash=current.feature_set_hash if current else None,
        faults=broken,
        features=tried(
            "drift", lambda: feature_drift(champion, then, rows, names, watch=watch) if then else [], (), model=model
        ),
        score=tried("drift", lambda: score_drift(champion, then, mine, len(rows)) if then else None, None, model=model),
        realised=next((one for one in ledgers if one.version == champion.version), None),
        age=now - current.as_of if current and current.as_of else None,
        max_age=timedelta(hours=settings.serving.max_feature_age_hours),
        newer_outcomes=newer_outcomes,
        stopped_at=stopped_at,
        troubles=tried.of(model),
    )


def has_newer_outcomes(settings: Settings, champion: Champion, manifest: LogManifest) -> bool:
    """Whether training now would learn from cutoffs later than the champion's."""
    try:
        fold = latest_fold(manifest.first_event_at, manifest.observed_until, settings.lifecycle, settings.training)
    except ImmatureLog:
        return False
    return max(fold.train) > max(snapshot_cutoffs(champion))


def scores_of_now(scores: Scores, champion: Champion, rows: pd.DataFrame) -> pd.DataFrame:
    """A champion's newest scores of the customers that it is asked about now, none of them old."""
    mine = scores.newest(champion)
    recent = mine["cutoff"] >= mine["cutoff"].max() - pd.Timedelta(days=SCORE_DAYS)
    now: pd.DataFrame = mine[recent & mine["customer_id"].isin(rows["customer_id"])]
    return now
