"""Reasons: the taxonomy is whole in both languages, and what is told of a customer follows from the numbers."""

import re
from dataclasses import replace

import numpy as np
import pytest

from churn.bundle import Text
from churn.explanation import Described, Explainer, told_first
from churn.phrases import in_words
from churn.reasons import CAUSES, GROUPS, UNCLEAR, UnknownReason, group_of
from tests.bundles import a_bundle

FEATURES = [
    Described("days_since_order", "silence", "days since the last order", "距上次下单的天数", "days"),
    Described("order_count_90d", "rhythm", "orders in the last 90 days", "近90天下单次数", "events"),
    Described("order_gap_mean", "rhythm", "usual days between orders", "两次下单的平均间隔天数", "days"),
    Described("spend_90d", "value", "spend in the last 90 days", "近90天消费金额", "money"),
    Described("region", "profile", "region", "地区", "category", is_category=True),
]
USUAL = {"days_since_order": 20.5, "order_count_90d": 3.0, "order_gap_mean": 31.0, "spend_90d": None, "region": 4.0}
CAUSAL = re.compile(r"because|caus|due to|leads? to|result|drive|导致|因为|造成|引起|由于", re.IGNORECASE)


def explained(*contributions: float, values: tuple[float, ...] = (74, 0, 30, np.nan, 17), **settings: float) -> list:
    explainer = Explainer(FEATURES, USUAL, outcome="churned", **settings)
    return explainer.explain(np.array([contributions]), np.array([values], dtype=float))[0]


def test_the_taxonomy_has_every_code_in_both_languages() -> None:
    asked = "silence rhythm value breadth engagement service satisfaction loyalty campaigns price returns referral"
    assert {*asked.split(), "profile", "tenure", "season", "usage"} <= set(GROUPS)
    stated = "after_sale_neglect over_promising impersonal ignored_feedback inconsistent_messages"
    assert {*stated.split(), "price", "product", "service", "competitor", "life_event"} <= set(CAUSES)
    for reasons in (GROUPS, CAUSES, {UNCLEAR.code: UNCLEAR}):
        for code, reason in reasons.items():
            assert reason.code == code
            assert re.fullmatch("[a-z_]+", code)
            assert reason.en.isascii()
            assert re.search("[一-鿿]", reason.zh)
    for texts in ([r.en for r in GROUPS.values()], [r.zh for r in GROUPS.values()], [r.zh for r in CAUSES.values()]):
        assert len(set(texts)) == len(texts)


def test_what_nobody_can_change_is_not_actionable() -> None:
    assert {code for code, group in GROUPS.items() if not group.actionable} == {"profile", "tenure", "season"}


@pytest.mark.parametrize("code", ["luck", None])
def test_a_group_that_does_not_exist_is_refused(code: str | None) -> None:
    with pytest.raises(UnknownReason, match=r"churn/reasons\.py"):
        group_of("days_since_order", code)
    with pytest.raises(UnknownReason):
        Explainer([replace(FEATURES[0], group=str(code))], {}, outcome="churned")


def test_a_score_above_the_usual_begins_with_what_raises_it() -> None:
    first, second, third = explained(0.5, 0.4, 0.4, -1.0, 0.01)
    assert [first.code, second.code, third.code] == ["rhythm", "silence", "value"]
    assert [first.direction, second.direction, third.direction] == ["raises", "raises", "lowers"]
    assert first.contribution == pytest.approx(0.8)
    assert first.share == pytest.approx(0.8 / 2.31)


def test_a_score_below_the_usual_begins_with_what_lowers_it() -> None:
    first, second = explained(0.5, 0.0, 0.0, -1.0, 0.0)
    assert [(one.code, one.direction) for one in (first, second)] == [("value", "lowers"), ("silence", "raises")]


def test_what_moves_everybody_alike_is_no_reason() -> None:
    usual = np.array([1.0, 0.0, 0.0, 0.2, 0.0])
    first, *_ = explained(1.05, 0.0, 0.0, 0.7, 0.0, usual_contributions=usual)
    assert (first.code, first.contribution) == ("value", pytest.approx(0.5))
    assert first.share == pytest.approx(0.5 / 0.55)


def test_the_group_told_first_is_the_one_that_the_reasons_begin_with() -> None:
    rng = np.random.default_rng(4)
    contributions = rng.normal(size=(200, 5)) * np.array([1, 0.5, 0.5, 0.7, 1])
    contributions[:5] = 0.0
    sums = np.column_stack([contributions[:, 0], contributions[:, 1:3].sum(axis=1), contributions[:, 3:]])
    codes = ["silence", "rhythm", "value", "profile"]
    told = Explainer(FEATURES, USUAL, outcome="churned", least_share=0.4).explain(contributions, np.ones((200, 5)))
    first = told_first(sums, least_share=0.4)
    assert [codes[place] if place >= 0 else UNCLEAR.code for place in first] == [one[0].code for one in told]
    assert 5 < np.sum(first < 0) < 150


def test_the_feature_named_moved_the_score_in_the_groups_direction() -> None:
    assert explained(0.0, -0.9, 1.0, 0.0, 0.0)[0].feature == "order_gap_mean"
    assert explained(0.0, -1.0, 0.9, 0.0, 0.0)[0].feature == "order_count_90d"


def test_sentences_give_the_value_beside_the_usual_one() -> None:
    (reason,) = explained(0.5, 0.0, 0.0, 0.0, 0.0)
    assert reason.en == (
        "Time since last active – days since the last order: 74 days (usual: 20.5 days); "
        "associated with a higher chance of churn."
    )
    assert reason.zh == "距上次活跃的时间——距上次下单的天数：74天（通常：20.5天），与较高的流失可能性相关。"
    assert (reason.value, reason.usual) == (74.0, 20.5)


def test_an_unknown_value_is_said_to_be_unknown() -> None:
    reason = explained(0.0, 0.0, 0.0, -0.5, 0.0)[0]
    assert (reason.value, reason.usual) == (None, None)
    assert "not known (usual: not known); associated with a lower chance" in reason.en
    assert "未知（通常：未知），与较低的流失可能性相关" in reason.zh


def test_codes_of_categories_are_not_shown() -> None:
    (reason,) = explained(0.0, 0.0, 0.0, 0.0, 0.5)
    assert (reason.value, reason.usual) == (None, None)
    assert "17" not in reason.en + reason.zh


@pytest.mark.parametrize(
    ("value", "en", "zh", "told"),
    [
        (17.0, "region: “north” (usual: “south”);", "地区：“north”（通常：“south”），", "north"),
        (18.0, "region: another (usual: “south”);", "地区：其他（通常：“south”），", None),
        (np.nan, "region: not known (usual: “south”);", "地区：未知（通常：“south”），", None),
    ],
)
def test_a_category_is_told_in_the_word_of_the_business(value: float, en: str, zh: str, told: str | None) -> None:
    region = replace(FEATURES[-1], words={17: "north", 4: "south"}, usual_word="south")
    ((reason,),) = Explainer([region], USUAL, outcome="churned").explain(np.array([[0.5]]), np.array([[value]]))
    assert (reason.value, reason.usual, reason.value_text, reason.usual_text) == (None, None, told, "south")
    assert (en in reason.en, zh in reason.zh) == (True, True)


@pytest.mark.parametrize(
    ("way", "en", "zh"),
    [(1.0, "a higher chance of churn:", "较高"), (-1.0, "a lower chance of churn:", "较低")],
)
def test_where_nothing_goes_far_enough_there_is_no_clear_reason(way: float, en: str, zh: str) -> None:
    (first,) = explained(0.4 * way, 0.2 * way, 0.2 * way, -0.3 * way, 0.0, least_share=0.5)
    assert (first.code, first.direction, first.feature) == ("no_clear_reason", None, None)
    assert first.en.startswith(f"No clear reason for {en}")
    assert first.zh.startswith(f"没有流失可能性{zh}的明确原因：")
    few = explained(0.25 * way, 0.2 * way, 0.05 * way, -0.45 * way, 0.05 * way, least_share=0.4)
    assert [one.code for one in few] == ["no_clear_reason", "value"], "what goes against it may well follow"
    assert [reason.code for reason in explained(0.0, 0.0, 0.0, 0.0, 0.0)] == ["no_clear_reason"]


def test_never_more_than_asked_for_and_the_base_value_is_no_reason() -> None:
    explainer = Explainer(FEATURES, USUAL, outcome="reactivated")
    told = explainer.explain(np.array([[0.5, 0.5, 0.0, 0.5, 0.5, 99.0]]), np.zeros((1, 5)), top=2)[0]
    assert len(told) == 2
    assert told[0].share == pytest.approx(0.25)
    assert "chance of coming back" in told[0].en
    assert "回归" in told[0].zh


def test_no_sentence_claims_a_cause() -> None:
    for outcome in ("churned", "reactivated"):
        for sign in (1.0, -1.0):
            explainer = Explainer(FEATURES, USUAL, outcome=outcome, least_share=0.0)
            for reason in explainer.explain(np.full((1, 5), sign), np.ones((1, 5)), top=9)[0]:
                assert not CAUSAL.search(reason.en + reason.zh)
                assert "associated with" in reason.en
                assert "相关" in reason.zh


def test_an_explainer_is_made_from_a_bundle() -> None:
    groups = {"days_since_order": "silence", "favourite_category": "breadth", "order_count_90d": "rhythm"}
    bundle = a_bundle(reasons=groups, texts={"days_since_order": Text(en="days since", zh="天数", unit="days")})
    told = Explainer.of(bundle).explain(np.array([[1.0, 0.0, 0.5, 0.1]]), np.array([[1234.5, 0, 3]]))[0]
    assert "days since: 1,234 days (usual: 31 days)" in told[0].en
    assert "order_count_90d: 3 (usual: not known)" in told[1].en
    with pytest.raises(UnknownReason, match="favourite_category"):
        Explainer.of(a_bundle())


def test_one_customer_alone_gets_the_reasons_it_gets_among_others() -> None:
    rng = np.random.default_rng(1)
    contributions, values = rng.normal(size=(50, 6)), rng.normal(size=(50, 5))
    explainer = Explainer(FEATURES, USUAL, outcome="churned")
    alone = [explainer.explain(contributions[i : i + 1], values[i : i + 1])[0] for i in range(50)]
    assert alone == explainer.explain(contributions, values)


def test_reasons_are_the_same_alone_and_among_many() -> None:
    rng = np.random.default_rng(6)
    contributions, values = rng.normal(size=(60, 5)), rng.gamma(1.0, 40.0, (60, 5))
    values[rng.random(values.shape) < 0.2] = np.nan
    explainer = Explainer(FEATURES, USUAL, outcome="churned")
    for top in (0, 1, 3, 9):
        together = explainer.explain(contributions, values, top=top)
        alone = [explainer.explain(contributions[i : i + 1], values[i : i + 1], top=top)[0] for i in range(60)]
        assert repr(alone) == repr(together)
        assert all(len(told) <= top for told in together)


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (1.0, "days", "1 day", "1天"),
        (2.0, "days", "2 days", "2天"),
        (0.004, "days", "0 days", "0天"),
        (1.0, "events", "1", "1次"),
        (1200.0, "events", "1,200", "1,200次"),
        (0.655, "share", "65.5%", "65.5%"),
        (1.0, "yes or no", "yes", "是"),
        (0.0, "yes or no", "no", "否"),
        (-0.001, "ratio", "0", "0"),
        (None, "share", "not known", "未知"),
        (3.14159, "a unit without a word", "3.14", "3.14"),
    ],
)
def test_values_are_told_as_people_say_them(value: float | None, unit: str, en: str, zh: str) -> None:
    assert in_words(value, unit) == (en, zh)
