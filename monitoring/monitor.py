"""`churn monitor`: reads what the other stages wrote, judges each champion, and writes verdict and pages.

    monitoring/verdict.json          the verdict for machines
    monitoring/report.html           the front page
    monitoring/evidently-<model>.html, report.json   Evidently's report, as pages and as JSON
    monitoring/cache/                what the champions' snapshots looked like

What is looked at: monitoring/looking.py. What is written is tried by itself too, so that a full disk or a
read-only folder hides no verdict. Start reading at `monitor`.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churn.settings import Settings
from features.atomic import write_json, write_text
from monitoring.attempts import Attempts, Trouble
from monitoring.data.contract import numbers
from monitoring.drift.shift import reference_scores
from monitoring.findings import Findings
from monitoring.ledger.realised import Realised
from monitoring.looking import Look, Say, look, scores_of_now
from monitoring.reading.windows import reference_rows
from monitoring.report import Page, report
from monitoring.site.page import page
from monitoring.verdict import Verdict, as_json, judge, judge_whole

SCORE = "score"
MOST_COLUMNS = 40  # of Evidently's page: those nearest to their bar, and the score


@dataclass(frozen=True)
class Result:
    """What `churn monitor` found.

    Args:
        verdicts: of each champion. whole: of the business.
        ledgers: of every model version that ever answered.
        content: `verdict.json`.
        page: the front page; None where it was not wanted or could not be written.
        findings: what the verdicts rest on. now: the instant judged.
        troubles: what could not be looked at, or not be written.
    """

    verdicts: tuple[Verdict, ...]
    ledgers: tuple[Realised, ...]
    content: dict[str, Any]
    page: Path | None
    findings: tuple[Findings, ...]
    now: datetime
    whole: Verdict
    troubles: tuple[Trouble, ...] = ()


def monitor(settings: Settings, *, progress: Say) -> Result:
    """Judge the champions of a business and write the pages.

    Args:
        settings: whose, and the thresholds.
        progress: told what is going on.

    Raises:
        NoChampion: nothing was promoted yet. Whatever else is missing or broken is a reason of the verdict.
    """
    target, business = settings.folder / "monitoring", settings.business
    seen = look(settings, progress=progress)
    tried, rules = seen.tried, settings.monitoring
    verdicts = tuple(judge(found, rules) for found in seen.findings)
    whole = judge_whole(seen.whole, rules)
    content = as_json(verdicts, now=seen.now, business=business.slug, clock=business.clock, whole=whole)
    tried("verdict", lambda: write_json(target / "verdict.json", content), None)  # first: pages may fail
    front = tried("pages", lambda: _pages(settings, seen, verdicts, progress, tried), None)
    return Result(verdicts, seen.ledgers, content, front, seen.findings, seen.now, whole, tuple(tried.troubles))


def _pages(settings: Settings, seen: Look, verdicts: tuple[Verdict, ...], progress: Say, tried: Attempts) -> Path:
    """Write the pages; the front one."""
    target, business = settings.folder / "monitoring", settings.business
    made = {
        found.champion.model: tried("pages", partial(_evidently, settings, found, seen, progress), None)
        for found in seen.findings
    }
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
    return target / "report.html"


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
