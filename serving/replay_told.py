"""What was told once, read from its line as strictly as something that anybody may have changed since.

Knows no model and no log. Start reading at `told_by`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from churn.bundle import FloatArray
from churn.tables import INSTANT, SCORES
from features.online import OnlineRow
from serving.score_index import Recalled
from serving.score_log import unpacked


@dataclass(frozen=True)
class Told:
    """What was told, as far as a replay goes by it."""

    row: dict[str, Any]
    vector: FloatArray | None

    def online(self, vector: FloatArray) -> OnlineRow:
        """The row of the store that the answer was made from, with this vector."""
        row = self.row
        return OnlineRow(
            row["customer_id"], vector, row["stage"], row["model"], instant(row["cutoff"]), instant(row["known_at"]),
            row["feature_set_hash"],
        )  # fmt: skip

    def public(self) -> dict[str, Any]:
        """The row without its vector."""
        return {name: value for name, value in self.row.items() if name != "vector"}


def told_by(recalled: Recalled) -> Told:
    """The row of a line, as far as it is one.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    row = {name: recalled.row[name] for name in SCORES.names if name in recalled.row}
    for column in SCORES:
        if not column.nullable and not isinstance(row[column.name], str):
            raise TypeError(column.name)
    vector = None if row.get("vector") is None else unpacked(row["vector"])
    told = Told(row, vector)
    instant(row["scored_at"])
    for column in SCORES:
        if column.dtype == INSTANT:
            maybe(row.get(column.name))
    if vector is not None:
        told.online(vector)
    return told


def maybe(told: Any) -> datetime | None:
    """An instant, where there is one."""
    return None if told is None else instant(told)


def instant(told: Any) -> datetime:
    """An instant, of a text in ISO form or as it is.

    Raises:
        TypeError, ValueError: it is none.
    """
    found = told if isinstance(told, datetime) else datetime.fromisoformat(told)
    if found.tzinfo is None:
        raise ValueError(told)
    return found
