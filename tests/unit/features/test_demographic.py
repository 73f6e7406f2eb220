"""What says who somebody is makes no feature, unless somebody asks for it."""

from pathlib import Path

import pytest

from churn.model_sections import Fairness
from churn.sections import Features, Wanted
from churn.settings import Settings
from features.catalogue import catalogue, remade
from features.demographic_words import is_demographic
from features.feature_set import FeatureSet
from tests.sound_shop import look, sound

YES = (
    "gender", "Sex", "age", "ageGroup", "customer_age", "age2", "birth_year", "dateOfBirth", "birthday", "ethnicity",
    "race", "religion", "nationality", "marital_status", "income_band", "annual_income", "education", "occupation",
    "children", "sexual_orientation", "性别", "年龄", "年龄段", "客户年龄", "生日", "出生日期", "民族", "宗教信仰",
    "婚姻状况", "国籍", "月收入", "学历", "职业", "籍贯", "政治面貌",
)  # fmt: skip
NO = (
    "account_age", "age_of_account_days", "page", "usage", "percentage", "language", "region", "city", "tier",
    "channel", "acquisition_channel", "health_score", "package", "storage", "sexton", "country", "store", "plan",
    "会员等级", "获客渠道", "地区", "城市", "账龄", "terrace", "embrace", "brace",
)  # fmt: skip
KINDS = ["order", "profile.age", "profile.gender", "profile.region"]
COLUMNS = {
    "order": {"amount"},
    "profile.age": {"amount"},
    "profile.gender": {"category"},
    "profile.region": {"category"},
}


@pytest.mark.parametrize("name", YES)
def test_is_demographic_by_its_name(name: str) -> None:
    assert is_demographic(name)


@pytest.mark.parametrize("name", NO)
def test_is_none(name: str) -> None:
    assert not is_demographic(name)


def names(settings: Settings) -> set[str]:
    """The attributes that models see."""
    return {one.removeprefix("profile_") for one in made(settings).names if one.startswith("profile_")}


def made(settings: Settings) -> FeatureSet:
    """The features of a small log."""
    return catalogue(KINDS, COLUMNS, settings.lifecycle, settings.wanted)


def test_off_by_default_and_on_by_name_or_altogether() -> None:
    assert names(Settings()) == {"region"}
    assert names(Settings(fairness=Fairness(allow_as_features=("age",)))) == {"age", "region"}
    assert names(Settings(fairness=Fairness(attributes=("gender",), allow_as_features=("gender",)))) == {
        "gender", "region",
    }  # fmt: skip
    assert names(Settings(fairness=Fairness(as_features=True))) == {"age", "gender", "region"}
    assert names(Settings(fairness=Fairness(attributes=("region",)))) == set()


def test_a_champion_that_learned_from_one_before_is_served_on() -> None:
    lifecycle = Settings().lifecycle
    before = catalogue(KINDS, COLUMNS, lifecycle, Features())
    learned = {"alive": dict(before.alive), "hash": before.hash, "settings": {}}
    again = remade(learned, lifecycle)
    assert again is not None
    assert "profile_age" in again.names


def test_the_set_of_today_is_made_again_from_its_manifest() -> None:
    now = made(Settings())
    assert now.settings == {"without_demographic": True}
    again = remade({"alive": dict(now.alive), "hash": now.hash, "settings": dict(now.settings)}, now.lifecycle)
    assert again is not None
    assert again.names == now.names
    assert Wanted(**now.settings).without_demographic


def test_the_report_of_an_ingest_tells(tmp_path: Path) -> None:
    rows = sound()
    word = [(who, at, known, amount, "opt_out") for who, at, known, amount, _ in rows[:40]]
    category = "CASE WHEN kind = 'opt_out' THEN 'newsleter' END"
    attributes = {"gender": "'f'", "region": "'north'"}
    found = look(tmp_path, rows + word, {"category": category, "attributes": attributes})
    by_code = {one.code: one for one in found.findings}
    assert "newsleter (40)" in by_code["unknown_opt_outs"].what["en"]
    assert "lifts nothing" in by_code["unknown_opt_outs"].mend["en"]
    assert by_code["demographic_left_out"].what["en"].endswith("make no feature: gender.")
    assert "allow_as_features" in by_code["demographic_left_out"].mend["en"]
    assert "demographic_seen" not in by_code
