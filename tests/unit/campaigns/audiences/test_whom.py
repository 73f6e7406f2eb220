"""Who is asked for: those to win back, to leave alone, the best, a segment, those whom a campaign treats."""

from pathlib import Path

import pandas as pd
import pytest

from campaigns.audiences.candidates import HowMany, NoSuchCampaign, NoValues
from campaigns.segments.asking import NoSuchSegment
from churn.segment_sections import Segment
from features.treatments import write_treatments
from tests import audience_shop
from tests.audience_shop import exported, lapsed, lines, on_the_list
from tests.campaign_shop import event, scored, treatments


def test_whom_chance_keeps_out_is_only_on_the_list_of_exclusion(tmp_path: Path) -> None:
    people = [scored(f"a{number:03d}", stage="loyal") for number in range(200)]
    settings = audience_shop.written(tmp_path, *people, permanent=0.3)
    won = exported(settings)
    out = won.manifest["customers"]["left_out"]["kept_out_for_good"]
    assert 60 < out < 120
    assert len(on_the_list(settings, won)) == 300 - out
    loyal = exported(settings, "exclude_loyal")
    assert on_the_list(settings, loyal) == {f"a{number:03d}" for number in range(200)}


def test_those_to_win_back_may_have_to_be_likely(tmp_path: Path) -> None:
    people = [lapsed("c1", 0.1), lapsed("c2", 0.9), scored("c3", None, stage="lapsed", abstention="no_model")]
    done = exported(settings := audience_shop.written(tmp_path, *people), min_probability=0.5)
    assert done.manifest["customers"]["left_out"] == {"unlikely_to_come_back": 1, "no_score": 1}
    assert on_the_list(settings, done) & {"c1", "c2", "c3"} == {"c2"}


def test_whoever_opted_out_of_scoring_is_chosen_by_no_score(tmp_path: Path) -> None:
    settings = audience_shop.written(tmp_path, lapsed("c1"), events=[event("c1", "opt_out", 3, category="scoring")])
    assert "c1" in on_the_list(settings, exported(settings))
    assert "c1" not in on_the_list(settings, exported(settings, vendor="meta", min_probability=0.2))


def test_a_seed_holds_the_best_with_their_value(tmp_path: Path) -> None:
    worth = {one: 10.0 + number for number, one in enumerate(audience_shop.FILLERS)}
    settings = audience_shop.written(tmp_path, values=worth)
    done = exported(settings, "seed", "meta", top=120)
    told = lines(done)
    assert told[0] == ["email", "phone", "value"]
    assert on_the_list(settings, done) == set(audience_shop.FILLERS[180:])
    assert sorted(float(row[2]) for row in told[1:]) == [10.0 + number for number in range(180, 300)]
    assert done.manifest["customers"]["left_out"] == {"not_among_the_best": 180}
    assert done.manifest["valued_by"] == "expected_value_amount"
    assert lines(exported(settings, "seed", "google", top=120))[0] == ["Email", "Phone"]
    with pytest.raises(HowMany) as raised:
        exported(settings, "seed", "meta")
    assert "--top" in raised.value.mend


def test_without_a_number_the_best_are_those_whose_tier_is_high(tmp_path: Path) -> None:
    settings = audience_shop.written(tmp_path, values=dict.fromkeys(audience_shop.FILLERS, 20.0))
    path = settings.folder / "tables" / "values.parquet"
    known = pd.read_parquet(path)
    high = known["customer_id"].isin(audience_shop.FILLERS[:130])
    known.assign(value_tier=known["value_tier"].mask(high, "high")).to_parquet(path)
    assert on_the_list(settings, exported(settings, "seed", "x")) == set(audience_shop.FILLERS[:130])


def test_those_whom_a_campaign_treats(tmp_path: Path) -> None:
    settings = audience_shop.written(tmp_path)
    whom = dict.fromkeys((*audience_shop.FILLERS[:150], "gone"), True) | {audience_shop.FILLERS[150]: False}
    rows = treatments("spring", whom, days_ago=1, window_days=90)
    write_treatments(settings.folder, "spring", rows)
    done = exported(settings, "campaign:spring")
    assert on_the_list(settings, done) == set(audience_shop.FILLERS[:150])
    assert done.manifest["customers"] == {
        "asked_for": 151, "on_the_list": 150, "left_out": {"not_scored_now": 1},
    }  # fmt: skip
    assert done.manifest["id"].endswith("-campaign-spring-google")
    with pytest.raises(NoSuchCampaign, match="autumn"):
        exported(settings, "campaign:autumn")


def test_members_of_a_saved_segment(tmp_path: Path) -> None:
    segment = Segment(name="buyers", kind="behavioural", en="Buyers", zh="下单客户", where="did order")
    settings = audience_shop.written(tmp_path).model_copy(update={"segment": (segment,)})
    assert len(on_the_list(settings, exported(settings, "segment:buyers"))) == 300
    with pytest.raises(NoSuchSegment) as raised:
        exported(settings, "segment:west")
    assert "[[segment]]" in raised.value.mend


def test_without_values_the_best_are_those_who_spent_most(tmp_path: Path) -> None:
    settings = audience_shop.written(tmp_path)
    with pytest.raises(NoValues) as raised:
        exported(settings, "seed", top=100)
    assert "churn campaign value" in raised.value.mend
    spent = pd.DataFrame({"customer_id": audience_shop.FILLERS, "order_total_ever": range(300)})
    spent["complaint_unsolved_oldest_days"] = float("nan")
    spent.astype({"order_total_ever": float}).to_parquet(settings.folder / "features" / "current.parquet")
    done = exported(settings, "seed", "meta", top=100)
    assert on_the_list(settings, done) == set(audience_shop.FILLERS[200:])
    assert done.manifest["valued_by"] == "spend_so_far_amount"
