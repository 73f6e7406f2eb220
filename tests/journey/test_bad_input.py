"""Bad input through the command line: each ends in a message with its mend and an exit code, and changes nothing."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.command_line import churn, fingerprints, refused

TOML = """
[business]
slug = "shop"
clock = "log"

[definition]
observed_until = "2025-01-01"

[[source]]
path = "orders.csv"
customer_id = "customer_id"
event_type = "'order'"
event_timestamp = "date"
amount = "amount"
timezone = "UTC"
"""
HEADER = "customer_id,date,amount\n"
GOOD = HEADER + "00001,2024-01-01,11.77\n00002,2024-01-12,12.0\n"


def shop(folder: Path, orders: str | pd.DataFrame | None = GOOD, toml: str = TOML) -> Path:
    """A toml beside one file of orders; the toml."""
    if orders is not None:
        text = orders if isinstance(orders, str) else orders.to_csv(index=False)
        (folder / "orders.csv").write_text(text, encoding="utf-8")
    (folder / "churn.toml").write_text(toml, encoding="utf-8")
    return folder / "churn.toml"


BROKEN = {  # what is wrong: orders.csv, churn.toml, exit code, words of the mend
    "no TOML": (GOOD, "[business\n", 12, ["correct that line"]),
    "misspelt key": (GOOD, TOML.replace("observed_until", "observd_until"), 12, ["churn settings"]),
    "impossible value": (GOOD, TOML + "[training]\nevery_days = 0\n", 12, ["correct these lines"]),
    "no such zone": (GOOD, TOML.replace('clock = "log"', 'timezone = "Europe/Londn"'), 12, ["Europe/London"]),
    "no source": (GOOD, TOML.partition("[[source]]")[0], 12, ["examples/"]),
    "variable not set": (GOOD, TOML.replace("orders.csv", "${NOT_SET_HERE}/orders.csv"), 12, ["export NOT_SET_HERE="]),
    "artifacts is a file": (GOOD, 'artifacts = "orders.csv"' + TOML, 10, ["set `artifacts` to another folder"]),
    "missing file": (None, TOML, 10, ["correct `path`", "relative to the folder of the toml"]),
    "wrong column": (GOOD, TOML.replace('"date"', '"dat"'), 10, ["did you mean 'date'?"]),
    "wrong header": (GOOD.replace("customer_id", "customer"), TOML, 10, ["did you mean 'customer'?"]),
    "naive time": (GOOD, TOML.replace('timezone = "UTC"', ""), 10, ['timezone = "Europe/London"']),
    "empty file": ("", TOML, 10, ["with a header line"]),
    "empty log": (HEADER, TOML, 10, ["check `path`"]),
    "a phone for a category": (
        "customer_id,date,phone\n1,2024-01-01,13812345678\n2,2024-01-02,13912345679\n",
        TOML.replace('amount = "amount"', 'category = "phone"'),
        10,
        ["md5(x)", 'allow_personal = ["orders.category"]'],
    ),
    "contact details as events": (GOOD, TOML + '[contacts]\npath = "orders.csv"\n', 12, ["a file of their own"]),
    "no row is an event": (HEADER + ",2024-01-01,1\n1,yesterday,1\n", TOML, 10, ["correct the rows"]),
}


@pytest.mark.parametrize("wrong", BROKEN)
def test_bad_input_is_told_and_the_log_of_before_stays(wrong: str, tmp_path: Path) -> None:
    assert churn("ingest", config=shop(tmp_path)).code == 0
    before = fingerprints(tmp_path, "artifacts/shop/log")
    assert before
    orders, toml, code, mend = BROKEN[wrong]
    (tmp_path / "orders.csv").unlink()
    refused(churn("ingest", config=shop(tmp_path, orders, toml)), code, *mend)
    assert fingerprints(tmp_path, "artifacts/shop/log") == before


def test_ingest_says_what_it_found_and_where_to_read_on(tmp_path: Path) -> None:
    config = shop(tmp_path)
    report = tmp_path / "artifacts" / "shop" / "ingest" / "report.html"
    said = churn("ingest", config=config)
    counted, *worst = said.out[said.out.index("Input data") :].splitlines()
    assert counted.startswith("Input data: 0 error, ")
    assert counted.endswith(f"; the report is {report}.")
    assert [line.split()[0] for line in worst] == ["warning"] * 3
    assert "warning churn: The churn model will abstain" in said.out
    told = json.loads(churn("ingest", "--json", config=config).out)
    assert told["report"] == str(report)
    assert {one["severity"] for one in told["findings"]} == {"warning", "advice"}
    assert json.loads(report.with_suffix(".json").read_text())["findings"] == told["findings"]


def test_a_misspelt_key_is_told_with_the_nearest_right_one(tmp_path: Path) -> None:
    said = churn("settings", config=shop(tmp_path, toml=TOML.replace("observed_until", "observd_until")))
    assert "definition.observd_until" in said.err
    assert "did you mean 'observed_until'?" in said.err


def test_no_settings_file(tmp_path: Path) -> None:
    refused(churn("ingest", config=tmp_path / "nowhere.toml"), 12, "-c FILE", "examples/")


def test_a_misspelt_variable_is_told_with_the_nearest_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHURN_DEFINITION__HORIZN_DAYS", "60")
    refused(churn("ingest", config=shop(tmp_path)), 12, "CHURN_DEFINITION__HORIZON_DAYS")


OUT_OF_ORDER = {  # before anything was ingested: exit code and the command that comes first
    ("definition", "preview"): (10, "churn ingest"),
    ("snapshot", "freeze"): (10, "churn ingest"),
    ("features", "list"): (10, "churn ingest"),
    ("features", "materialise"): (10, "churn ingest"),
    ("features", "parity"): (10, "churn ingest"),
    ("train",): (10, "churn ingest"),
    ("backtest",): (10, "churn ingest"),
    ("promote",): (10, "churn train"),
    ("rollback",): (13, "churn promote"),
    ("serve",): (13, "churn train"),
    ("score", "--all"): (13, "churn train"),
    ("score", "--ids", "00001"): (13, "churn train"),
    ("monitor",): (13, "churn train"),
}


@pytest.mark.slow
@pytest.mark.parametrize("command", OUT_OF_ORDER, ids=" ".join)
def test_a_command_before_its_time_says_what_comes_first(command: tuple[str, ...], tmp_path: Path) -> None:
    code, first = OUT_OF_ORDER[command]
    refused(churn(*command, config=shop(tmp_path)), code, first)


def test_parity_before_anything_is_materialised(tmp_path: Path) -> None:
    config = shop(tmp_path)
    assert churn("ingest", config=config).code == 0
    refused(churn("features", "parity", config=config), 10, "churn features materialise")


RANDOM = np.random.default_rng(7)
DAYS = pd.date_range("2023-01-01", "2024-12-20", freq="20D")


def one_customer() -> pd.DataFrame:
    """One customer, who orders every twenty days."""
    return pd.DataFrame({"customer_id": "00001", "date": DAYS, "amount": 3})


def everybody_left() -> pd.DataFrame:
    """Three hundred customers, the last of whom was seen fourteen months before the log ends."""
    when = pd.Timestamp("2023-01-01") + pd.to_timedelta(RANDOM.integers(0, 300, 2000), unit="D")
    return pd.DataFrame({"customer_id": RANDOM.integers(0, 300, 2000), "date": when, "amount": 10})


def nobody_left() -> pd.DataFrame:
    """Three hundred customers, each of whom orders every twenty days to the end."""
    rows = [(customer, day + pd.Timedelta(days=customer % 11)) for customer in range(300) for day in DAYS]
    return pd.DataFrame(rows, columns=["customer_id", "date"]).assign(amount=10)


LOPSIDED = {  # a log nothing can be learnt from: what each model is told
    one_customer: ("churn", "1 customer, fewer than 50", "reactivation"),
    everybody_left: (
        "churn",
        "every customer had lapsed",
        "longer [definition] lapse",
        "reactivation",
        "one outcome only (it came true for none",
        "longer [definition] horizon_days",
    ),
    nobody_left: (
        "churn",
        "one outcome only (it came true for none",
        "shorter [definition] horizon_days",
        "reactivation",
        "no customer counted as lapsed",
        "shorter [definition] lapse",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("log", LOPSIDED)
def test_a_log_that_teaches_nothing_ends_in_a_reason_for_each_model(log: object, tmp_path: Path) -> None:
    config = shop(tmp_path, log())
    assert churn("ingest", config=config).code == 0
    assert churn("definition", "preview", config=config).code == 0
    said = churn("train", config=config)
    refused(said, 10, "churn definition preview")
    for words in LOPSIDED[log]:
        assert words in said.err
    assert not (config.parent / "artifacts" / "shop" / "mlflow.db").exists(), "no registry is made for nothing"
    judged = churn("backtest", "--json", config=config)
    assert judged.code == 0
    assert all(row["abstained"] for row in json.loads(judged.out))
    refused(churn("promote", config=config), 10, "churn train")
    assert not (config.parent / "artifacts" / "shop" / "mlflow.db").exists()
    refused(churn("run", config=config), 10, "churn definition preview")
    assert not list((config.parent / "artifacts" / "shop" / "champion").glob("*.json"))


def test_a_log_shorter_than_a_horizon_is_immature(tmp_path: Path) -> None:
    config = shop(tmp_path, toml=TOML.replace('observed_until = "2025-01-01"', ""))
    assert churn("ingest", config=config).code == 0
    assert "No cutoff yet" in churn("definition", "preview", config=config).out
    for command in (["snapshot", "freeze"], ["train"], ["backtest"]):
        refused(churn(*command, config=config), 11, "give a longer log")


def test_a_day_after_the_log_is_not_frozen(tmp_path: Path) -> None:
    config = shop(tmp_path)
    assert churn("ingest", config=config).code == 0
    refused(churn("snapshot", "freeze", "--cutoff", "2030-01-01", config=config), 11, "a day that the log reaches")
    assert churn("snapshot", "freeze", "--cutoff", "2024-12-31", config=config).code == 0


def test_a_log_that_was_damaged_is_told(tmp_path: Path) -> None:
    config = shop(tmp_path)
    assert churn("ingest", config=config).code == 0
    next((tmp_path / "artifacts" / "shop" / "log").glob("bucket=*")).write_bytes(b"no Parquet")
    refused(churn("definition", "preview", config=config), 10, "churn ingest")
    assert churn("ingest", config=config).code == 0
    assert churn("definition", "preview", config=config).code == 0


@pytest.mark.slow
@pytest.mark.parametrize("command", ["promote", "score --all"])
def test_a_registry_that_was_damaged_is_told(command: str, tmp_path: Path) -> None:
    config = shop(tmp_path)
    assert churn("ingest", config=config).code == 0
    champion = tmp_path / "artifacts" / "shop" / "champion" / "churn.json"
    champion.parent.mkdir()
    champion.write_text("{")
    (tmp_path / "artifacts" / "shop" / "mlflow.db").write_bytes(b"no database" * 100)
    said = churn(*command.split(), config=config)
    assert said.code == 10
    assert "To mend it: " in said.err
