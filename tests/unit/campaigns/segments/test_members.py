"""Who is in which segment, as of when: what reached us later counts from then on, and names are held to the log."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from campaigns.people import people_of
from campaigns.segments.asking import NoSuchSegment
from campaigns.segments.members import NoTiers, members, of_people
from churn.errors import SettingsError
from churn.segment_parsing import UnknownFact
from churn.segment_sections import Segment
from churn.settings import Settings
from churn.tables import VALUES
from tests.campaign_shop import NOW, event, scored, settings, written

EVENTS = [
    event("a", "order", 10, amount=500.0), event("a", "profile.region", 40, category="west"),
    event("a", "profile.region", 5, category="east"), event("a", "profile.age", 40, amount=35.0),
    event("b", "order", 20, amount=80.0), event("b", "profile.region", 40, category="west"),
    event("b", "profile.age", 40, amount=20.0), event("c", "visit", 3),
]  # fmt: skip


def shop(folder: Path, **segments: str) -> Settings:
    saved = tuple(
        Segment(name=name, kind="behavioural", en="x", zh="x", where=where) for name, where in segments.items()
    )
    found = settings(folder).model_copy(update={"segment": saved})
    return written(found, [scored(one) for one in "abc"], EVENTS, values={"a": 9.0})


def within(found: pd.DataFrame, name: str) -> str:
    return "".join(found.loc[found[name], "customer_id"])


def test_facts_are_those_of_the_instant(tmp_path: Path) -> None:
    asked = shop(
        tmp_path, west="profile.region = 'west'", old="profile.age >= 30", big="order_total_90d > 100",
        unknown="profile.age is null", lapsed="stage = 'lapsed'",
        visited="did visit within 7 days and not did complaint",
    )  # fmt: skip
    now = members(asked, NOW)
    told = {name: within(now, name) for name in now.columns[1:]}
    assert told == {"west": "b", "old": "a", "big": "a", "unknown": "c", "lapsed": "c", "visited": "ac"}
    then = members(asked, NOW - timedelta(days=15))
    told = {name: within(then, name) for name in then.columns[1:]}
    assert told == {"west": "ab", "old": "a", "big": "", "unknown": "c", "lapsed": "ac", "visited": ""}
    assert len(members(asked, NOW - timedelta(days=3000))) == 0


def test_people_come_in_their_order_and_whom_nobody_knows_is_in_none(tmp_path: Path) -> None:
    asked = shop(tmp_path, west="profile.region = 'west'")
    people = people_of(asked, NOW)
    assert of_people(people, asked)["west"].tolist() == [False, True, False]
    stranger = pd.concat([people.rows, people.rows.iloc[[0]].assign(customer_id="zz")], ignore_index=True)
    more: Any = type(people)(stranger, people.cutoff, people.horizon_days, people.batch)
    assert of_people(more, asked)["west"].tolist() == [False, True, False, False]


def test_value_tiers_have_no_past(tmp_path: Path) -> None:
    asked = shop(tmp_path, rich="value_tier = 'middle'", west="profile.region = 'west'")
    assert within(members(asked, names=["rich"]), "rich") == "a"
    with pytest.raises(NoTiers, match="rich") as caught:
        members(asked, NOW - timedelta(days=15))
    assert "ask as of now" in caught.value.mend
    (asked.folder / "tables" / "values.parquet").unlink()
    with pytest.raises(NoTiers) as caught:
        members(asked)
    assert caught.value.mend == "run `churn campaign value`."


def test_high_value_and_high_potential_make_segments(tmp_path: Path) -> None:
    asked = shop(
        tmp_path,
        growing="high_potential = 'yes'",
        best="high_value = 'yes' and profile.age >= 30",
        no="high_value = 'no'",
    )
    path = asked.folder / "tables" / "values.parquet"
    table = pd.DataFrame(
        {"customer_id": list("abc"), "high_value": ["yes", "no", None], "high_potential": ["no", "yes", "yes"]}
    )
    table.reindex(columns=VALUES.names).astype({"value_tier": object}).to_parquet(path)
    found = members(asked)
    assert {name: within(found, name) for name in found.columns[1:]} == {"growing": "bc", "best": "a", "no": "b"}
    table[["customer_id"]].assign(value_tier="low").to_parquet(path)  # a file of before it was told
    assert not members(asked, names=["growing"])["growing"].any()
    with pytest.raises(ValueError, match="a high_potential that there is"):
        shop(tmp_path / "b", wrong="high_potential = 'maybe'")


def test_names_are_held_to_the_log(tmp_path: Path) -> None:
    asked = shop(tmp_path, wst="profile.regio = 'west'", vst="did visits within 3 days", fine="did survey")
    assert members(asked, names=["fine"])["fine"].sum() == 0
    with pytest.raises(UnknownFact) as caught:
        members(asked, names=["wst"])
    assert "did you mean 'profile.region'" in caught.value.mend
    with pytest.raises(SettingsError) as kind:
        members(asked, names=["vst"])
    assert "did you mean 'visit'" in kind.value.mend
    with pytest.raises(NoSuchSegment) as none:
        members(asked, names=["nobody"])
    assert "those in churn.toml are wst, vst, fine" in none.value.mend
