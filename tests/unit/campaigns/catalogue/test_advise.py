"""What is recommended to whom, and why nothing is."""

from pathlib import Path

import pandas as pd
import pytest

from campaigns.audit.price_by_need import PriceByNeed
from churn.stages import Stage
from churn.tables import ACTIONS
from cli.campaign_catalogue import NoActions, advise, in_the_loop
from cli.steps import steps
from features import parquet
from serving.tables.indexed import checked
from tests.campaign_shop import CALL, COUPON, event, local_day, scored, settings, written

PERSONAL = COUPON.model_copy(
    update={"code": "letter", "kind": "personal", "en": "A letter", "contact_amount": 0.5, "offer_amount": None}
)


def test_the_best_of_each_customer_or_why_none(tmp_path: Path) -> None:
    shop = settings(tmp_path, COUPON, PERSONAL.model_copy(update={"take_up_ratio": 0.1}), CALL)
    people = [
        scored("a", 0.9),  # coupon: .18 x 200 - .1 - 10 x .28 = 33.1; letter: .09 x 200 - .5 = 17.5
        scored("b", 0.1),  # coupon: .02 x 200 - .1 - 10 x .92 < 0; letter: .01 x 200 - .5 = 1.5
        scored("c", 0.001),  # neither earns its cost
        scored("d", 0.9),
        scored("e", None),
        scored("f", 0.9),
        scored("g", 0.9),
    ]
    events = [event("d", "opt_out", 2), event("g", "opt_out", 2, category="scoring")]
    laid = written(shop, people, events, values=dict.fromkeys("abcdefg", 200.0), complaining=["f", "g"])
    told = advise(laid).as_json
    assert told["actions"] == {"solve": 2, "coupon": 1, "letter": 1}
    assert told["none"] == {"costs_more": 1, "opted_out": 1, "no_number": 1}
    rows = parquet.read_frame(Path(told["file"])).set_index("customer_id")
    assert rows["action"].to_dict() == {
        "a": "coupon", "b": "letter", "c": "none", "d": "none", "e": "none", "f": "solve", "g": "solve"
    }  # fmt: skip
    assert "expected to earn 33.10 EUR" in rows.loc["a", "why_en"]
    assert "90% would be lost" in rows.loc["a", "why_en"]
    assert "预计净收益33.10" in rows.loc["a", "why_zh"]
    assert rows.loc["a", "due"] == local_day(-8)  # the log ends with the day after NOW
    assert "'A letter', would lose 0.48 EUR" in rows.loc["c", "why_en"]
    assert rows.loc["d", "why_zh"] == "客户不希望以此方式被联系"
    assert pd.isna(rows.loc["d", "due"])
    assert checked(parquet.read_table(Path(told["file"])), ACTIONS) is not None


def test_an_empty_catalogue_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoActions, match=r"docs/actions\.md"):
        advise(settings(tmp_path).model_copy(update={"action": ()}))


def test_an_emptied_catalogue_withdraws_what_was_recommended(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored("a", 0.9)], values={"a": 90.0})
    told = Path(advise(shop).as_json["file"])
    emptied = shop.model_copy(update={"action": ()})
    assert told.exists()
    assert "campaign advise" in [step.name for step in steps(emptied)]
    assert in_the_loop(emptied).as_json == {"withdrawn": True}
    assert not told.exists()
    assert "campaign advise" not in [step.name for step in steps(emptied)]


def test_a_score_that_would_decide_on_prices_is_refused(tmp_path: Path) -> None:
    dearer = COUPON.model_copy(update={"code": "more", "offer_amount": 20.0})
    with pytest.raises(PriceByNeed):
        advise(written(settings(tmp_path, COUPON, dearer), [scored("a")], values={"a": 90.0}))
    by_stage = dearer.model_copy(update={"stages": (Stage.LAPSED,)})
    loyal = COUPON.model_copy(update={"stages": (Stage.LAPSING,)})
    assert advise(written(settings(tmp_path, loyal, by_stage), [scored("a")], values={"a": 90.0})).as_json["actions"]


def test_in_the_loop_a_missing_figure_is_told_and_stops_nothing(tmp_path: Path) -> None:
    bare = COUPON.model_copy(update={"take_up_ratio": None})
    told = in_the_loop(written(settings(tmp_path, bare), [scored("a")]))
    assert told.exit_code == 0
    assert "coupon lacks take_up_ratio" in told.text
