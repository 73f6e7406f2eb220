"""The taxonomy holds everything that is told of a customer: each code in both languages, no feature without a group."""

import re
import tomllib
from pathlib import Path
from string import Formatter

import pytest

from churn.explanation import DIRECTIONS, OUTCOMES
from churn.reasons import CAUSES, GROUPS, OTHER, SOURCES, UNCLEAR
from churn.sections import Features
from churn.stated import SAID, SPEAK_OF
from features.catalogue.page import everything
from serving.abstentions import ABSTENTIONS, ABSTENTIONS_ZH, abstention

ROOT = Path(__file__).parents[2]
BUSINESSES = sorted([ROOT / "churn.toml", *ROOT.glob("examples/*/churn.toml")])
CAUSAL = re.compile(r"\b(because|causes?d?|due to|leads? to|results? in|drives?|why)\b|导致|因为|造成|引起|由于", re.I)
CHINESE = re.compile(r"[一-鿿]")


@pytest.mark.parametrize("toml", BUSINESSES, ids=lambda path: path.parent.name)
def test_every_feature_of_every_business_has_a_group_and_words_in_both_languages(toml: Path) -> None:
    """All that the catalogue can say of a log with every kind, and the features that a business adds itself."""
    wanted = Features.model_validate(tomllib.loads(toml.read_text(encoding="utf-8")).get("features", {}))
    features = everything(wanted=wanted)
    assert len(features) > 100
    for feature in features:
        assert feature.group in GROUPS, feature.name
        assert feature.en.strip(), feature.name
        assert CHINESE.search(feature.zh), feature.name
        assert not CHINESE.search(feature.en), feature.name
        assert not CAUSAL.search(f"{feature.en} {feature.zh}"), feature.name


def test_the_taxonomy_has_the_causes_that_customers_name() -> None:
    """After-sale neglect, over-promising, impersonal treatment, ignored feedback, and so on, each once."""
    neglect = ["after_sale_neglect", "over_promising", "impersonal", "ignored_feedback", "inconsistent_messages"]
    assert list(CAUSES) == [*neglect, "price", "product", "service", "competitor", "life_event"]
    assert set(SAID.values()) == set(CAUSES) - {"after_sale_neglect", "impersonal"}  # these have no word but their code
    assert set(SPEAK_OF) == set(CAUSES)


@pytest.mark.parametrize("one", [*GROUPS.values(), *CAUSES.values(), *SOURCES.values(), OTHER, UNCLEAR])
def test_every_code_has_words_in_both_languages(one: object) -> None:
    en, zh = one.en, one.zh  # type: ignore[attr-defined]
    assert en.strip()
    assert en.isascii()
    assert CHINESE.search(zh)
    assert not CAUSAL.search(f"{en} {zh}")


def test_outcomes_and_directions_have_words_in_both_languages() -> None:
    for en, zh in (*OUTCOMES.values(), *DIRECTIONS.values()):
        assert en.isascii()
        assert CHINESE.search(zh)
        assert not CAUSAL.search(en + zh)


@pytest.mark.parametrize("code", sorted(ABSTENTIONS.keys() | ABSTENTIONS_ZH.keys()))
def test_every_abstention_has_words_in_both_languages_with_the_same_facts(code: str) -> None:
    facts = {"model": "churn", "version": "churn-shop/3", "hours": "36", "minutes": "6"}
    for en, zh in zip(ABSTENTIONS[code], ABSTENTIONS_ZH[code], strict=True):
        named = {field for _, field, _, _ in Formatter().parse(en) if field}
        assert {field for _, field, _, _ in Formatter().parse(zh) if field} == named
        assert {*re.findall("`[^`]+`", en)} == {*re.findall("`[^`]+`", zh)}, "the same commands"
        assert CHINESE.search(zh)
        assert not CHINESE.search(en)
    told = abstention(code, "zh", **facts)
    assert "{" not in told.problem + told.mend
    assert CHINESE.search(told.problem)


def test_the_page_of_reasons_has_the_taxonomy_as_it_is() -> None:
    page = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
    for one in (*GROUPS.values(), UNCLEAR):
        assert f"| `{one.code}` | {one.en} | {one.zh} | {'yes' if one.actionable else 'no'} |" in page
    for one in CAUSES.values():
        words = ", ".join(f"`{word}`" for word, code in SAID.items() if code == one.code) or "its code alone"
        groups = ", ".join(f"`{group}`" for group in SPEAK_OF[one.code]) or "none"
        assert f"| `{one.code}` | {one.en} | {one.zh} | {words} | {groups} |" in page
    assert f"| `{OTHER.code}` | {OTHER.en} | {OTHER.zh} |" in page
