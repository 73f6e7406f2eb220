"""`churn privacy` and the key of files, as a stranger meets them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from churn.sections import Business
from cli.main import app
from features.encryption import KEY
from tests.command_line import churn, refused
from tests.orders_csv import ORDERS

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
"""


def test_a_command_without_the_key_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)
    config = tmp_path / "churn.toml"
    config.write_text("[privacy]\nencrypt_files = true\n", encoding="utf-8")
    refused(churn("ingest", config=config), 12, KEY, "new-key")
    assert Business().slug not in [path.name for path in (tmp_path / "artifacts").glob("*")]


def test_status_says_what_is_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "churn.toml"
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    config.write_text(TOML, encoding="utf-8")
    assert churn("ingest", config=config).code == 0
    made = json.loads(churn_words("privacy", "new-key", "--json"))["key"]
    monkeypatch.setenv(KEY, made)
    config.write_text(TOML + "[privacy]\nencrypt_files = true\n", encoding="utf-8")
    told = json.loads(churn("privacy", "status", "--json", config=config).out)
    logs = next(one["files"] for one in told["stores"] if one["store"] == "log")
    assert set(logs) == {"plain"}
    assert "files were written anew" in churn("privacy", "rewrite", config=config).out
    told = json.loads(churn("privacy", "status", "--json", config=config).out)
    logs = next(one["files"] for one in told["stores"] if one["store"] == "log")
    assert set(logs) == {told["keys"][0]}
    assert made not in str(told)
    assert "encrypted volume" in churn("privacy", "status", config=config).out


def churn_words(*words: str) -> str:
    """A command that reads no settings."""
    return str(CliRunner().invoke(app, list(words)).stdout)
