"""`churn forget` as a stranger uses it: what it says, how it ends, and what it asks for when it cannot."""

import json
from pathlib import Path

import pytest

from tests.command_line import churn, refused
from tests.orders_csv import ORDERS
from tests.searching import naming

TOML = """
[business]
slug = "shop"
clock = "log"
[[source]]
path = "orders.csv"
timezone = "UTC"
customer_id = "customer_id"
event_type = "'order'"
event_timestamp = "date"
amount = "amount"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text(ORDERS + "客 0007,2024-02-02,5\n", encoding="utf-8")
    path = tmp_path / "churn.toml"
    path.write_text(TOML, encoding="utf-8")
    assert churn("ingest", config=path).code == 0
    return path


def test_it_says_what_it_did_and_what_it_cannot_reach(config: Path) -> None:
    said = churn("forget", "客 0007", config=config)
    assert said.code == 0
    assert "1 of 1 customers forgotten; 1 kept out from now on." in said.out
    assert "the sources that [[source]] names" in said.out
    assert "No model learned from their rows." in said.out
    assert "the models named above" not in said.out
    folder = config.parent / "artifacts" / "shop"
    assert naming(folder, "客 0007") == set()
    assert churn("ingest", config=config).code == 0
    assert naming(folder, "客 0007") == set()
    assert "had been forgotten before" in churn("forget", "客 0007", config=config).out


def test_the_receipt_for_machines(config: Path) -> None:
    told = json.loads(churn("forget", "客 0007", "nobody", "--json", config=config).out)
    assert [one["known"] for one in told["customers"]].count(True) == 1
    assert {one["store"]: one["rows"] for one in told["stores"]}["log"] == 1
    assert told["models"] == []
    stored = json.loads(
        (config.parent / "artifacts" / "shop" / "erasure" / "receipts" / f"{told['request']}.json").read_text()
    )
    assert stored == {name: value for name, value in told.items() if name != "out_of_reach"}


def test_nobody_to_forget(config: Path) -> None:
    refused(churn("forget", config=config), 12, "churn forget C000123")
    refused(churn("forget", " ", config=config), 12, "churn forget C000123")
    refused(churn("forget", "--undo-block", config=config), 12, "churn forget C000123")


def test_nobody_known(config: Path) -> None:
    refused(churn("forget", "7", "8", config=config), 10, "leading zeros", "--keep-out")
    assert churn("forget", "7", "--keep-out", config=config).code == 0


def test_an_id_is_taken_to_the_letter(config: Path) -> None:
    with (config.parent / "orders.csv").open("a", encoding="utf-8") as file:
        file.write('"客 0007 ",2024-02-03,5\n')
    assert churn("ingest", config=config).code == 0
    told = json.loads(churn("forget", "客 0007 ", "--json", config=config).out)
    assert {one["store"]: one["rows"] for one in told["stores"]}["log"] == 1
    assert "1 of 1 customers forgotten" in churn("forget", "客 0007", config=config).out  # another customer
    refused(churn("forget", "00001 ", config=config), 10, "spaces")


def test_a_person_who_comes_back(config: Path) -> None:
    assert churn("forget", "客 0007", config=config).code == 0
    said = churn("forget", "--undo-block", "客 0007", "other", config=config)
    assert "客 0007 may come in again" in said.out
    assert "other was not forgotten" in said.out
    churn("ingest", config=config)
    assert "log/manifest.json" not in naming(config.parent / "artifacts" / "shop", "客 0007")
    assert naming(config.parent / "artifacts" / "shop", "客 0007")


def test_after_a_backup_came_back(config: Path) -> None:
    assert churn("forget", "客 0007", config=config).code == 0
    listed = config.parent / "artifacts" / "shop" / "erasure" / "forgotten.json"
    content = listed.read_text()
    assert churn("forget", "--undo-block", "客 0007", config=config).code == 0
    churn("ingest", config=config)
    listed.write_text(content)
    told = json.loads(churn("forget", "--again", "--json", config=config).out)
    assert [one["known"] for one in told["customers"]] == [True]
    assert naming(config.parent / "artifacts" / "shop", "客 0007") == set()


def test_nothing_to_prune(config: Path) -> None:
    assert churn("prune", "--dry-run", config=config).out.strip() == "Nothing has outlived its use."
    assert json.loads(churn("prune", "--json", config=config).out)["removed"] == []
