"""`[features]` by the command line: lines of one's own are listed, frozen and served; a wrong one stops it all."""

import json
from pathlib import Path

import pytest

from churn.settings import load
from cli.opened import features_of, open_log, served_features
from features.log import read_log_manifest
from tests import small_shop
from tests.integration.test_feature_commands import TOML, churn

OWN = """[features]
own = ["order.count[14]", "visit.count[3] / visit.count[30]"]
leave_out = ["season_*"]
holidays = ["CN"]
"""
BARE = TOML + "[features]\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small shop whose log is ingested."""
    folder = tmp_path_factory.mktemp("shop")
    small_shop.log().to_csv(folder / "log.csv", index=False)
    (folder / "churn.toml").write_text(TOML, encoding="utf-8")
    assert churn("ingest", config=folder / "churn.toml")[0] == 0
    return folder


@pytest.fixture
def config(shop: Path) -> Path:
    """A toml with features of its own."""
    (shop / "churn.toml").write_text(TOML + OWN, encoding="utf-8")
    return shop / "churn.toml"


def test_features_of_ones_own_are_listed_last_and_what_is_left_out_is_not(config: Path) -> None:
    listed = json.loads(churn("features", "list", "--json", config=config)[1])["features"]
    names = [one["name"] for one in listed]
    assert names[-2:] == ["order_count_14d", "visit_count_3d_per_visit_count_30d"]
    assert "holiday_days_to_next" in names
    assert not [name for name in names if name.startswith("season_")]


def test_what_the_log_cannot_fill_is_listed_with_what_it_waits_for(config: Path) -> None:
    code, said = churn("features", "list", "--missing", config=config)
    assert code == 0
    assert "events of kind survey" in said
    told = json.loads(churn("features", "list", "--missing", "--json", config=config)[1])["missing"]
    assert {"name", "reason", "waits_for", "en", "zh"} == set(told[0])
    assert "order_count_30d" not in {one["name"] for one in told}


@pytest.mark.parametrize(
    "words", [("features", "list"), ("snapshot", "freeze"), ("features", "materialise")], ids=" ".join
)
@pytest.mark.parametrize(
    ("line", "mend"),
    [
        ("ordr.count[14]", "did you mean 'order'"),
        ("order.count[30]", "name of its own"),
        ("order.count[400]", "up to 365 days"),
    ],
)
def test_a_wrong_line_stops_the_command_and_says_how_to_mend_it(
    config: Path, words: tuple[str, ...], line: str, mend: str
) -> None:
    config.write_text(f'{BARE}own = ["{line}"]\n', encoding="utf-8")
    code, said = churn(*words, config=config)
    assert code == 12
    assert mend in " ".join(said.split())


def test_a_champion_keeps_its_features_when_the_settings_change(config: Path) -> None:
    folder = load(config).folder
    frozen = json.loads(churn("snapshot", "freeze", "--cutoff", "2024-08-01", "--json", config=config)[1])
    manifest = json.loads((Path(frozen["path"]) / "manifest.json").read_text(encoding="utf-8"))
    learned = manifest["feature_set"]["hash"]
    champion = {"snapshot_path": f"snapshots/{Path(frozen['path']).name}", "feature_set_hash": learned}
    (folder / "champion").mkdir()
    (folder / "champion" / "churn.json").write_text(json.dumps(champion), encoding="utf-8")
    config.write_text(f'{BARE}own = ["order.count[21]"]\n', encoding="utf-8")
    settings = load(config)
    served, today = served_features(settings), features_of(settings, read_log_manifest(folder))
    assert served is not None
    assert (served.hash, list(served.names)) == (learned, manifest["feature_set"]["names"])
    assert today.hash != learned
    assert {"order_count_14d", "order_count_21d"} & set(served.names) == {"order_count_14d"}
    assert open_log(settings).served.hash == learned
