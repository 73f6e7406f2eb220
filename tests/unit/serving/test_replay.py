"""An answer of the past is made again bit by bit; whatever was altered since is named."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from churn.definition import ChurnDefinition, StageRules
from churn.sections import Features
from features.live.compaction import compact
from features.online import MemoryOnlineStore
from serving import archive
from serving.abstentions import abstention
from serving.refusals import Erased, UnknownScore
from serving.replay import replay
from tests import live_shop, replayed_shop
from tests.replayed_shop import AS_OF
from tests.unit.serving.replaying import WHOLE, Told, again, answered, apart, states

__all__ = ["answered", "apart"]  # fixtures


def test_number_reasons_and_all_else_come_back(answered: Told) -> None:
    held, _, answer = answered
    told = again(held, answer)
    assert told.equal, told
    assert told.differs == []
    assert told.replayed == answer.score
    assert told.told is not None
    assert told.told["probability"] == answer.score.probability
    assert "vector" not in told.told
    assert states(told) == WHOLE


def test_reasons_come_in_the_language_and_number_that_are_asked_for(answered: Told) -> None:
    held, _, answer = answered
    told = again(held, answer, "zh", 1)
    assert told.equal
    assert told.replayed is not None
    (reason,) = told.replayed.reasons
    assert reason.code == answer.score.reasons[0].code
    assert reason.text != answer.score.reasons[0].text


def test_models_two_versions_old_and_other_features_since(apart: Told) -> None:
    """Three were promoted one after the other, the last two with other features."""
    held, first, answer = apart
    fewer = held.model_copy(update={"features": Features(leave_out=("*_90d",))})
    told = [answer]
    for number in (2, 3):
        model = replayed_shop.trained(fewer, number)
        assert model.features.hash != first.features.hash
        told += replayed_shop.answered(fewer, model, replayed_shop.rows_at(fewer, model.features, AS_OF)[:1])
    shutil.rmtree(held.folder / "snapshots")  # pruned: the archive says what the features were made of
    for one in told:
        found = again(fewer, one)
        assert found.equal, found
        assert found.replayed == one.score
    assert len({one.score.probability for one in told}) == 3


def test_a_live_row_is_made_again_before_and_after_its_events_enter_the_log(tmp_path: Path) -> None:
    held = replayed_shop.shop(tmp_path)
    model, store = replayed_shop.trained(held), MemoryOnlineStore()
    intake = live_shop.intake(held, store)
    assert live_shop.taken(intake, [live_shop.event("e1")]) == ["accepted"]
    (row,) = store.rows(["客 0003"])
    assert row is not None
    (answer,) = replayed_shop.answered(held, model, [row], now=row.as_of + timedelta(seconds=1))
    assert answer.score.probability is not None
    live_shop.taken(intake, [live_shop.event("e2", minutes=90)])  # known later: the answer did not know it
    before = again(held, answer)
    intake.close()
    compact(held, wall=live_shop.Ticking())
    after = again(held, answer)
    for told in (before, after):
        assert told.equal, told
        assert told.replayed == answer.score


def test_an_unknown_id_and_a_shadows_word_are_no_answers(apart: Told) -> None:
    held, _, answer = apart
    for unknown in ("0" * 32, "nonsense", "../../etc", ""):
        with pytest.raises(UnknownScore) as raised:
            replay(held, unknown, language="en", top=3)
        assert "score_log_days" in raised.value.mend
    replayed_shop.rewritten(held, f'"score_id":"{answer.score.score_id}"', f'"score_id":"{"f" * 32}","shadow":true')
    with pytest.raises(UnknownScore):
        replay(held, "f" * 32, language="en", top=3)


def test_who_was_forgotten_is_not_made_again(apart: Told) -> None:
    from features.erasure.store import Whom
    from serving.erasing import erase_from_score_log

    held, _, answer = apart
    erase_from_score_log(held.folder, Whom(frozenset({answer.score.customer_id})))
    with pytest.raises(Erased) as raised:
        again(held, answer)
    assert raised.value.status == 410


def test_another_definition_today_does_not_change_the_past(apart: Told) -> None:
    held, _, answer = apart
    held = held.model_copy(update={"definition": ChurnDefinition(horizon_days=60)})
    told = again(held, answer)
    assert told.equal
    assert states(told) == WHOLE | {"definition": "changed_since"}


def test_other_rules_of_stages_today_do_not_change_the_past(apart: Told) -> None:
    held, model, _ = apart
    other = held.model_copy(update={"stages": StageRules(lapsing_share=0.999)})
    now, then = (replayed_shop.rows_at(one, model.features, AS_OF) for one in (other, held))
    row, moved = next((one, two) for one, two in zip(then, now, strict=True) if one.stage != two.stage)
    (answer,) = replayed_shop.answered(held, model, [row])
    told = again(other, answer)
    assert told.equal
    assert told.replayed == answer.score
    assert states(told) == WHOLE | {"definition": "changed_since"}
    assert "[stages]" in str(told.inputs.definition.problem)
    (later,) = replayed_shop.answered(other, model, [moved])
    assert states(again(other, later)) == WHOLE, "the model was archived under the rules of before"
    assert again(held, later).differs == ["stage"]


def test_who_was_asked_about_by_no_model_still_is(apart: Told) -> None:
    held, model, _ = apart
    everybody = replayed_shop.rows_at(held, model.features, AS_OF, asked=None)
    row = next(one for one in everybody if one.model is None)
    (answer,) = replayed_shop.answered(held, model, [row])
    assert answer.score.abstention is not None
    for language in ("en", "zh"):
        told = again(held, answer, language)
        assert told.equal
        assert told.inputs.features.state == "as_known_then"
        assert told.inputs.model.state == "not_asked"
        assert told.replayed is not None
        assert told.replayed.abstention == abstention(answer.score.abstention.code, language)
    replayed_shop.rewritten(held, '"abstention":"no_qualifying_event"', '"abstention":"not_eligible"')
    assert again(held, answer).differs == ["abstention"]


def test_rows_older_than_a_new_definition_are_made_again_with_theirs(apart: Told) -> None:
    """A definition that changed before the rows did: who answers names the new one, the features are of the old."""
    held, model, _ = apart
    row = next(row for row in replayed_shop.rows_at(held, model.features, AS_OF, asked=None) if row.model is None)
    other = held.model_copy(update={"definition": ChurnDefinition(horizon_days=60)})
    (answer,) = replayed_shop.answered(other, model, [row])
    assert answer.score.definition_id == other.definition.id
    told = again(other, answer)
    assert told.equal
    assert told.replayed == answer.score
    assert states(told)["definition"] == "changed_since"
    note = archive.folder_of(held.folder, model.hash) / archive.NOTE
    note.write_text(note.read_text().replace('"horizon_days": 90', '"horizon_days": 91'))
    found = states(again(other, answer))
    assert (found["definition"], found["features"]) == ("unknown", "cannot_be_made_again")


def test_an_abstention_is_told_again(apart: Told) -> None:
    held, model, _ = apart
    rows = replayed_shop.rows_at(held, model.features, AS_OF)[:1]
    (answer,) = replayed_shop.answered(held, model, rows, now=AS_OF + timedelta(days=9))
    assert answer.score.abstention is not None
    told = again(held, answer)
    assert told.equal
    assert told.replayed is not None
    assert told.replayed.abstention is not None
    assert told.replayed.abstention.code == "stale_features"
    replayed_shop.rewritten(held, '"abstention":"stale_features"', '"abstention":"erased"')
    assert not again(held, answer).equal
