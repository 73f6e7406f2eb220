"""A code is told in the business's own word where many customers share it, and stays a code where few do."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.events import Events
from features.category_words import LEAST_CUSTOMERS, MOST_WORDS, add, known_words, tally, usual_words, words_of
from features.feature import Kind
from features.feature_set import FeatureSet, grouped
from features.operations import text_code
from features.snapshots import freeze
from tests import small_shop


@pytest.fixture
def shop() -> tuple[Events, FeatureSet]:
    """Orders of three channels: every fifth customer orders by telephone, one alone by fax, the others on the web."""
    frame = small_shop.log()
    people = {who: place for place, who in enumerate(sorted(frame["customer_id"].unique()))}
    place = frame["customer_id"].map(people)
    frame["channel"] = np.select([place == 3, place % 5 == 0], ["fax", "电话"], "web")
    order = Kind("order", "order", "下单")
    chosen = grouped("rhythm", [order.point("latest", "channel"), *order.count[90,]])
    return small_shop.events(frame), FeatureSet(tuple(chosen), small_shop.LIFECYCLE)


def test_the_manifest_of_a_snapshot_has_the_words_that_many_share(
    shop: tuple[Events, FeatureSet], tmp_path: Path
) -> None:
    events, features = shop
    snapshot = freeze(
        events, features, small_shop.LIFECYCLE, small_shop.CUTOFFS,
        observed_until=small_shop.UNTIL, log_hash="0", folder=tmp_path,
    )  # fmt: skip
    (name,) = features.categories
    assert snapshot.manifest["words"] == {name: {str(text_code(text)): text for text in ("web", "电话")}}
    assert text_code("fax") in set(snapshot.frame[name].dropna()), "it is there, and nobody is told what it stands for"
    assert (snapshot.frame.groupby(name)["customer_id"].nunique() < LEAST_CUSTOMERS).sum() == 1


def test_a_customer_counts_once_however_many_cutoffs_there_are() -> None:
    events = Events.from_frame(small_shop.log().assign(category="tea"))
    tea = float(text_code("tea"))
    frame = pd.DataFrame({"customer_id": ["a", "a", "b", "c"], "kind": [tea, tea, tea, np.nan]})
    assert tally(frame, ["kind"], events) == {"kind": {"tea": 2}}
    assert tally(frame, [], events) == {}


def test_customers_of_all_parts_together_are_enough() -> None:
    whole: dict[str, dict[str, int]] = {}
    add(whole, {"kind": {"tea": LEAST_CUSTOMERS - 1, "milk": 1}})
    assert words_of(whole) == {"kind": {}}
    add(whole, {"kind": {"tea": 1}, "place": {"north": LEAST_CUSTOMERS}})
    tea, north = str(text_code("tea")), str(text_code("north"))
    assert words_of(whole) == {"kind": {tea: "tea"}, "place": {north: "north"}}


def test_of_two_texts_with_one_code_neither_is_told() -> None:
    assert text_code("plumless") == text_code("buckeroo")  # a known collision of CRC-32
    told = words_of({"kind": {"plumless": 50, "buckeroo": 1, "tea": 50}})
    assert told == {"kind": {str(text_code("tea")): "tea"}}


def test_a_text_of_one_customer_does_not_stand_for_the_code_that_many_share() -> None:
    """Not even where one part, or another column, has both: who writes a comment may choose its CRC-32."""
    frame = small_shop.log().assign(channel="plumless", reason_code=None)
    frame.loc[frame.index[0], "reason_code"] = "buckeroo"
    people = frame["customer_id"].unique()
    rows = pd.DataFrame({"customer_id": people, "kind": float(text_code("plumless"))})
    told = tally(rows, ["kind"], Events.from_frame(frame))
    assert told == {"kind": dict.fromkeys(("plumless", "buckeroo"), len(people))}
    assert words_of(told) == {"kind": {}}


def test_the_commonest_are_kept() -> None:
    told = words_of({"kind": {f"kind {number}": LEAST_CUSTOMERS + number for number in range(MOST_WORDS + 5)}})
    assert len(told["kind"]) == MOST_WORDS
    assert "kind 4" not in told["kind"].values()


def test_a_model_has_the_words_of_the_codes_it_knows() -> None:
    words = {"kind": {"7": "tea", "8": "milk"}, "place": {"9": "north"}}
    known = known_words(words, {"kind": (8, 11), "place": (12,), "unheard": (1,)})
    assert known == {"kind": {8: "milk"}}
    columns = {"kind": np.array([8.0, 8.0, 11.0, np.nan]), "place": np.array([np.nan])}
    assert usual_words(columns, known) == {"kind": "milk"}
    assert usual_words({"kind": np.array([11.0, 11.0, 8.0])}, known) == {}, "the commonest has no word"
