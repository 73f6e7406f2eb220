"""Everybody's score at once: the rows of now through the scorer that the service uses, to Parquet and CSV.

    features/current.parquet --> scores/batch/<cutoff>.parquet    SCORES, which monitoring reads as well
                                 scores/batch/<cutoff>.csv        for people and CRM imports, with reasons in words

Rows go through in blocks, so memory does not grow with the number of customers. A run replaces the files of the
same cutoff as a whole. Knows no registry and no server. Start reading at `score_everyone`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from churn.bundle import BANDS
from churn.settings import Settings
from churn.stages import Stage, by_stage
from features.atomic import write_whole
from features.current_file import read_current
from features.online import rows_of
from serving.scorer import Answer, Scorer
from serving.sheets import Scores, Sheet, sheet_for

FOLDER = Path("scores") / "batch"
BLOCK = 2048
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class BatchReport:
    """What a batch wrote, and how many customers got which answer."""

    customers: int
    answers: dict[str, dict[str, int]]
    """By model ("none" where no model is asked): customers by band, or by code of the abstention."""
    stages: dict[Stage, int]
    """Customers in each stage."""
    files: tuple[Path, ...]

    @property
    def scored(self) -> int:
        """Customers who got a number."""
        return sum(count for by in self.answers.values() for name, count in by.items() if name in BANDS)


def score_everyone(
    settings: Settings, scorer: Scorer, *, out: Path | None = None, progress: Progress | None = None
) -> BatchReport:
    """Score every customer's row of now.

    Args:
        settings: whose customers.
        scorer: the scorer of the service.
        out: a further file for people, .csv or .parquet.
        progress: told customers done and in all.

    Raises:
        NoCurrent: nothing was materialised yet.
    """
    frame, manifest = read_current(settings.folder / "features")
    stamp = _stamp(manifest["as_of"])
    folder = settings.folder / FOLDER
    targets = [folder / f"{stamp}.parquet", folder / f"{stamp}.csv", *([out.absolute()] if out else [])]
    kinds = [sheet_for(target) for target in targets[1:]]
    counts: dict[str, Counter[str]] = {}

    def run(drafts: list[Path]) -> None:
        with ExitStack() as stack:
            sheets: list[Sheet] = [stack.enter_context(closing(Scores(drafts[0])))]
            for kind, draft in zip(kinds, drafts[1:], strict=True):
                sheets.append(stack.enter_context(closing(kind(draft, settings.serving.top_reasons))))
            done = 0
            for answers in _blocks(settings, scorer, frame, manifest["feature_set"]):
                _count(counts, answers)
                for sheet in sheets:
                    sheet.write(answers)
                done += len(answers)
                if progress:
                    progress(done, len(frame), "customers")

    _write_together(targets, run)
    answers = {model: dict(by) for model, by in sorted(counts.items())}
    return BatchReport(len(frame), answers, by_stage(frame["stage"]), tuple(targets))


def _blocks(
    settings: Settings, scorer: Scorer, frame: pd.DataFrame, features: dict[str, Any]
) -> Iterator[list[Answer]]:
    language, top = settings.business.language, settings.serving.top_reasons
    for first in range(0, len(frame), BLOCK):
        block = frame.iloc[first : first + BLOCK]
        rows = list(rows_of(block, features["names"], features["hash"]))
        yield scorer.score([row.customer_id for row in rows], rows, language=language, top=top)


def _write_together(targets: list[Path], run: Callable[[list[Path]], None]) -> None:
    """Fill several files at once, each of which replaces its target once all are complete."""

    def fill(drafts: list[Path], rest: list[Path]) -> None:
        if not rest:
            run(drafts)
            return
        write_whole(rest[0], lambda draft: fill([*drafts, draft], rest[1:]))

    fill([], targets)


def _count(counts: dict[str, Counter[str]], answers: list[Answer]) -> None:
    for answer in answers:
        score = answer.score
        name = score.abstention.code if score.abstention else str(score.band)
        counts.setdefault(score.model or "none", Counter())[name] += 1


def _stamp(as_of: str | None) -> str:
    """The cutoff as the name of a file."""
    return f"{datetime.fromisoformat(as_of):%Y-%m-%dT%H%M%SZ}" if as_of else "nobody"
