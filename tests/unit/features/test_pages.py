"""What the pages for people say is what the code does: generated pages are fresh, and examples in them run."""

import re
import tomllib
from pathlib import Path

import pytest

from churn.channels import CHANNELS, unknown_channels
from churn.definition import Lifecycle
from churn.errors import SettingsError
from churn.reasons import GROUPS
from churn.sections import Features
from features.catalogue import catalogue
from features.catalogue.kinds import ALL, KNOWN, SILENT
from features.catalogue.page import EVERYTHING, SHOWN, everything, kinds_page
from features.feature_set import FeatureSet

DOCS = Path(__file__).parents[3] / "docs"
ADDING = (DOCS / "adding-a-feature.md").read_text(encoding="utf-8")
LOG = EVERYTHING | {"gym visit": set()}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", ADDING, flags=re.DOTALL)


def test_the_page_of_kinds_is_the_code() -> None:
    """`make docs` prints docs/event-kinds.md anew."""
    assert (DOCS / "event-kinds.md").read_text(encoding="utf-8") == kinds_page()


@pytest.mark.parametrize("block", blocks("toml"))
def test_every_setting_that_the_page_shows_works(block: str) -> None:
    wanted = Features(**tomllib.loads(block)["features"])
    found = catalogue(list(LOG), LOG, Lifecycle(), wanted)
    assert len(found) > 60
    if wanted.own:
        mine = found.features[-len(wanted.own) :]
        assert all(feature.en.isascii() and re.search("[\u4e00-\u9fff]", feature.zh) for feature in mine)


@pytest.mark.parametrize(("line", "says"), re.findall(r"^\| `([^`]*\[\d+\])` \| (.*) \|$", ADDING, flags=re.MULTILINE))
def test_every_wrong_line_says_what_the_page_says(line: str, says: str) -> None:
    with pytest.raises(SettingsError) as raised:
        catalogue(list(LOG), LOG, Lifecycle(), Features(own=(line,)))
    for part in says.removesuffix(" ...").split(" · "):
        assert part in str(raised.value)


def test_the_python_of_the_page_makes_a_set() -> None:
    (block,) = blocks("python")
    names: dict[str, object] = {}
    exec(block, names)  # the page's own text
    made = names["FEATURES"]
    assert isinstance(made, FeatureSet)
    assert {"spend_trend", "order_total_30d", "big_order_count_365d"} <= set(made.names)


WHOLE = everything()


@pytest.mark.parametrize("kind", KNOWN)
def test_every_kind_gives_features_and_speaks_for_a_reason(kind: str) -> None:
    assert KNOWN[kind].group in GROUPS
    alone = {"order": {"amount"}, kind: set(ALL[kind])}
    if kind not in {
        "order",
        "support_ticket_answered",
        "support_ticket_solved",
        "complaint_answered",
        "complaint_solved",
        *SILENT,
    }:
        assert len(catalogue(list(alone), alone, Lifecycle())) > len(catalogue(["order"], alone, Lifecycle()))


def test_the_whole_catalogue_is_told_in_both_languages() -> None:
    for feature in WHOLE:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", feature.name)
        assert re.search("[\u4e00-\u9fff]", feature.zh), feature.name
        assert feature.en.isascii()
        assert feature.group in GROUPS
    assert len({feature.en for feature in WHOLE}) == len(WHOLE)
    assert len({feature.zh for feature in WHOLE}) == len(WHOLE)


def test_a_feature_needs_its_column() -> None:
    """Without any column no feature of one is left; none is made of what the log has not."""
    bare = catalogue([*ALL], {}, Lifecycle(), SHOWN)
    assert not {"points_balance", "tier", "subscription_price_change", "review_bad_days_since"} & set(bare.names)
    assert {"visit_count_30d", "support_ticket_count_30d", "groups_count", "tier_status_days_since"} <= set(bare.names)


def test_channels_have_codes_words_and_near_names() -> None:
    issue = (
        "phone email sms visit chat hotline forum live_stream short_video facebook instagram x linkedin wechat_group"
    )
    assert set(issue.split()) <= set(CHANNELS)
    levels = ["phone", "E-Mail", "微信群", "Live Stream", "twitter", "e_mail", "pigeon", "instagramm", "APP"]
    assert unknown_channels(levels) == {
        "APP": "app", "E-Mail": "email", "Live Stream": "live_stream", "e_mail": "email", "instagramm": "instagram",
        "pigeon": None, "twitter": "x", "微信群": "wechat_group",
    }  # fmt: skip
