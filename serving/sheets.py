"""Tables of answers on disk, written block by block: SCORES for monitoring, and a sheet for people and CRM imports.

A sheet has a line a customer: the facts, the code of the abstention, each reason as code and sentence, who answers
and how good that is, and what they stated last. `lines` lays answers out for all sheets at once. Knows no model.
Start reading at `Sheet`.
"""

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from churn.cells import harmless
from churn.errors import SettingsError
from churn.tables import INSTANT, SCORES
from features import parquet
from serving.scorer import Answer

TYPES = {"str": pa.string(), INSTANT: pa.timestamp("us", tz="UTC"), "Int64": pa.int64(), "float64": pa.float64()}
SCHEMA = pa.schema([(column.name, TYPES[column.dtype]) for column in SCORES])
FACTS = {
    "customer_id": "str", "stage": "str", "model": "str", "outcome": "str", "probability": "float64",
    "percentile": "float64", "band": "str", "features_as_of": INSTANT, "scored_at": INSTANT, "valid_until": INSTANT,
    "horizon_days": "Int64", "model_version": "str", "score_id": "str",
}  # fmt: skip

ACTION = {"action_text": "str", "action_why": "str", "action_due": INSTANT}
CHOSEN = ("customer_id", "action", "action_text", "action_why")  # words that others choose; "-10% off" is one
FURTHER = [  # after the reasons, so that older readers find theirs
    name for name in SCORES.names[SCORES.names.index("vector") + 1 :] if name not in (*ACTION, "reason_codes")
]
WHO_ANSWERS = ("learner", "grade", "grade_text")  # later still, for the same reason
STATED = {"stated_reason_code": "str", "stated_reason": "str", "open_complaints": "Int64"}  # the newest one


class UnknownSheet(SettingsError):
    """A file is asked for that is neither CSV nor Parquet."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"Scores are not written as {path.suffix or path.name!r}.", mend="name a .csv or a .parquet.")


class Lines(NamedTuple):
    """A block of answers as each sheet wants them; made where the answers are, so that they need not travel."""

    scores: pa.Table
    people: pa.Table
    csv: str


def lines(answers: list[Answer], top: int) -> Lines:
    """Answers as lines of every sheet, with at most so many reasons."""
    logged = [answer.log_row() for answer in answers]
    scores = {name: [row[name] for row in logged] for name in SCORES.names}
    kinds, told = columns(top), _told(answers, scores, top)
    people = pa.Table.from_pydict(told, schema=pa.schema([(name, TYPES[kind]) for name, kind in kinds.items()]))
    in_words = {name: _iso(told[name]) if kind == INSTANT else told[name] for name, kind in kinds.items()}
    for name in CHOSEN:
        in_words[name] = [one and harmless(one) for one in told[name]]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(zip(*in_words.values(), strict=True))
    return Lines(pa.Table.from_pydict(scores, schema=SCHEMA), people, text.getvalue())


def _told(answers: list[Answer], scores: dict[str, list[Any]], top: int) -> dict[str, list[Any]]:
    """The columns of the sheet."""
    given = [answer.score for answer in answers]
    told: dict[str, list[Any]] = {name: [getattr(score, name) for score in given] for name in FACTS}
    told["abstention"] = scores["abstention"]
    for number in range(top):
        reasons = [score.reasons[number] if number < len(score.reasons) else None for score in given]
        told[f"reason_{number + 1}_code"] = [reason and reason.code for reason in reasons]
        told[f"reason_{number + 1}"] = [reason and reason.text for reason in reasons]
    further = {name: scores[name] for name in FURTHER}
    told |= further | {name: [getattr(score, name) for score in given] for name in WHO_ANSWERS}
    stated = [score.stated_reasons[0] if score.stated_reasons else None for score in given]
    told["stated_reason_code"] = [one and one.code for one in stated]
    told["stated_reason"] = [one and one.text for one in stated]
    told["open_complaints"] = [score.open_complaint and score.open_complaint.count for score in given]
    return told | {name: scores[name] for name in ACTION}


def _iso(instants: list[datetime | None]) -> list[str | None]:
    """Instants in ISO form; most customers share theirs."""
    texts = {one: None if one is None else one.isoformat() for one in set(instants)}
    return [texts[one] for one in instants]


class Sheet(Protocol):
    """Something that takes lines block by block."""

    def write(self, block: Lines) -> None:
        """Take the next ones."""
        ...

    def close(self) -> None:
        """There are no more."""
        ...


class Scores:
    """Answers as SCORES, in Parquet."""

    def __init__(self, path: Path) -> None:
        self._writer = parquet.writer(path, SCHEMA)

    def write(self, block: Lines) -> None:
        """Take the next ones."""
        self._writer.write_table(block.scores)

    def close(self) -> None:
        """There are no more."""
        self._writer.close()


class PeopleParquet:
    """The sheet as Parquet."""

    def __init__(self, path: Path, top: int) -> None:
        schema = pa.schema([(name, TYPES[kind]) for name, kind in columns(top).items()])
        self._writer = parquet.writer(path, schema)

    def write(self, block: Lines) -> None:
        """Take the next ones."""
        self._writer.write_table(block.people)

    def close(self) -> None:
        """There are no more."""
        self._writer.close()


class PeopleCsv:
    """The sheet as CSV, with the mark by which spreadsheets know UTF-8; instants in ISO form."""

    def __init__(self, path: Path, top: int) -> None:
        self._file = path.open("w", newline="", encoding="utf-8-sig")
        csv.DictWriter(self._file, fieldnames=list(columns(top))).writeheader()

    def write(self, block: Lines) -> None:
        """Take the next ones."""
        self._file.write(block.csv)

    def close(self) -> None:
        """There are no more."""
        self._file.close()


def sheet_for(path: Path) -> type[PeopleCsv] | type[PeopleParquet]:
    """The kind of sheet that a file's name asks for.

    Raises:
        UnknownSheet: neither .csv nor .parquet.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise UnknownSheet(path)
    return PeopleCsv if path.suffix == ".csv" else PeopleParquet


def columns(top: int) -> dict[str, str]:
    """Columns of the sheet, in order, with their dtypes."""
    reasons = [name for number in range(1, top + 1) for name in (f"reason_{number}_code", f"reason_{number}")]
    further = {name: SCORES[name].dtype for name in FURTHER}
    before = {**FACTS, **dict.fromkeys(("abstention", *reasons), "str"), **further}
    return {**before, **dict.fromkeys(WHO_ANSWERS, "str"), **STATED, **ACTION}
