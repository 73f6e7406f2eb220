"""What a champion last told about each customer of now, file by file: 24 bytes a customer, however much was answered.

    scores/log/*.jsonl       every line that names one of the champions
    scores/batch/*.parquet   newest first, until nearly all customers of now have an answer; none older than 31 days

What cannot be read is counted and named, and the rest is read. Writes nothing. Start reading at `read_answers`.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from churn.errors import DataError
from churn.events import FloatArray
from churn.tables import SHADOW_LINE
from features import parquet
from features.cipher_lines import plain_lines
from monitoring.champion import Champion
from monitoring.reading.customers import UInt64Array, numbers_of
from monitoring.reading.newest import Newest, Told
from monitoring.reading.windows import KEPT, WrongScoreFile

READ = ("customer_id", "model_hash", "cutoff", "scored_at", "probability", "abstention")
SCORE_DAYS = 31  # scores older than the newest by more are not of now
STILL_OPEN = 0.01  # share of customers without an answer, for whom no older batch is opened
LINES_A_BLOCK = 20_000
ABSTENTION = re.compile(rb'"abstention":"([^"\\]+)"')
IN_SHADOW = f'"{SHADOW_LINE}":true'.encode()


class UnreadableScores(DataError):
    """A batch of scores cannot be read: half a file, or not one of ours."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"The scores in {path} cannot be read: {why}.",
            mend="move the file elsewhere, or write it again with `churn score --all`.",
        )


@dataclass(frozen=True)
class Answers:
    """What the champions told.

    Args:
        told: by hash of the model.
        abstentions: answers without a number in what was read, by code.
        lines: of the score log that were looked at. unreadable: of them, those that are no answers: torn by a kill.
        broken: files that cannot be read.
    """

    told: Mapping[str, Told]
    abstentions: Mapping[str, int]
    lines: int
    unreadable: int
    broken: tuple[DataError, ...] = ()

    def of(self, champion: Champion) -> Told:
        """What a champion told; nothing where it was not looked for."""
        return self.told.get(champion.model_hash, Told.nothing())


def read_answers(folder: Path, asked: Mapping[str, UInt64Array]) -> Answers:
    """The newest answers of some models about the customers of now.

    Args:
        folder: the artifacts of the business.
        asked: hash of a model to the numbers of its customers, ascending.
    """
    newest = {name: Newest(customers) for name, customers in asked.items()}
    counts, abstentions = Counter[str](), Counter[str]()
    for path in sorted((folder / "scores" / "log").glob("*.jsonl")):
        for lines in _blocks(path):
            _add(_table(lines, list(asked), counts, abstentions), newest)
    broken: list[DataError] = []
    batches = sorted(_dated(folder / "scores" / "batch", broken), key=lambda one: one[:2], reverse=True)
    for last_us, _, path in batches:
        is_old = last_us < max((one.last_cutoff_us for one in newest.values()), default=0) - _us(SCORE_DAYS)
        if is_old or all(one.open_share <= STILL_OPEN for one in newest.values()):
            break
        try:
            _read_batch(path, newest, abstentions)
        except (OSError, pa.ArrowException, KeyError) as error:
            broken.append(UnreadableScores(path, str(error).splitlines()[0]))
    told = {name: one.told(within_us=_us(SCORE_DAYS)) for name, one in newest.items()}
    return Answers(told, dict(abstentions), counts["lines"], counts["unreadable"], tuple(broken))


def _us(days: int) -> int:
    return days * 86_400_000_000  # how old is too old: no window of ours


def _dated(folder: Path, broken: list[DataError]) -> Iterator[tuple[int, str, Path]]:
    """Each batch with its last cutoff, as its footer says."""
    for path in sorted(folder.glob("*.parquet")):
        try:
            with parquet.opened(path) as file:
                names = file.schema_arrow.names
                missing = [name for name in KEPT if name not in names]
                groups = range(file.metadata.num_row_groups)
                told = [file.metadata.row_group(one).column(names.index("cutoff")) for one in groups if not missing]
            if missing:
                broken.append(WrongScoreFile(path, missing))
                continue
            ends = [one.statistics.max for one in told if one.statistics and one.statistics.has_min_max]
            yield max((_micros(end) for end in ends), default=2**62 if told else 0), path.name, path
        except (OSError, pa.ArrowException) as error:
            broken.append(UnreadableScores(path, str(error).splitlines()[0]))


def _micros(end: datetime | int) -> int:
    """An instant of a footer."""
    return end if isinstance(end, int) else (end - datetime(1970, 1, 1, tzinfo=end.tzinfo)) // timedelta(microseconds=1)


def _read_batch(path: Path, newest: Mapping[str, Newest], abstentions: Counter[str]) -> None:
    with parquet.opened(path) as file:
        for block in file.iter_batches(columns=list(READ)):
            table = pa.Table.from_batches([block])
            for one in pc.value_counts(table["abstention"].drop_null()).to_pylist():
                abstentions[str(one["values"])] += one["counts"]
            _add(table, newest, is_final=True)


def _blocks(path: Path) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    for line in plain_lines(path):
        block.append(line)
        if len(block) == LINES_A_BLOCK:
            yield block
            block = []
    yield block


def _table(lines: Sequence[bytes], models: list[str], counts: Counter[str], abstentions: Counter[str]) -> pa.Table:
    """The answers of these models among lines of the log; the others are only counted."""
    rows, wanted = [], [model.encode() for model in models]
    for line in lines:
        counts["lines"] += 1
        if IN_SHADOW in line or line.startswith(b'{"erased"'):
            continue
        if not line.rstrip().endswith(b"}"):
            counts["unreadable"] += 1
            continue
        said = ABSTENTION.search(line)
        if said:
            abstentions[said.group(1).decode("utf-8", "replace")] += 1
        elif any(model in line for model in wanted):
            row = _row(line)
            counts["unreadable"] += row is None
            rows += [] if row is None else [row]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)
    return pa.table([pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)], SCHEMA)


TEXT, MICROS = pa.string(), pa.int64()
SCHEMA = pa.schema(
    [
        ("customer_id", TEXT), ("model_hash", TEXT), ("cutoff", MICROS), ("scored_at", MICROS),
        ("probability", pa.float64()),
    ]
)  # fmt: skip


def _row(line: bytes) -> tuple[str, str, int, int, float] | None:
    """An answer; None where the line is none."""
    try:
        row = json.loads(line)
        instants = [_micros(datetime.fromisoformat(row[name])) for name in ("cutoff", "scored_at")]
        told = float(row["probability"])
        if not 0 <= told <= 1:
            return None
        return str(row["customer_id"]), str(row["model_hash"]), *instants, told  # type: ignore[return-value]
    except (ValueError, KeyError, TypeError):
        return None


def _add(table: pa.Table, newest: Mapping[str, Newest], *, is_final: bool = False) -> None:
    for model_hash, one in newest.items():
        mine = table.filter(pc.equal(table["model_hash"], model_hash))
        told: FloatArray = np.asarray(mine["probability"].to_numpy(), dtype=np.float64)
        cutoffs, scored = (_instants(mine[name]) for name in ("cutoff", "scored_at"))
        one.add(numbers_of(mine["customer_id"]), cutoffs, scored, told)
        if is_final:
            is_mine = pc.equal(table["model_hash"], model_hash)
            one.close(numbers_of(table.filter(pc.or_kleene(is_mine, table["probability"].is_null()))["customer_id"]))


def _instants(column: pa.ChunkedArray) -> np.ndarray:
    micros = column if pa.types.is_integer(column.type) else column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    return np.asarray(micros.fill_null(0).to_numpy(), dtype=np.int64)
