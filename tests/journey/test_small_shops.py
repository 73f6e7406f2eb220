"""Shops of 60, 150 and 400 customers, from their orders to a score: who answers, and how good that is."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from churn.grade import LEARNERS, SENTENCES
from features.simulation import SimulationSettings, write_demo_log
from tests.command_line import churn
from tests.short_shop import DEFINITION, LOG
from tests.unit.training import made

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TOML = (
    """
[business]
slug = "small"
clock = "log"

"""
    + DEFINITION
    + """
[training]
threads = 1
max_cutoffs = 6
test_cutoffs = 1

"""
    + LOG
)
SERVED = {60: "recency_rule", 150: "bg_nbd", 400: "lightgbm"}  # who wins there, with these seeds
TRAINED = {60: "churn", 150: "reactivation", 400: "churn"}


@dataclass(frozen=True)
class Shop:
    """A shop with a champion, and what was said on the way."""

    customers: int
    config: Path
    said: dict[str, str]

    @property
    def model(self) -> str:
        return TRAINED[self.customers]

    @property
    def learner(self) -> str:
        return SERVED[self.customers]

    @property
    def folder(self) -> Path:
        return next((self.config.parent / "artifacts").glob("*/champion")).parent

    @property
    def champion(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "champion" / f"{self.model}.json").read_text(encoding="utf-8")))


def opened(folder: Path, customers: int) -> Path:
    """The toml of a shop; the largest is the simulator's, the others buy and stop by chance alone."""
    config = folder / "churn.toml"
    if customers == 400:
        write_demo_log(folder / "artifacts" / "demo-source", SimulationSettings(customers=customers, seed=20))
        shutil.copy(ROOT / "churn.toml", config)
        return config
    made.log(customers).to_csv(folder / "log.csv", index=False)
    config.write_text(TOML, encoding="utf-8")
    return config


@pytest.fixture(scope="module", params=SERVED)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    customers = request.param
    config = opened(tmp_path_factory.mktemp(f"shop-{customers}"), customers)
    train = ["train", "--model", TRAINED[customers], *(["--cutoff", "2023-11-01"] if customers == 150 else [])]
    said = {}
    for words in (["ingest"], train, ["features", "parity", "--challengers"], ["promote"], ["features", "materialise"]):
        ended = churn(*words, config=config)
        assert ended.code == 0, ended
        said[words[0]] = ended.out + ended.err
    return Shop(customers, config, said)


def answers(shop: Shop, ids: list[str]) -> list[dict[str, Any]]:
    said = churn("score", "--ids", ",".join(ids), "--json", config=shop.config)
    assert said.code == 0, said
    return [one for one in json.loads(said.out) if one["model"] == shop.model]


def asked(shop: Shop) -> pd.DataFrame:
    """Everybody's features now, of those whom the model asks about."""
    now = pd.read_parquet(shop.folder / "features" / "current.parquet")
    return now[now["model"] == shop.model].reset_index(drop=True)


def test_a_small_shop_has_a_champion_that_says_who_it_is(shop: Shop) -> None:
    assert f"{shop.model}-" in shop.said["promote"]
    assert "serves now" in shop.said["promote"]
    assert LEARNERS[shop.learner][0] in shop.said["train"]  # type: ignore[index]  # one of them
    assert shop.learner in shop.champion["metrics"]
    if shop.learner == "recency_rule":
        assert "it is the recency rule itself" in shop.said["promote"]


def test_each_answer_names_learner_and_grade_in_both_languages(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = asked(shop)["customer_id"].head(5).tolist()
    for place, language in enumerate(("en", "zh")):
        monkeypatch.setenv("CHURN_BUSINESS__LANGUAGE", language)
        scores = answers(shop, ids)
        assert [one["customer_id"] for one in scores] == ids
        for one in scores:
            assert 0 < one["probability"] < 1
            assert one["learner"] == shop.learner
            assert one["grade_text"].startswith(SENTENCES[one["grade"]][place])
            assert LEARNERS[shop.learner][place] in one["grade_text"]  # type: ignore[index]
        if shop.learner == "recency_rule":
            assert {one["grade"] for one in scores} == {"none"}
        told = churn("score", "--all", config=shop.config).out
        assert f"{shop.model}: {scores[0]['grade_text']}" in told
    (sheet,) = (shop.folder / "scores" / "batch").glob("*.csv")
    lines = pd.read_csv(sheet, dtype=str, keep_default_na=False)
    scored = lines[lines["probability"] != ""]
    assert set(scored["learner"]) == {shop.learner}
    assert set(scored["grade_text"]) == {scores[0]["grade_text"]}, "in the language of the last run"


def test_a_small_champion_is_explained(shop: Shop) -> None:
    said = churn("explain", "--champion", "--model", shop.model, "--json", config=shop.config)
    assert said.code == 0, said
    page = (shop.folder / "reasons" / f"{shop.model}.html").read_text(encoding="utf-8")
    assert "<html" in page
    some = answers(shop, asked(shop)["customer_id"].head(20).tolist())
    assert any(one["reasons"] for one in some)
    if shop.learner == "recency_rule":
        assert {reason["code"] for one in some for reason in one["reasons"]} <= {"silence", "none"}


def test_mlflow_loads_a_small_champion_by_itself(shop: Shop) -> None:
    now, champion = asked(shop), shop.champion
    mlflow.set_tracking_uri(f"sqlite:///{shop.folder / 'mlflow.db'}")
    model = mlflow.pyfunc.load_model(f"models:/{champion['name']}@champion")
    columns = [one.name for one in model.metadata.get_input_schema()]
    told = model.predict(now[columns].astype(np.float64))["probability"]
    scores = {one["customer_id"]: one["probability"] for one in answers(shop, now["customer_id"].head(30).tolist())}
    wanted = now["customer_id"].head(30).map(scores).astype(float)
    np.testing.assert_allclose(told.head(30), wanted, atol=1e-9)


@pytest.mark.parametrize("shop", [60], indirect=True)
def test_the_report_of_a_small_shop_tells_the_grade(shop: Shop) -> None:
    assert churn("backtest", "--cutoffs", "1", config=shop.config).code == 0
    (report,) = (shop.folder / "backtest").glob("*/report.json")
    told = json.loads(report.read_text(encoding="utf-8"))
    page = report.with_suffix(".html").read_text(encoding="utf-8")
    grades = [model["folds"][-1]["params"]["grade"] for model in told["models"] if model["folds"]]
    assert grades
    for grade in grades:
        assert grade["en"] in page
        assert grade["zh"] in page
