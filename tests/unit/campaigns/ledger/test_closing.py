"""What a campaign did is told once, told anew only where the log was corrected, and said in both languages."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from campaigns.ledger.closing import BrokenEffect, closed, effect_file, tellings
from campaigns.ledger.effect import Effect, measured
from campaigns.ledger.effect_page import effect_page
from campaigns.ledger.outcomes import COLUMNS
from campaigns.ledger.told import as_json, sentences
from tests.campaign_shop import COUPON, NOW, settings, treatments

PRICED = COUPON.model_copy(update={"margin_ratio": 0.5})


def effect(folder: Path, came: float = 0.5) -> Effect:
    people = {f"c{number:03d}": number < 100 for number in range(200)}
    rows = treatments("autumn", people, days_ago=100, window_days=60, propensity=0.5)
    became = pd.DataFrame(0.0, rows.index, list(COLUMNS))
    became["came"] = np.r_[np.arange(100) < 100 * came, np.arange(100) < 20]
    became["revenue_amount"] = became["came"] * 100.0
    return measured(rows, became.astype({"contacted": bool, "responded": bool}), settings(folder, PRICED))


def test_a_telling_stays_and_another_joins_it_only_if_it_differs(tmp_path: Path) -> None:
    first, later = effect(tmp_path), NOW + timedelta(days=9)
    assert len(closed(tmp_path, first, NOW)) == 1
    assert len(closed(tmp_path, first, later)) == 1
    told = closed(tmp_path, effect(tmp_path, came=0.4), later)
    assert [one["told_at"] for one in told] == [NOW.isoformat(), later.isoformat()]
    assert told[0]["retained"]["value"] == 0.3
    assert tellings(tmp_path, "autumn") == told
    assert json.dumps(told)
    older = [{name: value for name, value in one.items() if name != "profit_is_lower_bound"} for one in told]
    effect_file(tmp_path, "autumn").write_text(json.dumps(older))
    again = closed(tmp_path, effect(tmp_path, came=0.4), later)
    assert again == older, "what only a later version tells adds no telling"


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    path = effect_file(tmp_path, "autumn")
    path.parent.mkdir(parents=True)
    for text in ("[", "{}", "[1]"):
        path.write_text(text)
        with pytest.raises(BrokenEffect, match="put it back from a backup"):
            tellings(tmp_path, "autumn")


def test_what_people_read(tmp_path: Path) -> None:
    said = "\n".join(sentences(effect(tmp_path), "CNY", "en"))
    assert "100 to be contacted, 100 held out by chance." in said
    assert "share that came: 50.00 % against 20.00 %, 30.00 % (95 %: 16" in said
    assert "cost: at most 510.00 CNY; at most 17.00 a customer saved (12." in said
    assert "For its [[action]], if you agree: take_up_ratio = 0.6, take_up_range = [0.3" in said
    assert "对照组100人" in "\n".join(sentences(effect(tmp_path), "CNY", "zh"))


def test_what_is_no_effect_is_not_called_one(tmp_path: Path) -> None:
    doubtful = replace(effect(tmp_path), why_not=("not_alike",))
    said = "\n".join(sentences(doubtful, "CNY", "en"))
    assert "not causal until it is explained" in said
    assert "a customer saved" not in said
    assert "if you agree" not in said
    assert "非因果" in "\n".join(sentences(doubtful, "CNY", "zh"))
    assert as_json(doubtful)["causal"] is False


def test_the_page_in_both_languages(tmp_path: Path) -> None:
    shop = settings(tmp_path, PRICED)
    page = effect_page(effect(tmp_path), shop, NOW)
    assert "About 30 customers came because of it (17 to 42)." in page
    assert "约 30 位客户因活动而来" in page
    assert "<script" not in page
    doubtful = effect_page(replace(effect(tmp_path), why_not=("no_hold_out",), retained=None), shop, NOW)
    assert "nobody was held out by chance" in doubtful
    assert "came because of it (" not in doubtful


def test_what_the_log_does_not_tell_is_said_beside_the_profit(tmp_path: Path) -> None:
    found = effect(tmp_path)
    said = sentences(found, "CNY", "en")
    assert any("everybody counts as contacted, every buyer as having used the offer" in line for line in said)
    (profit,) = [line for line in said if line.startswith("profit a customer: ")]
    assert "at least" in profit
    assert " to " not in profit, "its upper end is not known"
    assert "利润为下限" in "\n".join(sentences(found, "CNY", "zh"))
    assert as_json(found)["profit_is_lower_bound"] is True
    page = effect_page(found, settings(tmp_path, PRICED), NOW)
    assert "every buyer as having used the offer" in page
    assert "profit a customer, at least" in page
    told = replace(found, money=replace(found.money, contacts_by="log", offers_by="responses"))
    assert "lower bound" not in "\n".join(sentences(told, "CNY", "en"))
    assert as_json(told)["profit_is_lower_bound"] is False


def test_costs_that_nobody_said_are_not_nothing(tmp_path: Path) -> None:
    found = effect(tmp_path)
    bare = replace(found, cost_amount=0.0, money=replace(found.money, missing={"coupon": ("its [[action]]",)}))
    said = "\n".join(sentences(bare, "CNY", "en"))
    assert "cost: not known" in said
    assert "a customer saved" not in said
    assert "花费：未知" in "\n".join(sentences(bare, "CNY", "zh"))
    assert as_json(bare)["cost_amount"] is None
    assert as_json(bare)["cost_per_saved_amount"] is None


def test_where_perhaps_nobody_was_saved_there_is_no_cost_of_one(tmp_path: Path) -> None:
    said = "\n".join(sentences(effect(tmp_path, came=0.22), "CNY", "en"))
    assert "it cannot be said that anybody was saved" in said
    assert "a customer saved" not in said
    page = effect_page(effect(tmp_path, came=0.22), settings(tmp_path, PRICED), NOW)
    assert "its interval includes zero" in page
    assert '<header class="none">' in page
    assert '<header class="fine">' in effect_page(effect(tmp_path), settings(tmp_path, PRICED), NOW)


def test_differences_that_are_no_effect_are_not_told(tmp_path: Path) -> None:
    said = "\n".join(sentences(replace(effect(tmp_path), why_not=("not_alike",)), "CNY", "en"))
    assert "share that came: 50.00 % against 20.00 % (no effect can be told)" in said
    assert "95 %" not in said
