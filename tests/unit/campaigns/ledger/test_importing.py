"""Campaigns of before: brought in whole, or not at all, with every fault told."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from campaigns.ledger.importing import MissingColumns, UnknownCustomers, WrongCampaigns, WrongMapping, bring_in
from features.erasure.forgotten import Forgotten
from features.treatments import read_treatments
from tests.campaign_shop import NOW, scored, settings, written

ROWS = {
    "campaign": ["2024-spring"] * 3, "customer_id": ["a", "b", "c"], "day": ["2024-03-15"] * 3,
    "action": ["coupon"] * 3, "treated": ["True", "false", "是"], "propensity": ["0.6", "0.6", "0.9"],
}  # fmt: skip


def put(folder: Path, **columns: list[str]) -> Path:
    path = folder / "old.csv"
    pd.DataFrame(ROWS | columns).to_csv(path, index=False)
    return path


def test_a_campaign_of_before_comes_in(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored(one) for one in "abc"])
    bring_in(shop, put(tmp_path), window_days=60, now=NOW)
    found = read_treatments(shop.folder, "2024-spring")
    assert found["is_treated"].tolist() == [True, False, True]
    assert found["propensity"].tolist() == [0.6, 0.6, 0.9]
    assert str(found["planned_at"][0]) == "2024-03-14 16:00:00+00:00"  # midnight in Shanghai
    assert str(found["window_end"][0]) == "2024-05-13 16:00:00+00:00"
    with pytest.raises(WrongCampaigns, match="there is a campaign 2024-spring already"):
        bring_in(shop, put(tmp_path), window_days=60, now=NOW)


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
    shop = written(settings(tmp_path), [scored(one) for one in "abc"])
    with pytest.raises(WrongCampaigns) as refused:
        bring_in(shop, put(tmp_path, **columns), window_days=60, now=NOW)
    assert told in str(refused.value)
    assert "Nothing was written" in str(refused.value)
    assert read_treatments(shop.folder).empty


HEADER = "campaign,customer_id,day,action,treated,propensity\n"


@pytest.mark.parametrize(
    ("content", "told", "mend"),
    [
        (None, "there is no such file", "see how its name is written"),
        ("", "it is empty", "give it a header"),
        (HEADER.replace("action", "行动").encode("gbk"), "it is not written in UTF-8, perhaps in GBK", "CSV UTF-8"),
        (HEADER.replace(",", ";"), "its columns are parted by ;", "CSV UTF-8"),
        (HEADER + "a,b,2024-03-15,c,1,0.5,7,8\nx,y\n" * 2, "not all as many cells", "in quotes"),
        (HEADER, "it holds no row", "one row a campaign"),
    ],
)
def test_each_fault_of_a_file_has_a_mend_of_its_own(
    content: str | bytes | None, told: str, mend: str, tmp_path: Path
) -> None:
    shop, path = written(settings(tmp_path), [scored("a")]), tmp_path / "old.csv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(WrongCampaigns) as refused:
        bring_in(shop, path, window_days=60, now=NOW)
    assert told in refused.value.problem
    assert mend in refused.value.mend


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored("a")])
    with pytest.raises(WrongCampaigns, match="it is a folder"):
        bring_in(shop, tmp_path, window_days=60, now=NOW)


def test_columns_of_another_name_are_mapped(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored(one) for one in "abc"])
    path = tmp_path / "old.csv"
    pd.DataFrame(ROWS).rename(columns={"customer_id": "客户编号"}).to_csv(path, index=False, encoding="utf-8-sig")
    with pytest.raises(MissingColumns) as refused:
        bring_in(shop, path, window_days=60, now=NOW)
    assert "客户编号" in refused.value.problem
    assert "--column customer_id=NAME" in refused.value.mend
    with pytest.raises(WrongMapping, match="did you mean customer_id"):
        bring_in(shop, path, window_days=60, now=NOW, columns={"customer": "客户编号"})
    bring_in(shop, path, window_days=60, now=NOW, columns={"customer_id": "客户编号"})
    assert read_treatments(shop.folder)["customer_id"].tolist() == ["a", "b", "c"]


def test_a_day_that_is_not_over_is_refused(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored(one) for one in "abc"])
    late = [f"{NOW + timedelta(days=2):%Y-%m-%d}"] * 3
    with pytest.raises(WrongCampaigns, match="3 rows have a day after today"):
        bring_in(shop, put(tmp_path, day=late), window_days=60, now=NOW)


def test_customers_whom_the_log_does_not_know_are_told_and_most_are_refused(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored("a"), scored("b")])
    assert bring_in(shop, put(tmp_path), window_days=60, now=NOW).unknown == 1
    strangers = put(tmp_path, campaign=["2024-fall"] * 3, customer_id=["a", "x", "y"])
    with pytest.raises(UnknownCustomers, match="2 customers of 3"):
        bring_in(shop, strangers, window_days=60, now=NOW)
    assert bring_in(shop, strangers, window_days=60, now=NOW, allow_unknown=True).unknown == 2


def test_who_was_forgotten_does_not_come_back(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), [scored(one) for one in "abc"])
    (shop.folder / "erasure").mkdir(exist_ok=True)
    Forgotten.new().blocking(["b"], request="r", at="2025-01-01").write(shop.folder)
    assert bring_in(shop, put(tmp_path), window_days=60, now=NOW).forgotten == 1
    assert read_treatments(shop.folder)["customer_id"].tolist() == ["a", "c"]
