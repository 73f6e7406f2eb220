"""What was advised comes back with an answer of the past as it was told, whatever the table of actions says today."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from msgspec import structs

from churn.settings import Settings
from churn.tables import ACTIONS, VALUES, Table
from serving.schemas import WireAction
from serving.scorer import Answer
from tests import replayed_shop
from tests.replayed_shop import AS_OF, Trained
from tests.unit.serving.replaying import Told, again, answered, apart

__all__ = ["answered", "apart"]  # fixtures

DUE = datetime(2025, 3, 7, 1, tzinfo=UTC)
ADVISED = WireAction("call", "Call them", "they ask twice", DUE, DUE.date())
ROW = {
    "action": "call",
    "action_en": "Call them",
    "action_zh": "请致电",
    "why_en": "they ask twice",
    "why_zh": "客户问了两次",
    "due": DUE,
}


def told_with_action(held: Settings, model: Trained, **how: Any) -> Answer:
    """An answer that came with an action, logged."""
    (row, *_) = replayed_shop.rows_at(held, model.features, AS_OF)

    def beside(told: list[Answer], _: str) -> list[Answer]:
        return [replace(one, score=structs.replace(one.score, action=ADVISED, action_code=None)) for one in told]

    (answer,) = replayed_shop.answered(held, model, [row], beside=beside, **how)
    return answer


def write(held: Settings, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """A table as another room writes it."""
    frame = pd.DataFrame([dict.fromkeys(table.names) | row for row in rows], columns=table.names)
    for column in table:
        frame[column.name] = frame[column.name].astype(column.dtype)
    path = held.folder / "tables" / f"{table.name.lower()}.parquet"
    path.parent.mkdir(exist_ok=True)
    frame.to_parquet(path)


def test_the_action_comes_back_without_the_table_that_had_it(apart: Told) -> None:
    held, model, _ = apart
    answer = told_with_action(held, model)
    told = again(held, answer)
    assert told.equal
    assert told.replayed == answer.score


def test_words_and_dates_of_today_are_not_told_for_those_of_then(apart: Told) -> None:
    held, model, _ = apart
    answer = told_with_action(held, model)
    changed = {"action_en": "Send a voucher", "why_en": "they left", "due": DUE + timedelta(days=9)}
    write(held, ACTIONS, [{"customer_id": answer.score.customer_id} | ROW | changed])
    for language in ("en", "zh"):
        replayed = again(held, answer, language).replayed
        assert replayed is not None
        assert replayed.action == ADVISED


def test_in_another_language_where_the_table_has_the_words_still(apart: Told) -> None:
    held, model, _ = apart
    answer = told_with_action(held, model)
    write(held, ACTIONS, [{"customer_id": answer.score.customer_id} | ROW])
    told = again(held, answer, "zh")
    assert told.equal
    assert told.replayed is not None
    assert told.replayed.action == structs.replace(ADVISED, text=ROW["action_zh"])


def test_an_abstention_has_its_action_and_its_age_too(apart: Told) -> None:
    held, model, _ = apart
    answer = told_with_action(held, model, now=AS_OF + timedelta(days=9))
    assert answer.score.abstention is not None
    assert answer.score.features_age_hours == 216
    told = again(held, answer).replayed
    assert told is not None
    for name in ("action", "action_code", "features_as_of", "features_age_hours", "known_at", "scored_at"):
        assert getattr(told, name) == getattr(answer.score, name), name


def test_that_none_was_worth_it_comes_back_with_its_reason(apart: Told) -> None:
    held, model, _ = apart
    (row, *_) = replayed_shop.rows_at(held, model.features, AS_OF)

    def beside(told: list[Answer], _: str) -> list[Answer]:
        none = {"action_code": "none_worth_it", "action_why": "costs more"}
        return [replace(one, score=structs.replace(one.score, **none)) for one in told]

    (answer,) = replayed_shop.answered(held, model, [row], beside=beside)
    told = again(held, answer)
    assert told.equal
    assert told.replayed is not None
    assert (told.replayed.action, told.replayed.action_code) == (None, "none_worth_it")
    assert told.replayed.action_why == "costs more"


def test_a_line_of_before_tells_the_code_alone(apart: Told) -> None:
    held, model, _ = apart
    answer = told_with_action(held, model)
    words = ',"action_text":"Call them","action_why":"they ask twice","action_due":"2025-03-07T01:00:00Z"'
    replayed_shop.rewritten(held, words, "")
    replayed = again(held, answer).replayed
    assert replayed is not None
    assert replayed.action == WireAction("call", "call")


def test_what_no_log_keeps_is_told_as_such(apart: Told) -> None:
    held, _, answer = apart
    write(held, ACTIONS, [{"customer_id": answer.score.customer_id} | ROW])
    write(held, VALUES, [])
    replayed = again(held, answer).replayed
    assert replayed is not None
    assert (replayed.action, replayed.action_code, replayed.value_tier_code) == (None, "no_action", "not_kept")
