"""Answers of three champions, each trained on real months and let in by the gate, come back after all three served.

The log grows between the promotions and the features change with each, as they do in a shop's year.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.simulated_export import write_sources
from features.simulation import SimulationSettings, simulate
from tests.command_line import churn

pytestmark = pytest.mark.nightly

ROOT = Path(__file__).parents[2]
SHOP = SimulationSettings(customers=1500)
FEWER = {"max_cutoffs": "4", "test_cutoffs": "2"}  # enough to pass the gate, and quick
VERDICTS = (0, 20, 21, 22, 23)
QUARTERS: tuple[tuple[datetime, Mapping[str, str]], ...] = (  # until when the log goes, and what the settings say
    (datetime(2025, 6, 30, 16, tzinfo=UTC), {}),
    (datetime(2025, 9, 30, 16, tzinfo=UTC), {"leave_out": '["*_30d"]'}),
    (datetime(2025, 12, 31, 16, tzinfo=UTC), {"windows_days": "[14, 60, 365]", "leave_out": "[]"}),
)


@dataclass(frozen=True)
class Served:
    """What one champion told: by `churn score --ids`, whole, and of everybody, by score id."""

    answers: list[dict[str, Any]]
    everybody: dict[str, float]


def written(config: Path, wanted: Mapping[str, str]) -> None:
    """The settings with some of their values changed."""
    toml = (ROOT / "churn.toml").read_text(encoding="utf-8")
    for name, value in (FEWER | dict(wanted)).items():
        toml, found = re.subn(rf"^{name} = [^#\n]*", f"{name} = {value} ", toml, flags=re.MULTILINE)
        assert found == 1, name
    config.write_text(toml, encoding="utf-8")


def champions(folder: Path) -> dict[str, dict[str, Any]]:
    """What promotion wrote down, by model."""
    paths = {model: folder / "champion" / f"{model}.json" for model in ("churn", "reactivation")}
    return {model: json.loads(path.read_text(encoding="utf-8")) for model, path in paths.items()}


def quarter(config: Path, events: pd.DataFrame, until: datetime, wanted: Mapping[str, str]) -> Served:
    """Ingest what had reached the shop, train, pass the gate, promote, score."""
    written(config, wanted)
    known = events[events["ingested_at"] < until]
    write_sources(known, config.parent / "artifacts" / "demo-source", timezone=SHOP.timezone)
    assert churn("run", config=config).code in VERDICTS
    folder = config.parent / "artifacts" / "demo"
    now = pd.read_parquet(folder / "features" / "current.parquet", columns=["customer_id", "model"])
    asked = [*now.groupby("model")["customer_id"].head(4), *now.loc[now["model"].isna(), "customer_id"].head(1)]
    said = churn("score", "--ids", ",".join(asked), "--json", config=config)
    assert said.code == 0, said
    newest = max((folder / "scores" / "batch").glob("*.parquet"))
    batch = pd.read_parquet(newest).dropna(subset="probability").groupby("model").head(3)
    return Served(json.loads(said.out), dict(zip(batch["score_id"], batch["probability"], strict=True)))


def test_what_three_real_champions_told_comes_back(tmp_path: Path) -> None:
    events, config = simulate(SHOP).events, tmp_path / "churn.toml"
    served, records = [], []
    for until, wanted in QUARTERS:
        served.append(quarter(config, events, until, wanted))
        records.append(champions(tmp_path / "artifacts" / "demo"))
    for model in ("churn", "reactivation"):
        versions = [int(one[model]["version"]) for one in records]
        assert versions == sorted(set(versions)), "each quarter has a champion of its own, let in by the gate"
        assert len({one[model]["feature_set_hash"] for one in records}) == len(QUARTERS)
    for one in served:
        told = {name for answer in one.answers for name in [answer["model_version"]] if name}
        assert len(told) == 2
        for answer in one.answers:
            again = churn("replay", answer["score_id"], "--json", config=config)
            found = json.loads(again.out)
            assert (again.code, found["equal"], found["differs"]) == (0, True, []), found
            assert found["replayed"] == answer | {"served_from": found["replayed"]["served_from"]}
        for score_id, probability in one.everybody.items():
            found = json.loads(churn("replay", score_id, "--json", config=config).out)
            assert (found["equal"], found["replayed"]["probability"]) == (True, probability), found
