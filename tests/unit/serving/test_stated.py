"""What a customer stated stands beside the reasons of the model: in words of both languages, and never their own."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from churn.calendar import Calendar, to_us
from churn.events import Events
from churn.reasons import CAUSES, SOURCES
from churn.stated_text import texts
from features.online import MemoryOnlineStore
from serving.schemas import Score, WireOpenCases
from serving.stated import stated_beside
from tests import live_shop, tiny_service
from tests.tiny_service import AS_OF, SAID, row, scorer
from tests.unit.churn.test_stated_text import NOW, log


def answered(stated: str | None, language: str = "en", **changed: object) -> Score:
    (answer,) = scorer().score(["C1"], [row("C1", stated=stated, **changed)], language=language, top=3)
    return answer.score


def test_it_stands_beside_the_reasons_of_the_model_and_changes_none() -> None:
    with_it, without = answered(SAID), answered(None)
    assert with_it.reasons == without.reasons
    assert with_it.probability == without.probability
    assert [one.code for one in with_it.stated_reasons] == ["service", "other"]
    assert with_it.open_complaint == WireOpenCases(2, 10.0)
    assert with_it.open_complaint_code is None


@pytest.mark.parametrize(
    ("stated", "cases", "code"),
    [
        (None, None, "not_materialised"),
        ("{}", None, "solutions_unknown"),
        ('{"reasons":[["price","price","survey",0]]}', None, "solutions_unknown"),
        ('{"open":[0,null]}', WireOpenCases(0, None), None),
        ('{"open":[0,null],"reasons":[["price","price","survey",0]]}', WireOpenCases(0, None), None),
    ],
)
def test_what_is_open_is_told_or_why_it_is_not(stated: str | None, cases: WireOpenCases | None, code: str) -> None:
    score = answered(stated)
    assert (score.open_complaint, score.open_complaint_code) == (cases, code)


def test_who_gets_no_number_is_told_as_well_and_who_is_unknown_has_said_nothing() -> None:
    stale = answered(SAID, as_of=AS_OF - timedelta(days=9))
    assert stale.abstention is not None
    assert stale.open_complaint == WireOpenCases(2, 1.0)
    (nobody,) = scorer().score(["nobody"], [None], language="en", top=3)
    assert (nobody.score.stated_reasons, nobody.score.open_complaint_code) == ([], "not_materialised")


def test_the_forgotten_have_said_nothing() -> None:
    (answer,) = scorer().score(["C1"], tiny_service.rows()[:1], language="en", top=3)
    silent = answer.erased("zh").score
    assert (silent.stated_reasons, silent.open_complaint) == ([], None)
    assert silent.abstention is not None
    assert "删除" in silent.abstention.problem


def test_days_are_those_of_the_business() -> None:
    at = datetime(2024, 12, 30, 20, tzinfo=UTC)  # the next day in Shanghai
    held = replace(row("C1"), stated=json.dumps({"reasons": [["price", "price", "survey", to_us(at)]]}))
    for zone, day in (("UTC", 30), ("Asia/Shanghai", 31)):
        (one,) = stated_beside(held, "en", Calendar(zone))["stated_reasons"]
        assert one.date == date(2024, 12, day) == at.astimezone(ZoneInfo(zone)).date()


def test_every_cause_from_every_source_reads_well_in_both_languages() -> None:
    for code in CAUSES:
        for source in SOURCES:
            held = replace(row("C1"), stated=json.dumps({"reasons": [[code, code, source, to_us(AS_OF)]]}))
            for language, ending in (("en", "."), ("zh", "。")):
                (one,) = stated_beside(held, language, Calendar())["stated_reasons"]
                assert one.text.endswith(ending)
                assert getattr(CAUSES[code], language) in one.text
                assert getattr(SOURCES[source], language) in one.text
                assert one.actionable == CAUSES[code].actionable


@pytest.mark.parametrize("free", ["ring me: 0170 1234567", "Anna Schmidt was rude", "住在北京路5号"])
def test_no_words_of_their_own_leave(free: str) -> None:
    events: Events = log([("C1", "complaint", 3, free), ("C1", "complaint_solved", 1, None)])
    score = answered(texts(events, to_us(NOW))[0][0])
    assert [(one.code, one.said) for one in score.stated_reasons] == [("other", None)]
    assert free not in str(score)


def test_a_complaint_that_comes_live_is_in_the_next_answer_and_so_is_its_solution(tmp_path: Path) -> None:
    held, store = live_shop.settings(tmp_path), MemoryOnlineStore()
    live_shop.ingested(held)
    opened = live_shop.intake(held, store)

    def told() -> Score:
        (answer,) = scorer().score(["00004"], store.rows(["00004"]), language="zh", top=1)
        return answer.score

    complaint = {"event_type": "complaint", "order_id": None, "amount": None}
    live_shop.taken(
        opened, [live_shop.event("1", "00004", reason_code="defect", text="Anna 0170 1234567", **complaint)]
    )
    (one,) = told().stated_reasons
    assert (one.code, one.said, one.source) == ("product", "defect", "complaint")
    assert one.text == "客户于2025年3月1日在投诉中表示：产品或质量问题。"
    assert told().open_complaint_code == "solutions_unknown"
    solved = complaint | {"event_type": "complaint_solved", "minutes": 5}
    live_shop.taken(opened, [live_shop.event("2", "00004", **solved)])
    live_shop.taken(opened, [live_shop.event("3", "00004", minutes=2, reason_code=None, **complaint)])
    assert told().open_complaint is not None
    assert told().open_complaint.count == 1  # the second; the first is solved
    assert "Anna" not in str(told())
    opened.close()
