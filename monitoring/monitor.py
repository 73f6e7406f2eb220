"""`churn monitor`: reads what the other stages wrote, judges each champion, and writes verdict and pages.

    monitoring/verdict.json          the verdict for machines
    monitoring/report.html           the front page
    monitoring/evidently-<model>.html, report.json   Evidently's report, as pages and as JSON
    monitoring/cache/                what the champions' snapshots looked like

Start reading at `monitor`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churn.clock import clock
from churn.cutoffs import ImmatureLog, latest_fold
from churn.settings import Settings
from features.atomic import write_json, write_text
from features.holders import read_holders
from features.log import LogManifest, read_log_manifest
from features.log_reading import read_events
from monitoring.champion import Champion, champions
from monitoring.data.contract import faults, numbers, usable
from monitoring.drift.reference import reference
from monitoring.drift.shift import feature_drift, reference_scores, score_drift
from monitoring.findings import Findings
from monitoring.ledger.realised import Realised, realised
from monitoring.reading.windows import (
    Current,
    Scores,
    read_current_as_it_is,
    read_scores,
    reference_rows,
    snapshot_cutoffs,
)
from monitoring.report import Page, report
from monitoring.site.page import page
from monitoring.stops import stopped
from monitoring.verdict import Verdict, as_json, judge

SCORE = "score"
MOST_COLUMNS = 40  # of Evidently's page: those nearest to their bar, and the score
SCORE_DAYS = 31  # scores older than the newest by more are not of now
Say = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    """What `churn monitor` found.

    Args:
        verdicts: of each champion.
        ledgers: of every model version that ever answered.
        content: `verdict.json`.
        page: the front page.
        findings: what the verdicts rest on. now: the instant judged.
    """

    verdicts: tuple[Verdict, ...]
    ledgers: tuple[Realised, ...]
    content: dict[str, Any]
    page: Path
    findings: tuple[Findings, ...] = ()
    now: datetime | None = None


@dataclass(frozen=True)
class Look:
    """What there is to judge by.

    Args:
        findings: of each champion. ledgers: of every model version that ever answered, newest first.
        current: everybody's features of now. scores: all answers. now: the instant judged.
    """

    findings: tuple[Findings, ...]
    ledgers: tuple[Realised, ...]
    current: Current
    scores: Scores
    now: datetime


def monitor(settings: Settings, *, progress: Say) -> Result:
    """Judge the champions of a business and write the pages.

    Args:
        settings: whose, and the thresholds.
        progress: told what is going on.

    Raises:
        NoChampion: nothing was promoted yet.
        NoLog, NoCurrent, NoSnapshot: a step before was not taken.
        DataError: a file is not as promised.
    """
    target, business = settings.folder / "monitoring", settings.business
    seen = look(settings, progress=progress)
    verdicts = tuple(judge(found, settings.monitoring) for found in seen.findings)
    content = as_json(verdicts, now=seen.now, business=business.slug, clock=business.clock)
    write_json(target / "verdict.json", content)  # first: a report that fails must not hide a verdict
    made = {found.champion.model: _evidently(settings, found, seen, progress) for found in seen.findings}
    pages = {model: one for model, one in made.items() if one is not None}
    write_json(target / "report.json", {model: one.content for model, one in pages.items()})
    front = page(
        seen.findings,
        verdicts,
        seen.ledgers,
        {model: one.path.name for model, one in pages.items()},
        business=business.name,
        language=business.language,
        now=seen.now,
        clock=business.clock,
        abstentions=seen.scores.abstentions,
        stages=seen.current.stages,
    )
    write_text(target / "report.html", front)
    return Result(verdicts, seen.ledgers, content, target / "report.html", seen.findings, seen.now)


def look(settings: Settings, *, progress: Say) -> Look:
    """Read everything and measure; see `monitor`."""
    folder = settings.folder
    serving, manifest = champions(folder, settings.business.slug), read_log_manifest(folder)
    current, scores = read_current_as_it_is(folder), read_scores(folder)
    now = clock(settings.business.clock, manifest.observed_until).now()
    progress("what became of the scores")
    ledgers = realised_of(settings, scores, manifest)
    findings, held = [], stopped(folder)
    for champion in serving:
        progress(f"{champion.model}: features and scores against its snapshot")
        newer = has_newer_outcomes(settings, champion, manifest)
        since = held.get(champion.version)
        findings.append(find(settings, champion, current, scores, ledgers, now, newer_outcomes=newer, stopped_at=since))
    return Look(tuple(findings), tuple(ledgers), current, scores, now)


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
    current: Current,
    scores: Scores,
    ledgers: list[Realised],
    now: datetime,
    *,
    newer_outcomes: bool,
    stopped_at: str | None = None,
) -> Findings:
    """All that a verdict on one champion rests on."""
    then = reference(champion, settings.folder / "monitoring" / "cache")
    rows = current.of(champion.model)
    broken = faults(rows, then) if len(rows) else []
    names = usable(champion.bundle.features, broken) if len(rows) else []
    mine = scores_of_now(scores, champion, rows)
    return Findings(
        champion=champion,
        rows=len(rows),
        min_rows=settings.training.min_rows,
        feature_set_hash=current.feature_set_hash,
        faults=broken,
        features=feature_drift(champion, then, rows, names, watch=settings.monitoring.psi_watch),
        score=score_drift(champion, then, mine, len(rows)),
        realised=next((one for one in ledgers if one.version == champion.version), None),
        age=now - current.as_of if current.as_of else None,
        max_age=timedelta(hours=settings.serving.max_feature_age_hours),
        newer_outcomes=newer_outcomes,
        stopped_at=stopped_at,
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


def _evidently(settings: Settings, found: Findings, seen: Look, progress: Say) -> Page | None:
    """Evidently's page of the columns nearest to their bar; None where there are too few rows to draw."""
    champion, rows = found.champion, seen.current.of(found.champion.model)
    mine = scores_of_now(seen.scores, champion, rows)
    unusable = {fault.feature for fault in found.faults}
    names = [one.feature for one in found.features if one.feature not in unusable][:MOST_COLUMNS]
    if found.rows < found.min_rows or not names:
        return None
    progress(f"{champion.model}: Evidently's report")
    learned = reference_rows(champion)
    told = rows["customer_id"].map(mine.set_index("customer_id")["probability"]).to_numpy(dtype=np.float64)
    drawn = np.random.default_rng(0).permutation(reference_scores(champion.bundle, len(learned)))
    then = pd.DataFrame({name: learned[name] for name in names} | {SCORE: drawn})
    now = pd.DataFrame({name: numbers(rows[name]) for name in names} | {SCORE: told})
    target = settings.folder / "monitoring" / f"evidently-{champion.model}.html"
    size, watch = settings.monitoring.sample_rows, settings.monitoring.psi_watch
    return report(then, now, [SCORE, *names], target, rows=size, watch=watch)
