"""Forgetting killed by the system at any moment: every store can be read, others lose nothing, asking again ends it."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from cli.stores import stores
from features.erasure.forgetting import forget
from features.erasure.journal import Journal
from features.log_reading import read_events
from features.snapshots import read_snapshot
from features.tombstones import standing
from monitoring.reading.windows import read_scores
from tests import monitored_shop
from tests.monitored_shop import Shop
from tests.searching import naming

pytestmark = pytest.mark.slow

ROUNDS = 4
CHILD = """
import sys
from churn.settings import Settings
from cli.stores import stores
from features.erasure.forgetting import forget
settings = Settings.model_validate_json(sys.argv[1])
print("ready", flush=True)
who = sys.stdin.readline().strip()
forget(settings.folder, stores(settings), [who], keep_out=False, models=lambda _: [])
print("done", flush=True)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = monitored_shop.build(tmp_path_factory.mktemp("killed"))
    made.write_scores(made.now())
    return made


def leavers(shop: Shop) -> list[str]:
    """Customers in the snapshot and among the scores, under ids that no number looks like."""
    scored = set(read_scores(shop.settings.folder).frame["customer_id"])
    return sorted(one for one in scored & set(shop.snapshot.frame["customer_id"]) if not one.isdigit())[:ROUNDS]


def killed(shop: Shop, who: str, after_s: float) -> bool:
    """Start forgetting in another process and kill it; whether it had not ended by itself."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, shop.settings.model_dump_json()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", env=os.environ | {"PYTHONUTF8": "1"},
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write(f"{who}\n")
    process.stdin.flush()
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    ended = process.stdout.read() == "done\n"
    process.stdin.close()
    process.stdout.close()
    return not ended


def test_killed_at_any_moment(shop: Shop) -> None:
    folder, interrupted = shop.settings.folder, 0
    delays = np.random.default_rng(11).uniform(0.0, 0.5, ROUNDS)
    for who, after_s in zip(leavers(shop), delays, strict=True):
        before = held(shop, who)
        interrupted += killed(shop, who, float(after_s))
        assert held(shop, who) == before
        assert read_snapshot(standing(shop.snapshot.path)).path.exists()
        forget(folder, stores(shop.settings), [who], keep_out=False, models=lambda _: [])
        assert naming(folder, who) == set()
        assert held(shop, who) == before
        assert Journal(folder).unfinished() == []
    assert interrupted > 0


def held(shop: Shop, without: str) -> dict[str, object]:
    """What every store says of everybody else."""
    folder = shop.settings.folder
    events = read_events(folder)
    others = [one for one in events.customers if one != without]
    frozen = read_snapshot(standing(shop.snapshot.path)).frame
    scores, now = read_scores(folder).frame, pd.read_parquet(shop.current_path)
    return {
        "events": len(events.of(set(others))),
        "frozen": int((frozen["customer_id"] != without).sum()),
        "scores": int((scores["customer_id"] != without).sum()),
        "now": int((now["customer_id"] != without).sum()),
        "pages": json.loads((folder / "champion" / "churn.json").read_text())["snapshot_hash"],
    }
