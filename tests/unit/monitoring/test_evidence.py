"""The model card's evidence: figures of the training as they were kept, nothing where there are none, nothing run."""

from typing import Any

from churn.bundle import Text
from churn.reasons import GROUPS
from monitoring.site.evidence import calibration, fairness, features, judged
from tests.bundles import a_bundle

MARK = "<script>"
FIGURE = {"value": 0.25, "low": 0.2, "high": 0.3}
RATES = dict.fromkeys(("flagged_share", "false_positive_rate", "false_negative_rate"), FIGURE)


def group(name: str, **told: Any) -> dict[str, Any]:
    rest = {"rates": {"band high": RATES}, "ratios": {"band high": FIGURE | {"value": 0.5}}, "roc_auc": FIGURE}
    return {"attribute": "region", "group": name, "n": 4321} | (told or rest)


def test_the_strongest_features_stand_by_their_meaning_with_direction_and_part() -> None:
    text = Text(en="days since the last order", zh="距上次下单的天数")
    bundle = a_bundle(texts={"days_since_order": text})
    strongest = [
        {"feature": "days_since_order", "share": 0.6, "direction": 0.9},
        {"feature": "order_count_90d", "share": 0.3, "direction": -0.4},
        {"feature": "favourite_category", "share": 0.1, "direction": None},
    ]
    told = features(bundle, {"features": strongest, "groups": [{"code": "silence", "share": 0.6}]})
    assert "days since the last order (+)" in told
    assert "距上次下单的天数 (+)" in told
    assert "order_count_90d (−)" in told
    assert "favourite_category<" in told
    assert told.index("(+)</span>") < told.index("(−)</span>")
    assert f"{GROUPS['silence'].zh}</span></td><td>60%</td>" in told
    assert "strongest" not in features(bundle, {}), "a champion of before has no picture, and its features all the same"


def test_calibration_has_a_dot_a_bin_and_none_without_bins() -> None:
    bins = [{"n": 700, "mean_score": 0.1 * at, "base_rate": 0.1 * at} for at in range(1, 4)]
    told = calibration({"calibration": bins})
    assert told.count("<circle") == 3
    assert "2,100 rows" in told
    assert calibration({}) == ""


def test_each_group_has_its_rates_and_a_small_one_has_none() -> None:
    named = {"attribute": "region", "group": MARK, "against": "east", "measure": "flagged_share", "value": 1.4}
    found = {"groups": [group(MARK), group("west", too_few="12 rows, fewer than 200")], "named": [named]}
    told = fairness({"fairness": found})
    assert "0.250 (0.200 – 0.300)" in told
    assert "too few to say" in told
    assert "被标记比例为 east 的 1.40 倍" in told
    assert MARK not in told
    assert "No difference is named." in fairness({"fairness": found | {"named": []}})


def test_where_no_group_was_judged_the_card_says_how_to() -> None:
    for card in ({}, {"fairness": None}):
        assert "[fairness] attributes" in fairness(card)


def test_the_back_test_is_told_in_words_of_both_languages() -> None:
    figures = {"n": 10, "base_rate": 0.1, "roc_auc": 0.8, "lift_10": 2.0}
    told = judged(a_bundle(metrics={"lightgbm": figures, "recency_rule": figures, "cohorts": [[1, 2]]}))
    assert "沉默天数规则" in told
    assert "lightgbm" not in told
    assert "recency_rule" not in told
    assert told.index("综合全部特征的模型") < told.index("沉默天数规则"), "the champion's own stand first"
    assert "Nobody wrote" in judged(a_bundle(metrics={}))
