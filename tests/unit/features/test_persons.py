"""Which ids are one person's: by merges and splits, as far as they were known."""

from pathlib import Path

import pandas as pd

from features.holders import read_holders
from features.persons import ALONE, persons, persons_of
from tests.mapped_shop import told, us

MERGE, SPLIT = "hotline,h1,s1,2024-03-15", "hotline,h1,c7,2024-04-10"


def test_without_a_map_everybody_is_alone(tmp_path: Path) -> None:
    assert persons_of(tmp_path) is ALONE
    assert not ALONE
    assert ALONE.name(["a"]).tolist() == ["a"]
    rows = pd.DataFrame({"customer_id": ["a"]})
    assert ALONE.spread(rows) is rows


def test_a_merge_makes_one_person_from_when_it_was_known(tmp_path: Path) -> None:
    holders = read_holders(told(tmp_path, MERGE).path.parent)
    assert not persons(holders, known_before_us=us("2024-03-15"))
    found = persons(holders)
    assert found.name(["s1", "h1", "h2"]).tolist() == ["h1", "h1", "h2"]
    assert found.all_ids("s1") == ("h1", "s1")
    assert found.all_ids("s2") == ("s2",)
    assert found.among(["s1", "s2"], ["h1"]).tolist() == [True, False]
    assert found.today(["h1", "s1", "s2"]).tolist() == ["s1", "s1", "s2"]
    rows = pd.DataFrame({"customer_id": ["h1", "s2"], "value": [1, 2]})
    assert found.spread(rows).values.tolist() == [["h1", 1], ["s1", 1], ["s2", 2]]


def test_after_a_split_all_three_may_be_the_person(tmp_path: Path) -> None:
    found = persons_of(told(tmp_path, MERGE, SPLIT).path.parent)
    assert found.all_ids("c7") == ("c7", "h1", "s1")
    assert found.today(["h1", "s1"]).tolist() == ["c7", "c7"]
