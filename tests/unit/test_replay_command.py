"""`churn replay`: what it says, and its exit code."""

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from cli.replay import NoLanguage, replay
from serving.schemas import WireAction
from serving.scorer import Answer
from tests import replayed_shop
from tests.replayed_shop import AS_OF


def advised(told: list[Answer], _: str) -> list[Answer]:
    action = WireAction("call", "Soon")
    return [replace(one, score=structs.replace(one.score, action=action, action_code=None)) for one in told]


def test_an_answer_is_made_again_and_a_changed_one_is_told(tmp_path: Path) -> None:
    held = replayed_shop.shop(tmp_path)
    model = replayed_shop.trained(held)
    rows = replayed_shop.rows_at(held, model.features, AS_OF)[:1]
    (answer,) = replayed_shop.answered(held, model, rows, beside=advised)
    told = replay(held, answer.score.score_id, language=None, top=None)
    assert told.exit_code == 0
    assert told.as_json["equal"]
    assert answer.score.reasons[0].text in told.text
    assert "comes back, bit by bit" in told.text
    action = [line.split() for line in told.text.splitlines() if line.startswith("action")]
    assert action == [["action", "call", "call"], ["action_text", "Soon", "Soon"], ["action_due", "-", "-"]]
    replayed_shop.rewritten(held, f'"band":"{answer.score.band}"', '"band":"none"')
    told = replay(held, answer.score.score_id, language="zh", top=1)
    assert told.exit_code == 10
    assert told.as_json["differs"] == ["band"]
    assert "its seal does not fit" in told.text
    with pytest.raises(NoLanguage) as raised:
        replay(held, answer.score.score_id, language="fr", top=None)
    assert "--language zh" in raised.value.mend
