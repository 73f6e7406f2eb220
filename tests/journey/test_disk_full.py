"""No room to write: every command that writes says so, with its mend and exit code 10, and the good state stays.

A file that may not grow (RLIMIT_FSIZE) stands for a full disk, which anybody can have; where a file system may be
mounted, a small real one is filled too.
"""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from features.store_errors import quiet
from tests import small_shop
from tests.command_line import churn, files_no_longer_than, fingerprints, refused
from tests.integration.test_feature_commands import TOML

ROOT = Path(__file__).parents[2]
MOUNTED = ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs"]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toml beside the small shop's log, which is ingested."""
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder)
    assert churn("ingest", config=folder / "churn.toml").code == 0
    return folder / "churn.toml"


def write_shop(folder: Path) -> None:
    small_shop.log().to_csv(folder / "log.csv", index=False)
    (folder / "churn.toml").write_text(TOML, encoding="utf-8")


def artifacts(config: Path) -> Path:
    return config.parent / "artifacts" / "small-shop"


def test_ingest(config: Path) -> None:
    before = fingerprints(artifacts(config), "log")
    with files_no_longer_than(4096):
        said = churn("ingest", config=config)
    refused(said, 10, "free some space")
    assert said.err.splitlines()[-2].startswith("disk_full: ")
    assert fingerprints(artifacts(config), "log") == before


def test_snapshot_freeze(config: Path) -> None:
    assert churn("snapshot", "freeze", "--cutoff", "2024-08-01", config=config).code == 0
    before = fingerprints(artifacts(config), "log", "snapshots")
    with files_no_longer_than(4096):
        said = churn("snapshot", "freeze", config=config)
    refused(said, 10, "free some space")
    assert fingerprints(artifacts(config), "log", "snapshots") == before
    assert [path.name for path in (artifacts(config) / "snapshots").iterdir() if path.name[0] == "."] == []


def kept(config: Path) -> set[str]:
    """The files of the feature store; SQLite's own come and go with whoever has the database open."""
    names = fingerprints(artifacts(config), "features")
    return {name for name in names if not name.endswith(("-wal", "-shm"))}


@pytest.mark.slow
def test_features_materialise(config: Path) -> None:
    with quiet():  # it writes a file of its own when it is imported
        importlib.import_module("feast")
    with files_no_longer_than(4096):
        refused(churn("features", "materialise", config=config), 10, "free some space")
    assert churn("features", "materialise", config=config).code == 0
    before = kept(config)
    rows = (artifacts(config) / "features" / "current.parquet").read_bytes()
    with files_no_longer_than(33_000):
        refused(churn("features", "materialise", config=config), 10, "free some space")
    assert (artifacts(config) / "features" / "current.parquet").read_bytes() == rows
    assert kept(config) == before
    assert churn("features", "parity", config=config).code == 0  # what is on line is still what the log says


SMALL_DISK = """
set -e
mount -t tmpfs -o size=512k tmpfs "$1"
cp "$2"/log.csv "$2"/churn.toml "$1"
cd "$1"
export CHURN_ARTIFACTS="$1"
"$3" -m cli ingest -c "$1/churn.toml"
find . -type f -path '*log/*' | sort | xargs sha256sum > "$4/before"
dd if=/dev/zero of="$1/filler" bs=1k 2>/dev/null || true
set +e
"$3" -m cli ingest -c "$1/churn.toml"
echo "ended with $?"
find . -type f -path '*log/*' | sort | xargs sha256sum > "$4/after"
"""


def test_ingest_on_a_disk_that_is_really_full(tmp_path: Path) -> None:
    if subprocess.run([*MOUNTED, tmp_path], check=False, capture_output=True).returncode:
        pytest.skip("nothing may be mounted here; the tests above stand for it")
    places = [tmp_path / name for name in ("disk", "shop", "told")]
    for place in places:
        place.mkdir()
    write_shop(places[1])
    command = ["unshare", "-Urm", "sh", "-c", SMALL_DISK, "-", places[0], places[1], sys.executable, places[2]]
    ran = subprocess.run(
        command, check=False, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert ran.stdout.splitlines()[-1] == "ended with 10", ran
    assert "disk_full: " in ran.stderr
    assert "To mend it: free some space" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert (places[2] / "before").read_text().count("bucket=") > 1
    assert (places[2] / "after").read_text() == (places[2] / "before").read_text()
