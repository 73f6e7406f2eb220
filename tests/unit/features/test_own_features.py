"""One line of churn.toml is a feature; a wrong one says where it stumbles and how to mend it."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.definition import ChurnDefinition, Lifecycle
from churn.errors import SettingsError
from churn.events import Events
from churn.grammar import ConditionError
from churn.sections import Features, OwnFeature
from churn.settings import load
from features.catalogue import NothingToLeaveOut, catalogue, remade
from features.catalogue.missing import missing
from features.catalogue.page import EVERYTHING
from features.catalogue.scanner import BadOwnFeature, BadOwnFeatures, given_names
from features.compute import compute
from features.feature import Feature
from features.feature_set import FeatureSet

KINDS = EVERYTHING | {"order.paid": {"amount"}, "gym visit": set(), "profile.age": {"amount"}}


def own(*lines: str | OwnFeature, definition: ChurnDefinition = ChurnDefinition()) -> FeatureSet:
    return catalogue(list(KINDS), KINDS, Lifecycle(definition), Features(own=lines))


def one(line: str | OwnFeature) -> Feature:
    return own(line).features[-1]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("order.count[14]", "order_count_14d"),
        ("visit.count.ever", "visit_count_ever"),
        ("order.total[60]", "order_total_60d"),
        ("order.total_amount[60]", "order_total_60d"),
        ("order.total_discount_amount[60]", "order_discount_amount_total_60d"),
        ("order.mean_quantity.ever", "order_quantity_mean_ever"),
        ("visit.distinct_channel[30]", "visit_channel_distinct_30d"),
        ("order.main_share_category[30]", "order_category_main_share_30d"),
        ("visit.latest_channel", "visit_channel_latest"),
        ("survey.previous_score", "survey_score_previous"),
        ("visit.streak_weeks", "visit_streak_weeks"),
        ("visit.days_since_first", "visit_days_since_first"),
        ("order.paid.count[14]", "order_paid_count_14d"),
        ("order.paid.total[14]", "order_paid_total_14d"),
        ("'gym visit'.count[14]", "gym_visit_count_14d"),
        ("profile.age.previous_amount", "profile_age_previous"),
        ("qualifying.count[14]", "order_count_14d"),
        ("order.total[60] / visit.count[365]", "order_total_60d_per_visit_count_365d"),
        ("order.count[60] - visit.count[60]", "order_count_60d_minus_visit_count_60d"),
        ("quick = order.count[3]", "quick"),
        ("order.followed_by(visit, 7)[90]", "order_then_visit_7d_share_90d"),
        ("visit.followed_by((order where amount > 5), 7)[90]", "visit_then_order_amount_over_5_7d_share_90d"),
        ("complaint.open_without(campaign_contact)[90]", "complaint_without_campaign_contact_count_90d"),
        ("complaint.wait_for('campaign_contact')[90]", "complaint_to_campaign_contact_mean_90d"),
        ("(order where amount > 100).count[90]", "order_amount_over_100_count_90d"),
        ("(order where amount >= 100).count[90]", "order_amount_from_100_count_90d"),
        ("('gym visit' where channel = 'a)b').count[90]", "gym_visit_channel_a_b_count_90d"),
        (
            "(order where channel = 'app' and not (amount < 5)).mean[90]",
            "order_channel_app_and_not_amount_under_5_mean_90d",
        ),
    ],
)
def test_a_line_is_a_feature(line: str, name: str) -> None:
    feature = one(line)
    assert feature.name == name
    assert feature.en
    assert feature.group
    assert set(feature.zh) & set("近历距最访下投连续问商品单客上")


def test_it_counts_what_it_says() -> None:
    at = datetime(2024, 5, 1, tzinfo=UTC)
    days = pd.to_datetime([at - pd.Timedelta(days=n) for n in (20, 10, 5, 5)], utc=True).astype("datetime64[us, UTC]")
    frame = pd.DataFrame({"customer_id": "a", "event_type": ["order", "order", "order", "visit"]})
    events = Events.from_frame(frame.assign(event_timestamp=days, amount=[500.0, 20.0, 120.0, np.nan]))
    lines = ("order.count[14]", "(order where amount > 100).total[30]", "order.total[30] / visit.count[30]")
    wanted = own(*lines)
    row = dict(zip(wanted.names, compute(events, [at], wanted, Lifecycle())[0, 0], strict=True))
    assert [row[feature.name] for feature in wanted.features[-3:]] == [2, 620, 640]


def test_a_name_and_words_of_ones_own() -> None:
    big = OwnFeature(
        feature="(order where amount > 100).count[90]", name="big", en="big orders", zh="大单", group="value"
    )
    feature = one(big)
    assert (feature.name, feature.en, feature.zh, feature.group) == ("big", "big orders", "大单", "value")


def test_the_reason_follows_the_kind() -> None:
    lines = (
        "order.count[14]",
        "order.total[60]",
        "visit.count[14]",
        "'gym visit'.count[14]",
        "profile.age.last_amount",
    )
    named = (line if "profile" not in line else f"age = {line}" for line in lines)
    groups = ["rhythm", "value", "engagement", "usage", "profile"]
    assert [feature.group for feature in own(*named).features[-5:]] == groups


@pytest.mark.parametrize(
    ("line", "problem", "mend"),
    [
        ("ordr.count[14]", "no events of kind 'ordr'", "did you mean 'order'"),
        ("renewal.count[14]", "the catalogue knows it, the log has none", "map such events to 'renewal'"),
        ("order.cuont[14]", "no operation 'cuont'", "did you mean 'count'"),
        ("order.median[14]", "no operation 'median'", "Choose one of count"),
        ("visit.total[14]", "events of kind visit have no amount\\.\n", "map `amount` in its"),
        ("order.total_amonut[14]", "'amonut' is none", "did you mean total_amount"),
        ("order.distinct[14]", "distinct of what", "distinct_channel"),
        ("order.distinct_amount[14]", "'amount' is none", "Choose distinct_channel"),
        ("order.count", "count needs a window", r"write count\[30\] for 30 days"),
        ("order.days_since[30]", "has no window", "leave out the window"),
        ("order.count[400]", "400 days is not between 1 and the lookback of 365", "raise .definition. lookback_days"),
        ("order.count[0]", "0 days is not between", "give a window up to 365"),
        ("order.count[14", "']' was expected", "kind.operation"),
        ("order", "kind.operation was expected", "order.count"),
        ("order.count[14] * 2", "expected to end before '\\* 2'", "kind.operation"),
        ("(order where amount > 5.count[14]", "a parenthesis is not closed", "kind.operation"),
        ("order.followed_by(visit)[90]", "',' was expected", "kind.operation"),
        ("__import__('os').system('true')", "expected", "kind.operation"),
        ("Quick = order.count[3]", "'Quick' is no name", "a letter first"),
    ],
)
def test_a_wrong_line_says_how_to_mend_it(line: str, problem: str, mend: str) -> None:
    with pytest.raises(BadOwnFeature, match=f"{problem}(?s:.*)To mend it: (?s:.*){mend}") as raised:
        own(line)
    assert isinstance(raised.value, SettingsError)


def test_a_condition_that_cannot_be_read_says_where() -> None:
    with pytest.raises(ConditionError, match="amonut"):
        own("(order where amonut > 5).count[14]")


def test_a_group_of_reasons_must_exist() -> None:
    with pytest.raises(BadOwnFeature, match=r"'prices' is no group of reasons(?s:.*)choose one of silence"):
        own(OwnFeature(feature="order.count[3]", group="prices"))


def test_a_name_that_is_there_already() -> None:
    with pytest.raises(
        BadOwnFeature, match=r"order_count_90d is defined twice(?s:.*)`my_order_count_90d = order.count"
    ):
        own("order.count[90]")
    with pytest.raises(BadOwnFeature, match=r"'quick = order.count.4.': quick is defined twice"):
        own("quick = order.count[3]", "quick = order.count[4]")


def test_several_wrong_lines_are_told_together() -> None:
    with pytest.raises(BadOwnFeatures) as raised:
        own("ordr.count[14]", "order.count[14]", "(order where amonut > 5).count[3]", "order.count[90]")
    for said in ("3 lines", "'ordr.count[14]'", "did you mean 'order'", "amonut", "order_count_90d is defined twice"):
        assert said in raised.value.problem
    assert "order.count[14]'" not in raised.value.problem.replace("'ordr.count[14]'", "")


def test_names_that_lines_give_are_known_in_either_form() -> None:
    lines = ("phone = order.latest_channel", OwnFeature(feature="order.count[3]", name="email"), "order.count[3]")
    assert list(given_names(lines)) == ["phone", "email"]
    assert list(given_names(["(order where channel = 'phone').count[90]"])) == []


def test_what_is_not_wanted_is_left_out() -> None:
    whole = catalogue(list(KINDS), KINDS, Lifecycle())
    some = catalogue(list(KINDS), KINDS, Lifecycle(), Features(leave_out=("season_*", "visit_days_since")))
    assert set(whole.names) - set(some.names) == {"season_sine", "season_cosine", "visit_days_since"}
    with pytest.raises(NothingToLeaveOut, match=r"no feature(?s:.*)mean 'visit_days_since'\? `churn features list`"):
        catalogue(list(KINDS), KINDS, Lifecycle(), Features(leave_out=("visit_day_since",)))
    with pytest.raises(NothingToLeaveOut, match="order_days_since and order_tenure_days cannot be spared"):
        catalogue(list(KINDS), KINDS, Lifecycle(), Features(leave_out=("*_tenure_days",)))


def test_windows_are_settings() -> None:
    some = catalogue(list(KINDS), KINDS, Lifecycle(), Features(windows_days=(14, 60, 360)))
    assert {"order_count_14d", "order_count_60d", "order_count_360d", "order_total_360d"} <= set(some.names)
    assert not any(window in name for name in some.names for window in ("_7d", "_30d", "_90d", "_180d", "_365d"))
    for windows in ((1,), (30,), (200, 300), (7, 30, 90, 180, 365, 365)):
        assert len(catalogue(list(KINDS), KINDS, Lifecycle(), Features(windows_days=windows))) > 60


def written(folder: Path, text: str) -> Path:
    path = folder / "churn.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_windows_over_the_lookback_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "[features]\nwindows_days = [30, 400]\n")
    with pytest.raises(SettingsError, match=r"400 days is longer than .definition. lookback_days, 365; shorten it"):
        load(path, environ={})
    assert load(written(tmp_path, "[definition]\nlookback_days = 60\n"), environ={}).features.windows_days[-1] == 365


def test_lines_and_tables_stand_in_the_settings(tmp_path: Path) -> None:
    text = '[features]\nown = ["order.count[14]", { feature = "order.count[3]", name = "quick", zh = "近况" }]\n'
    wanted = load(written(tmp_path, text), environ={}).features
    found = catalogue(list(KINDS), KINDS, Lifecycle(), wanted)
    assert found.names[-2:] == ("order_count_14d", "quick")
    assert found["quick"].zh == "近况"
    with pytest.raises(SettingsError, match=r"own(?s:.*)nmae"):
        load(written(tmp_path, '[features]\nown = [{ feature = "order.count[3]", nmae = "quick" }]\n'), environ={})


def test_a_champions_set_is_made_again_whatever_the_settings_say_today() -> None:
    wanted = Features(
        own=("order.count[14]", OwnFeature(feature="visit.count[3]", name="quick")),
        leave_out=("season_*",),
        windows_days=(10, 100),
        holidays=("CN",),
        bad_score=3,
    )
    then = catalogue(list(KINDS), KINDS, Lifecycle(), wanted)
    assert len({then.hash, catalogue(list(KINDS), KINDS, Lifecycle()).hash, own("order.count[14]").hash}) == 3
    learned = {"hash": then.hash, "alive": dict(then.alive), "settings": dict(then.settings)}
    again = remade(learned, Lifecycle())
    assert again is not None
    assert again.features == then.features
    assert remade(learned, Lifecycle(ChurnDefinition(horizon_days=30))) is None
    assert remade(learned | {"settings": {"own": ["nothing.count[3]"]}}, Lifecycle()) is None
    assert remade(learned | {"settings": {"from_a_later_version": 1}}, Lifecycle()) is None


def test_what_the_log_cannot_fill_says_what_it_waits_for() -> None:
    lacks = {
        one.feature.name: one.waits_for for one in missing(["order"], {"order": ["amount"]}, Lifecycle(), Features())
    }
    assert lacks["visit_count_30d"] == "events of kind visit"
    assert lacks["order_channel_shift_90d_365d"] == "channel of order"
    assert lacks["points_balance"] == "events of kind points_earned and points_redeemed"
    assert lacks["holiday_days_to_next"] == "[features] holidays or big_days"
    assert "order_count_30d" not in lacks
    surveyed = missing(["order", "survey"], {"order": ["amount"]}, Lifecycle(), Features())
    assert {one.feature.name: one.waits_for for one in surveyed}["survey_score_last"] == "score of survey"
    everything = missing(list(KINDS), KINDS, Lifecycle(), Features(holidays=("GB",)))
    assert not {"holiday_days_to_next", "visit_count_30d"} & {one.feature.name for one in everything}
