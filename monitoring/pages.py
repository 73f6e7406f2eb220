"""The pages of a run, for people: the front page, and Evidently's. Start reading at `pages`."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from churn.settings import Settings
from features.atomic import write_json, write_text
from monitoring.drift.shift import reference_scores
from monitoring.findings import Findings
from monitoring.looking import Look, Say
from monitoring.reading.windows import reference_rows
from monitoring.report import Page, report
from monitoring.site.page import page
from monitoring.verdict import Verdict

SCORE = "score"
MOST_COLUMNS = 40  # of Evidently's page: those nearest to their bar, and the score


def pages(settings: Settings, seen: Look, verdicts: Sequence[Verdict], progress: Say, run: Path) -> Path:
    """Write the pages of a run; the front one.

    Args:
        settings: whose.
        seen: what there is to show.
        verdicts: of each champion; of one whose file cannot be read there are no findings.
        progress: told what is going on.
        run: folder of the run, still a draft.
    """
    del run  # the pages are those of the newest run, for now
    target, business, tried = settings.folder / "monitoring", settings.business, seen.tried
    made = {
        found.champion.model: tried("pages", partial(_evidently, settings, found, seen, progress), None)
        for found in seen.findings
    }
    reports = {model: one for model, one in made.items() if one is not None}
    write_json(target / "report.json", {model: one.content for model, one in reports.items()})
    front = page(
        seen.findings,
        [one for one in verdicts if one.model in {found.champion.model for found in seen.findings}],
        seen.ledgers,
        {model: one.path.name for model, one in reports.items()},
        business=business.name,
        language=business.language,
        now=seen.now,
        clock=business.clock,
        abstentions=seen.answers.abstentions,
        stages=seen.current.stages,
    )
    write_text(target / "report.html", front)
    return target / "report.html"


def _evidently(settings: Settings, found: Findings, seen: Look, progress: Say) -> Page | None:
    """Evidently's page of the columns nearest to their bar; None where there are too few rows to draw."""
    champion, sample = found.champion, seen.current.of(found.champion.model).sample
    unusable = {fault.feature for fault in found.faults}
    names = [one.feature for one in found.features if one.feature not in unusable][:MOST_COLUMNS]
    if found.rows < found.min_rows or not names:
        return None
    progress(f"{champion.model}: Evidently's report")
    learned = reference_rows(champion)
    told = seen.answers.of(champion).about(sample.index.to_numpy(dtype=np.uint64))
    drawn = np.random.default_rng(0).permutation(reference_scores(champion.bundle, len(learned)))
    then = pd.DataFrame({name: learned[name] for name in names} | {SCORE: drawn})
    now = pd.DataFrame({name: sample[name].to_numpy() for name in names} | {SCORE: told})
    target = settings.folder / "monitoring" / f"evidently-{champion.model}.html"
    size, watch = settings.monitoring.sample_rows, settings.monitoring.psi_watch
    return report(then, now, [SCORE, *names], target, rows=size, watch=watch)
