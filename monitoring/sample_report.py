"""What Evidently's page is made from: a sample of now and of the snapshot, of the few columns that drift ranks highest.

Broken columns are left out: each would abort the whole report. Start reading at `sample_report`.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from churn.settings import Settings
from monitoring.drift.weeks import reference_scores
from monitoring.findings import Findings
from monitoring.looking import Look, Say
from monitoring.reading.windows import reference_rows
from monitoring.report import Page, report

SCORE = "score"
MOST_COLUMNS = 19  # beside the score: a page of eighty is not read, and takes four times as long


def sample_report(settings: Settings, found: Findings, seen: Look, progress: Say, run: Path) -> Page | None:
    """Evidently's report of the score and the columns nearest to their bar; None where there are too few rows to draw.

    Args:
        settings: whose, and how many rows a side.
        found: of the model.
        seen: features and scores of now.
        progress: told what is going on.
        run: folder of the run.
    """
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
    target = run / f"evidently-{champion.model}.html"
    size, watch = settings.monitoring.sample_rows, settings.monitoring.psi_watch
    of = {"model": champion.model, "version": champion.version}
    return report(then, now, [SCORE, *names], target, rows=size, watch=watch, at=seen.now, of=of)
