"""Same snapshot, parameters and seed: same model bit by bit, whatever order, threads or process it is made in."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.tables import TREATMENTS
from features.treatments import write_treatments
from tests.unit.training import made
from tests.unit.training.test_learner import drawn
from training.challenger import train
from training.fit import fit

ROOT = Path(__file__).parents[2]
FITTED = """
import hashlib, sys
import numpy as np
from tests.unit.training.test_learner import drawn
from training.fit import fit
from training.rows import Columns, Rows
from dataclasses import replace
rows = drawn(24_000)
wide = np.hstack([rows.X, np.random.default_rng(5).lognormal(size=(24_000, 60))])
names = (*rows.columns.names, *(f"more_{n}" for n in range(60)))
rows = replace(rows, X=wide, columns=Columns(names, rows.columns.categories))
found = fit(rows, whole_from_us=0, seed=7, threads=int(sys.argv[1]))
told = found.booster + found.calibrator.model_dump_json() + found.held_out.tobytes().hex()
print(hashlib.sha256(told.encode()).hexdigest())
"""


def hash_in_a_process(threads: int) -> str:
    """The hash of a model fitted in a process of its own, in which everything may take so many threads."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environ = {**os.environ, **dict.fromkeys(names, str(threads)), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", FITTED, str(threads)], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.slow
def test_threads_and_processes_change_no_bit() -> None:
    """Neither LightGBM's threads nor those that multiply matrices."""
    assert hash_in_a_process(1) == hash_in_a_process(2)


@pytest.mark.slow
def test_the_order_of_the_log_changes_no_bit(tmp_path: Path) -> None:
    frame = made.log(customers=400)
    found = []
    for name, log in (("as it is", frame), ("shuffled", frame.sample(frac=1, random_state=3, ignore_index=True))):
        settings = made.settings(tmp_path / name)
        learn, test, whole = made.fold(log, settings)
        told = train("churn", learn, test, settings, whole=whole, progress=lambda _text: None)
        found.append((told.hash, told.judged and told.judged.booster))
    assert found[0] == found[1]


def test_another_seed_is_another_model() -> None:
    """The law can fail: what it compares is not the same for all."""
    rows = drawn(800)
    texts = {fit(rows, whole_from_us=0, seed=seed, threads=1, trees=5).booster for seed in (1, 2)}
    assert len(texts) == 2


def test_memory_layout_changes_no_bit() -> None:
    from dataclasses import replace

    rows = drawn(800)
    texts = {
        fit(replace(rows, X=X), whole_from_us=0, seed=7, threads=1, trees=5).booster
        for X in (rows.X, np.asfortranarray(rows.X), rows.X.copy())
    }
    assert len(texts) == 1


@pytest.mark.slow
def test_campaigns_and_a_rule_change_no_bit_from_run_to_run(tmp_path: Path) -> None:
    """Same rows, same campaigns, same rule: same model; and without campaigns every rule gives that of `kept`."""
    frame = made.log(customers=300)
    ids = np.array(sorted(frame["customer_id"].unique()), dtype=object)
    planned = ids[np.random.default_rng(3).random(len(ids)) < 0.5]
    side = np.random.default_rng(4).random(len(planned)) < 0.7
    at = pd.Timestamp(made.TEST) - pd.Timedelta(days=80)
    rows = pd.DataFrame({"campaign": "one", "customer_id": planned, "action": "coupon", "planned_at": at,
                         "window_end": at + pd.Timedelta(days=40), "propensity": 0.7, "is_treated": side})  # fmt: skip
    rows = rows.reindex(columns=TREATMENTS.names)
    dates = {name: TREATMENTS[name].dtype for name in ("planned_at", "due", "window_end")}
    found: dict[str, set[str]] = {}
    runs = [("kept", 1), ("quiet", 1), ("weighted", 1), ("weighted", 2), ("modelled", 1), ("modelled", 2)]
    for rule, run in runs:
        settings = made.settings(tmp_path / rule / str(run))
        training = settings.training.model_copy(update={"treated_rows": "weighted" if rule == "quiet" else rule})
        settings = settings.model_copy(update={"training": training})
        if rule != "quiet":
            write_treatments(settings.folder, "one", rows.astype(dates))
        learn, test, whole = made.fold(frame, settings)
        told = train("churn", learn, test, settings, whole=whole, progress=lambda _text: None)
        found.setdefault(rule, set()).add(told.hash)
    assert {rule: len(hashes) for rule, hashes in found.items()} == dict.fromkeys(found, 1)
    assert found["kept"] == found["quiet"]
    assert len(found["kept"] | found["weighted"] | found["modelled"]) == 3
