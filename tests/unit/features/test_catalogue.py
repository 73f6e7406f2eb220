"""The catalogue: what a rich, a bare and a free-form log get, and that every feature is told to people."""

import re
from pathlib import Path

import pytest

from churn.calendar import Calendar
from churn.definition import ChurnDefinition, Lifecycle
from churn.reasons import GROUPS
from features.catalogue import catalogue
from features.catalogue.page import EVERYTHING, features_page
from features.feature import BadFeature, Kind, UnknownOperation
from features.feature_set import FeatureSet
from features.formula import QUALIFYING
from features.words import slug
from training.baseline import SIX, six

RICH = EVERYTHING | {"profile.age": {"amount"}}
RICH_SET = catalogue(list(RICH), RICH, Lifecycle())


def test_every_feature_speaks_for_a_group_that_people_can_be_told() -> None:
    assert {feature.group for feature in RICH_SET} <= set(GROUPS)


@pytest.mark.parametrize("feature", RICH_SET.features, ids=lambda feature: feature.name)
def test_every_feature_has_a_plain_name_and_words_in_both_languages(feature) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", feature.name)
    assert re.search("[\u4e00-\u9fff]", feature.zh)
    assert feature.en.isascii()
    assert feature.unit


def test_a_rich_log_gets_its_hundred_features_and_more() -> None:
    assert 100 <= len(RICH_SET) <= 130


def test_a_log_of_orders_without_anything_has_their_rhythm_alone() -> None:
    bare = catalogue(["order"], {"order": set()}, Lifecycle())
    assert {feature.group for feature in bare} == {"silence", "tenure", "rhythm", "season"}
    assert {"order_days_since", "order_tenure_days", "order_count_ever"} <= set(bare.names)


def test_kinds_that_nobody_foresaw_count_all_the_same() -> None:
    free = catalogue(["order", "gym_visit", "签到"], {}, Lifecycle())
    assert {"gym_visit_count_30d", "gym_visit_count_90d", "gym_visit_count_365d", "gym_visit_days_since"} <= set(
        free.names
    )
    assert any(re.fullmatch(r"kind_[0-9a-f]{8}_count_30d", name) for name in free.names)


def test_several_qualifying_kinds_are_one_activity_and_count_each_as_well() -> None:
    kinds = ("a2q", "c2q", "c2a")
    several = catalogue(kinds, {}, Lifecycle(ChurnDefinition(qualifying=kinds)))
    assert {"activity_days_since", "a2q_count_30d", "c2a_days_since"} <= set(several.names)


@pytest.mark.parametrize("kind", ["Order", "order.paid", "Order-Paid", "下单"])
def test_a_qualifying_kind_of_any_letters_gives_plain_names_that_training_finds(kind: str) -> None:
    columns = {kind: set(EVERYTHING["order"])}
    free = catalogue([*RICH, kind], RICH | columns, Lifecycle(ChurnDefinition(qualifying=(kind,))))
    assert [name for name in free.names if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []
    assert [free[name].formula.selection.kinds for name in six(free.names)] == [(QUALIFYING,)] * len(SIX)


@pytest.mark.parametrize(
    "kinds", [("order", "Order"), ("e-mail open", "e mail open"), ("profile.tier", "profile.Tier"), ("下单", "order")]
)
def test_kinds_that_would_be_called_alike_stay_apart(kinds: tuple[str, str]) -> None:
    columns = {kind: {"amount"} for kind in kinds}
    for counted in ("order", *(kind for kind in kinds if " " not in kind)):
        apart = catalogue(kinds, columns, Lifecycle(ChurnDefinition(qualifying=(counted,))))
        assert apart.names == catalogue(kinds[::-1], columns, apart.lifecycle).names
    assert slug("order", ["Order", "order"]) == "order"
    assert re.fullmatch("order_[0-9a-f]{8}", slug("Order", ["Order", "order"]))


def test_a_kind_may_be_called_as_a_feature_of_another_is() -> None:
    kinds = {"order": {"amount"}, "review": {"score"}, "review_bad": {"score"}, "social": set(), "social_post": set()}
    apart = catalogue(list(kinds), kinds, Lifecycle())
    assert {"review_bad_days_since", "social_count_90d"} <= set(apart.names)
    assert len([name for name in apart.names if re.fullmatch(r"(social|review_bad)_\w+_[0-9a-f]{8}", name)]) == 6


def test_columns_that_are_empty_leave_their_features_out() -> None:
    kinds = ["order", "points_earned", "survey", "support_ticket"]
    poor = catalogue(kinds, {"points_earned": ["amount"]}, Lifecycle())
    assert {"points_earned_total_365d", "survey_count_90d", "support_ticket_count_30d"} <= set(poor.names)
    assert not {"points_balance", "survey_score_last", "support_ticket_open_90d", "order_total_ever"} & set(poor.names)
    assert poor["survey_count_90d"].en == "number of survey answers in the last 90 days"


def test_windows_end_at_the_lookback() -> None:
    short = catalogue(list(RICH), RICH, Lifecycle(ChurnDefinition(lookback_days=60)))
    assert {"order_count_30d", "order_count_60d", "order_days_since"} <= set(short.names)
    assert not any(re.search(r"_(90|180|365)d", name) for name in short.names)


@pytest.mark.parametrize("days", [1, 7, 30, 89, 90, 91, 365, 1000])
def test_every_lookback_gives_a_set(days: int) -> None:
    assert catalogue(list(RICH), RICH, Lifecycle(ChurnDefinition(lookback_days=days))).names


def test_a_qualifying_condition_is_named_after_its_kind() -> None:
    sold = ChurnDefinition(qualifying=("order where amount > 0",))
    assert "order_days_since" in catalogue(["order"], {"order": {"amount"}}, Lifecycle(sold)).names


def test_the_hash_follows_meaning_and_not_words() -> None:
    same = catalogue(list(reversed(RICH)), RICH, Lifecycle())
    assert same.hash == RICH_SET.hash
    assert len(same.hash) == 12
    others = [
        Lifecycle(ChurnDefinition(horizon_days=30)),
        Lifecycle(ChurnDefinition(lookback_days=180)),
        Lifecycle(calendar=Calendar("Asia/Shanghai")),
    ]
    assert len({RICH_SET.hash} | {catalogue(list(RICH), RICH, other).hash for other in others}) == 4
    renamed = FeatureSet(tuple(one.named(one.name, en="x", zh="某") for one in RICH_SET), Lifecycle())
    assert renamed.hash == RICH_SET.hash


def test_grammar() -> None:
    order = Kind("order", "order", "下单", "spend", "消费金额")
    assert [one.name for one in order.count[7, 30]] == ["order_count_7d", "order_count_30d"]
    assert order.total[30].en == "total spend of orders in the last 30 days"
    assert order.total[30].zh == "近30天下单消费金额合计"
    assert (order.total[30] / order.total[90]).formula.scale == 3.0
    assert (order.total[30] / order.count.ever).formula.scale == 1.0
    assert (order.mean[30] / order.mean[90]).formula.scale == 1.0


def test_an_unknown_operation_lists_the_choices() -> None:
    order = Kind("order", "order", "下单")
    with pytest.raises(UnknownOperation, match=r"order\.cuont(?s:.*)choose one of count, total, mean"):
        _ = order.cuont
    with pytest.raises(UnknownOperation, match="choose one of"):
        order.of("median")
    with pytest.raises(UnknownOperation, match="choose one of"):
        order.point("count")


def test_all_faults_of_a_set_are_told_at_once() -> None:
    order = Kind("order", "order", "下单")
    with pytest.raises(BadFeature, match=r"order_count_30d is defined twice; order_count_400d looks(?s:.*)named"):
        FeatureSet((order.count[30], order.count[30], order.count[400]), Lifecycle())
    with pytest.raises(BadFeature, match="has no feature"):
        FeatureSet((), Lifecycle())
    with pytest.raises(BadFeature, match="whole days, 1 or more"):
        _ = order.count[0]


def test_categories_are_named() -> None:
    assert "order_category_latest" in RICH_SET.categories
    assert "profile_region" in RICH_SET.categories
    assert "profile_age" not in RICH_SET.categories


def test_the_page_is_the_code() -> None:
    """`make docs` prints docs/features.md anew."""
    assert (Path(__file__).parents[3] / "docs" / "features.md").read_text(encoding="utf-8") == features_page()
