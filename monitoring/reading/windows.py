"""The two sides of every comparison: the rows a champion learned from, and the rows and scores of now.

    reference   the champion's snapshot, the rows of its own model
    current     features/current.parquet, the customers that this model is asked about now
    scores      scores/log/*.jsonl and scores/batch/*.parquet, the newest answer a customer, model, cutoff and version

Like is compared with like: one model's cohort then with the same model's cohort now. What is read here may be broken;
nothing is repaired, `monitoring/data/contract.py` says what is wrong. Reads files, writes none.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from churn.errors import DataError
from churn.tables import ERASED_LINE, INSTANT, SCORES, SHADOW_LINE
from features import parquet
from features.cipher_lines import plain_lines
from features.snapshots import MANIFEST_FILE as SNAPSHOT_MANIFEST
from features.snapshots import NoSnapshot, read_snapshot
from features.tombstones import standing
from monitoring.champion import Champion

FURTHER = SCORES.names[SCORES.names.index("vector") :]  # most of the bytes, and what older answers lack
UNUSED = frozenset(FURTHER)  # nothing is judged by it
KEPT = [name for name in SCORES.names if name not in UNUSED]
ONE_ANSWER = ["customer_id", "model", "cutoff", "horizon_days", "model_version"]


class SnapshotGone(DataError):
    """The snapshot that a champion learned from is not there any more."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The snapshot that the champion learned from is gone: {path}.",
            mend="put the folder back from a backup, or, while the log is as it was then, `churn snapshot freeze`; "
            "else `churn retrain`, whose champion has its own.",
        )


class WrongScoreFile(DataError):
    """A file among the scores is not one of ours."""

    def __init__(self, path: Path, missing: list[str]) -> None:
        super().__init__(
            f"The scores in {path} have no {', '.join(missing)}.",
            mend="move the file elsewhere, or write it again with `churn score --all`.",
        )


@dataclass(frozen=True)
class Scores:
    """All answers with a number, one a customer, model, cutoff, horizon and version.

    Args:
        frame: SCORES without the packed vector.
        abstentions: answers without a number, by code.
        unreadable: lines of the log that are no JSON: a line that was being written when a machine went down.
    """

    frame: pd.DataFrame
    abstentions: dict[str, int]
    unreadable: int


def reference_rows(champion: Champion) -> pd.DataFrame:
    """The rows that a champion's snapshot holds of its model, checked against the snapshot's hash.

    Raises:
        SnapshotGone, ChangedSnapshot: it was deleted, or changed since.
    """
    try:
        frame = read_snapshot(standing(champion.snapshot)).frame
    except NoSnapshot as error:
        raise SnapshotGone(champion.snapshot) from error
    return frame[frame["model"] == champion.model].reset_index(drop=True)


def snapshot_cutoffs(champion: Champion) -> list[datetime]:
    """The cutoffs that a champion learned from.

    Raises:
        SnapshotGone: it was deleted.
    """
    return [datetime.fromisoformat(cutoff) for cutoff in _manifest(champion)["cutoffs"]]


def snapshot_known_until(champion: Champion) -> datetime:
    """The end of the log that a champion learned from, by the business's clock.

    Raises:
        SnapshotGone: it was deleted.
    """
    return datetime.fromisoformat(_manifest(champion)["observed_until"])


def _manifest(champion: Champion) -> dict[str, Any]:
    path = standing(champion.snapshot) / SNAPSHOT_MANIFEST
    if not path.is_file():
        raise SnapshotGone(champion.snapshot)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def read_scores(folder: Path) -> Scores:
    """Every answer ever given, on-line and in batches; the CSV beside a batch is for people and says the same.

    Args:
        folder: the artifacts of the business.

    Raises:
        WrongScoreFile: a file there lacks columns of SCORES.
    """
    log, batch = folder / "scores" / "log", folder / "scores" / "batch"
    lines = {path: _lines(path) for path in sorted(log.glob("*.jsonl"))}
    unreadable = sum(bad for _, bad in lines.values())
    parts = [typed(path, pd.DataFrame(rows)) for path, (rows, _) in lines.items()]
    parts += [typed(path, _without(path, UNUSED)) for path in sorted(batch.glob("*.parquet"))]
    parts = [part for part in parts if len(part)]
    every = pd.concat(parts, ignore_index=True) if parts else SCORES.empty()[KEPT]
    number = every["probability"].notna()
    abstained = every.loc[~number, "abstention"].value_counts()
    answers = every[number].sort_values("scored_at", kind="stable").drop_duplicates(ONE_ANSWER, keep="last")
    return Scores(
        answers.reset_index(drop=True), {str(code): int(count) for code, count in abstained.items()}, unreadable
    )


def _without(path: Path, unused: Collection[str]) -> pd.DataFrame:
    """A file without columns that nobody looks at: packed vectors and texts are most of it."""
    return parquet.read_frame(path, [name for name in parquet.names_of(path) if name not in unused])


def _lines(path: Path, *, in_shadow: bool = False) -> tuple[list[dict[str, Any]], int]:
    rows, bad = [], 0
    for stored in plain_lines(path):
        line = stored.decode("utf-8", "replace")
        if line.startswith(ERASED_LINE):
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            bad += 1
            continue
        if bool(row.get(SHADOW_LINE)) == in_shadow:
            rows.append({name: row.get(name) for name in KEPT} if "score_id" in row else row)
    return rows, bad


def typed(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of SCORES in their types; texts as plain objects."""
    if frame.empty:
        return SCORES.empty()[KEPT]
    missing = [name for name in KEPT if name not in frame]
    if missing:
        raise WrongScoreFile(path, missing)
    return pd.DataFrame({name: _as(SCORES[name].dtype, frame[name]) for name in KEPT})


def _as(dtype: str, values: pd.Series) -> pd.Series:
    """A column in the type of its table."""
    if dtype == INSTANT:
        return pd.to_datetime(values, utc=True, format="ISO8601").dt.as_unit("us")
    if dtype == "str":
        return values.astype(object).where(values.notna(), None)
    numbers = pd.to_numeric(values)
    return numbers.astype("Int64") if dtype == "Int64" else numbers.astype("float64")
