"""Everybody's score at once: the rows of now through the scorer that the service uses, to Parquet and CSV.

    features/current.parquet --> scores/batch/<cutoff>.parquet    SCORES, which monitoring reads as well
                                 scores/batch/<cutoff>.csv        for people and CRM imports, with reasons in words

Rows are read and scored piece by piece, here or on a cluster, so that memory does not grow with the number of
customers; answers are the same. A run replaces the files of the
same cutoff as a whole. Knows no registry and no server. Start reading at `score_everyone`.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from churn.bundle import BANDS
from churn.settings import Settings
from churn.stages import Stage
from features import parquet
from features.atomic import write_whole
from features.current_file import BESIDE, ROWS_FILE, read_manifest
from features.encryption import is_encrypting
from features.online import OnlineRow, rows_of
from features.parts import HERE, Engine
from features.snapshot_file import row_groups
from serving.nightly import nights
from serving.score_log import Row, ScoreLog
from serving.scorer import Answer, Scorer
from serving.seal import Seal
from serving.shadow import Shadows
from serving.sheets import Lines, Scores, Sheet, lines, sheet_for

FOLDER = Path("scores") / "batch"
BLOCK = 2048
PIECE = 8 * BLOCK
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
    settings: Settings,
    scorer: Scorer,
    *,
    out: Path | None = None,
    progress: Progress | None = None,
    engine: Engine = HERE,
    elsewhere: Callable[[], Scorer] | None = None,
    shadows: Callable[[], Shadows] | None = None,
    keep: Callable[[list[OnlineRow]], None] | None = None,
) -> BatchReport:
    """Score every customer's row of now.

    Args:
        settings: whose customers.
        scorer: the scorer of the service.
        out: a further file for people, .csv or .parquet.
        progress: told customers done and in all.
        engine: where the pieces are scored.
        elsewhere: makes that scorer where they are; needed on a cluster.
        shadows: makes, likewise, the challengers that score beside it, into the score log.
        keep: keeps the answers of the night beside the rows of the on-line store.

    Raises:
        NoCurrent: nothing was materialised yet.
    """
    folder, manifest = settings.folder / FOLDER, read_manifest(settings.folder / "features")
    stamp = _stamp(manifest["as_of"])
    people = [] if is_encrypting(folder) else [folder / f"{stamp}.csv"]  # which spreadsheet reads what is encrypted?
    targets = [folder / f"{stamp}.parquet", *people, *([out.absolute()] if out else [])]
    kinds, pieces = [sheet_for(target) for target in targets[1:]], pieces_of(settings.folder / "features" / ROWS_FILE)
    work = partial(
        score_piece, features=manifest["feature_set"], scorer=elsewhere or (lambda: scorer),
        language=settings.business.language, top=settings.serving.top_reasons, shadows=shadows, nightly=bool(keep),
    )  # fmt: skip
    everybody, answers, stages = sum(piece.rows for piece in pieces), Counter[tuple[str, str]](), Counter[str]()
    tell = progress or (lambda *_: None)

    def run(drafts: list[Path]) -> None:
        log = ScoreLog(settings.folder, Seal.of(settings))  # no file before its first line
        with closing(log), ExitStack() as stack:
            opened = (kind(draft, settings.serving.top_reasons) for kind, draft in zip(kinds, drafts[1:], strict=True))
            sheets: list[Sheet] = [stack.enter_context(closing(one)) for one in (Scores(drafts[0]), *opened)]
            done = 0
            for scored in engine.map(work, pieces):
                answers.update(scored.answers)
                stages.update(scored.stages)
                _keep(scored, log, keep)
                for sheet in sheets:
                    sheet.write(scored.lines)
                done += len(scored.lines.scores)
                tell(done, everybody, "customers")

    _write_together(targets, run)
    return BatchReport(everybody, _by_model(answers), {one: stages[one.value] for one in Stage}, tuple(targets))


@dataclass(frozen=True)
class Piece:
    """Some rows of now, read where they are scored: those of one group of the file from the first on."""

    path: Path
    group: int
    first: int
    rows: int


@dataclass(frozen=True)
class Scored:
    """What a piece gave: lines for the sheets, customers by model and answer, and by stage; what a shadow said.

    And rows that carry the answers of the night, where these are kept.
    """

    lines: Lines
    answers: Counter[tuple[str, str]]
    stages: Counter[str]
    in_shadow: list[Row]
    nights: list[OnlineRow]


def pieces_of(path: Path) -> list[Piece]:
    """The rows of now in pieces of at most `PIECE`."""
    with parquet.opened(path) as file:
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    return [
        Piece(path, group, first, min(PIECE, size - first))
        for group, size in enumerate(sizes)
        for first in range(0, size, PIECE)
    ]


def score_piece(
    piece: Piece,
    *,
    features: Mapping[str, Any],
    scorer: Callable[[], Scorer],
    language: str,
    top: int,
    shadows: Callable[[], Shadows] | None = None,
    nightly: bool = False,
) -> Scored:
    """Score a piece block by block; what an engine maps over the pieces."""
    (group,) = row_groups(piece.path, features["names"], *BESIDE, groups=[piece.group])
    frame, judge, answers = group.iloc[piece.first : piece.first + piece.rows], scorer(), list[Answer]()
    kept = list[OnlineRow]()
    for first in range(0, len(frame), BLOCK):
        rows = list(rows_of(frame.iloc[first : first + BLOCK], features["names"], features["hash"]))
        told = judge.score([row.customer_id for row in rows], rows, language=language, top=top)
        if nightly:
            kept += nights(judge.champions, rows, [answer.judged for answer in told], judge.calendar, top)
        answers += told
    in_shadow = shadows().rows(answers) if shadows else []
    return Scored(lines(answers, top), Counter(map(_answer, answers)), Counter(frame["stage"]), in_shadow, kept)


def _keep(scored: Scored, log: ScoreLog, keep: Callable[[list[OnlineRow]], None] | None) -> None:
    if scored.in_shadow:
        log.append(scored.in_shadow).result()
    if keep:
        keep(scored.nights)


def _write_together(targets: list[Path], run: Callable[[list[Path]], None]) -> None:
    """Fill several files at once, each of which replaces its target once all are complete."""

    def fill(drafts: list[Path], rest: list[Path]) -> None:
        if not rest:
            run(drafts)
            return
        write_whole(rest[0], lambda draft: fill([*drafts, draft], rest[1:]))

    fill([], targets)


def _answer(answer: Answer) -> tuple[str, str]:
    """The model that was asked, and the band, or the code of the abstention."""
    score = answer.score
    return score.model or "none", score.abstention.code if score.abstention else str(score.band)


def _by_model(answers: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (model, name), customers in answers.items():
        found.setdefault(model, {})[name] = customers
    return dict(sorted(found.items()))


def _stamp(as_of: str | None) -> str:
    """The cutoff as the name of a file."""
    return f"{datetime.fromisoformat(as_of):%Y-%m-%dT%H%M%SZ}" if as_of else "nobody"
