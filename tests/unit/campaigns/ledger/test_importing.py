"""Campaigns of before: brought in whole, or not at all, with every fault told."""

from pathlib import Path

import pandas as pd
import pytest

from campaigns.ledger.importing import WrongCampaigns, bring_in
from churn.errors import WrongColumns
from features.erasure.forgotten import Forgotten
from features.treatments import read_treatments
from tests.campaign_shop import scored, settings, written

ROWS = {
    "campaign": ["2024-spring"] * 3, "customer_id": ["a", "b", "c"], "day": ["2024-03-15"] * 3,
    "action": ["coupon"] * 3, "treated": ["True", "false", "是"], "propensity": ["0.6", "0.6", "0.9"],
}  # fmt: skip


def put(folder: Path, **columns: list[str]) -> Path:
    path = folder / "old.csv"
    pd.DataFrame(ROWS | columns).to_csv(path, index=False)
    return path


def test_a_campaign_of_before_comes_in(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored("a")])
    bring_in(shop, put(tmp_path), window_days=60)
    found = read_treatments(shop.folder, "2024-spring")
    assert found["is_treated"].tolist() == [True, False, True]
    assert found["propensity"].tolist() == [0.6, 0.6, 0.9]
    assert str(found["planned_at"][0]) == "2024-03-14 16:00:00+00:00"  # midnight in Shanghai
    assert str(found["window_end"][0]) == "2024-05-13 16:00:00+00:00"
    with pytest.raises(WrongCampaigns, match="there is a campaign 2024-spring already"):
        bring_in(shop, put(tmp_path), window_days=60)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"propensity": ["0.6", "1.2", "x"]}, "2 rows have a propensity that is not over 0 and at most 1, first row 2"),
        ({"propensity": ["0.6", "1", "0.9"]}, "1 rows have a customer held out with a propensity of 1, first row 2"),
        ({"customer_id": ["a", "a", ""]}, "1 rows have a customer who is in the campaign twice, first row 2"),
        ({"customer_id": ["a", "b", ""]}, "1 rows have no customer_id, first row 3"),
        ({"day": ["2024-03-15", "15.3.2024", "2024-02-30"]}, "2 rows have a day that is no date"),
        ({"treated": ["yes", "perhaps", "no"]}, "1 rows have treated that is neither true nor false, first row 2"),
        ({"campaign": ["Spring 24", "../x", "due"]}, "3 rows have a campaign that can be no id"),
    ],
)
def test_every_fault_is_told_and_nothing_is_written(columns: dict[str, list[str]], told: str, tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored("a")])
    with pytest.raises(WrongCampaigns) as refused:
        bring_in(shop, put(tmp_path, **columns), window_days=60)
    assert told in str(refused.value)
    assert "Nothing was written" in str(refused.value)
    assert read_treatments(shop.folder).empty


def test_what_is_no_such_file(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored("a")])
    with pytest.raises(WrongCampaigns, match="no CSV or Parquet"):
        bring_in(shop, tmp_path / "none.parquet", window_days=60)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(WrongColumns, match="propensity"):
        bring_in(shop, tmp_path / "other.csv", window_days=60)


def test_who_was_forgotten_does_not_come_back(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored("a")])
    (shop.folder / "erasure").mkdir(exist_ok=True)
    Forgotten.new().blocking(["b"], request="r", at="2025-01-01").write(shop.folder)
    _, left_out = bring_in(shop, put(tmp_path), window_days=60)
    assert left_out == 1
    assert read_treatments(shop.folder)["customer_id"].tolist() == ["a", "c"]
