"""A change as a letter tells it, and what is left of two changes of one customer of which only the newer is told.

    {"type": "score.changed", "timestamp", "data": {customer_id, changed, from, to, ...}}
    {"type": "scores.changed", "timestamp", "data": {"changes": [the same, ...]}}      where several go together

Reads nothing. Start reading at `body_of`, then `merged`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import msgspec

from churn.calendar import from_us
from serving.changes.state import FIRST, OPTED_OUT, TOLD, Change, State

BEFORE = ("stage", "model", "band", "code", "probability")
ONE, SEVERAL, TEST = "score.changed", "scores.changed", "webhook.test"


@dataclass(frozen=True)
class News:
    """What is to be told of a customer: how they were when somebody was told last, and how they are.

    Args:
        before: stage, model, band, code, probability; None of a customer nobody was told of before.
        now: the newest state.
        seq: of the newest change.
    """

    before: Mapping[str, Any] | None
    now: State
    seq: int

    @classmethod
    def of(cls, change: Change) -> "News":
        """What a change tells."""
        return cls(change.before, change.now, change.seq)

    @property
    def changed(self) -> tuple[str, ...]:
        """Which parts differ."""
        if self.before is None:
            return (FIRST,)
        return tuple(name for name, field in TOLD.items() if self.before[field] != getattr(self.now, field))

    def is_wanted(self, what: Collection[str]) -> bool:
        """Whether a part differs that is worth a letter."""
        return any(part in what for part in self.changed)

    def as_text(self) -> str:
        """For the queue; `from_text` is its inverse."""
        return msgspec.json.encode({"before": self.before, "now": asdict(self.now), "seq": self.seq}).decode()

    @classmethod
    def from_text(cls, text: str) -> "News":
        """From the queue."""
        told = msgspec.json.decode(text)
        return cls(told["before"], State(**told["now"]), told["seq"])


def merged(waiting: News | None, change: News) -> News:
    """One letter for both: from how they were before the first to how they are after the second."""
    return change if waiting is None else replace(change, before=waiting.before)


def body_of(news: Sequence[News], *, together: bool) -> bytes:
    """What goes out for some customers' changes.

    Args:
        news: one, or several where `together`.
        together: whether letters hold several.
    """
    told = [_told(one) for one in news]
    at = max(one["told_at"] for one in told)
    data: Any = {"changes": told} if together else told[0]
    return msgspec.json.encode({"type": SEVERAL if together else ONE, "timestamp": at, "data": data})


def trial_body(now: str) -> bytes:
    """A letter by which a receiver can be tried; of nobody."""
    return msgspec.json.encode({"type": TEST, "timestamp": now, "data": {"customer_id": None}})


def _told(news: News) -> dict[str, Any]:
    now = news.now
    before = None if news.before is None else _side(news.before)
    if before is not None and now.code == OPTED_OUT:  # who objects to scores is told of with none, not even the last
        before |= {"band": None, "probability": None}
    return {
        "customer_id": now.customer_id,
        "changed": list(news.changed),
        "from": before,
        "to": _side({name: getattr(now, name) for name in BEFORE}),
        "value_at_risk": now.value_at_risk,
        "score_id": now.score_id,
        "model_version": now.model_version,
        "features_as_of": _instant(now.as_of_us),
        "told_at": _instant(now.told_us),
    }


def _side(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"abstention" if name == "code" else name: told[name] for name in BEFORE}


def _instant(microseconds: int) -> str:
    return from_us(microseconds).isoformat().replace("+00:00", "Z")
