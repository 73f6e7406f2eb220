"""The fixed seeded model that figures of serving hold on: 500 trees x 63 leaves x 80 features, as a champion.

    python benchmarks/fixed_model.py FOLDER    appoint it as the champion of the artifacts in FOLDER

Six features are categories, ten have nulls; mean depth 13. The data are made up and seeded, so everybody's figures
are of the same model. `texts` gives booster and bundle, `vectors` customers as the store packs them, `rows` the same
as rows of the on-line store, `appointed` a folder from which `serving.champion.load` reads it.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before benchmarks/features.py, which hides the package

from churn.bundle import Bundle, Text, model_hash
from churn.calibration import Calibrator
from churn.reasons import GROUPS
from churn.warrant import signed
from features.online import OnlineRow
from features.signing_key import own_key
from serving.admission import Held
from serving.archive import BOOSTER, BUNDLE, folder_of
from serving.champion import appoint

FloatArray = NDArray[np.float64]

TREES, LEAVES, WIDTH = 500, 63, 80
CATEGORIES, NULLS = 6, 10  # the last columns; the first
LEARN_FROM = 20_000
SLUG, SET_HASH = "fixed", "f1" * 32
NAMES = tuple(f"number_{place:02d}" for place in range(WIDTH - CATEGORIES)) + tuple(
    f"category_{place}" for place in range(CATEGORIES)
)
CODES = {f"category_{place}": tuple(1000 + 37 * code for code in range(4 * 2**place)) for place in range(CATEGORIES)}


def vectors(count: int, seed: int = 1) -> FloatArray:
    """Customers as the store packs them: amounts, counts, shares and days, nulls and codes. Shape (count, 80)."""
    random = np.random.default_rng(seed)
    made = np.empty((count, WIDTH))
    numbers = WIDTH - CATEGORIES
    for place in range(numbers):
        kind = place % 4
        if kind == 0:
            made[:, place] = random.lognormal(3.0, 1.5, count)
        elif kind == 1:
            made[:, place] = random.poisson(1.0 + place / 10, count)
        elif kind == 2:
            made[:, place] = random.random(count)
        else:
            made[:, place] = random.normal(size=count)
    made[:, :NULLS][random.random((count, NULLS)) < 0.3] = np.nan
    for place, codes in enumerate(CODES.values()):
        made[:, numbers + place] = random.choice(np.array(codes, dtype=np.float64), count)
    return made


@cache
def texts() -> tuple[str, str]:
    """Booster and bundle, as they are registered. Some 20 CPU-seconds the first time in a process."""
    rows = vectors(LEARN_FROM, seed=0)
    random = np.random.default_rng(2)
    known = np.nan_to_num(rows)
    odds = (
        0.5 * np.log1p(known[:, 0])
        - 0.5 * np.log1p(known[:, 4])
        + 0.3 * known[:, 3] * known[:, 7]
        + 0.2 * known[:, 5]
        - known[:, 2]
    )
    odds += 0.5 * (known[:, -1] % 3) - 0.5 * np.isnan(rows[:, 1]) + 0.1 * known[:, 11 : WIDTH - CATEGORIES].mean(axis=1)
    label = random.random(LEARN_FROM) < 1 / (1 + np.exp(-(odds - np.median(odds))))
    bundle = _bundle(float(label.mean()))
    names, categories = list(NAMES), list(CODES)
    dataset = lightgbm.Dataset(bundle.prepare(rows), label, feature_name=names, categorical_feature=categories)
    booster = lightgbm.train(_params(), dataset, TREES)
    return booster.model_to_string(), bundle.to_json()


def rows(count: int, *, as_of: datetime, seed: int = 1) -> list[OnlineRow]:
    """The customers F0000000, F0000001 ... as rows of the on-line store, all of them the churn model's."""
    return [
        OnlineRow(f"F{number:07d}", vector, "active", "churn", as_of, as_of, SET_HASH)
        for number, vector in enumerate(vectors(count, seed))
    ]


def appointed(folder: Path) -> Held:
    """Make it the churn champion of the artifacts in `folder`, which `serving.champion.load` reads.

    The booster is kept there, so that a second call is quick.
    """
    booster_file = folder / "fixed_model.txt"
    if booster_file.exists():
        booster, bundle = booster_file.read_text(encoding="utf-8"), (folder / "fixed_model.json").read_text("utf-8")
    else:
        booster, bundle = texts()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "fixed_model.json").write_text(bundle, encoding="utf-8")
        booster_file.write_text(booster, encoding="utf-8")
    told = json.loads(bundle)
    facts = {name: told[name] for name in ("model", "feature_set_hash", "definition_id")} | {
        "name": f"churn-{SLUG}", "version": 1, "model_hash": model_hash(bundle, booster), "act": "promote",
        "at": told["trained_at"], "who": "benchmark", "passed": True, "checks": {}, "history_hash": "",
    }  # fmt: skip
    held = Held(f"churn-{SLUG}/1", str(facts["model_hash"]), signed(facts, own_key(folder)))
    copy = folder_of(folder, held.model_hash)
    copy.mkdir(parents=True, exist_ok=True)
    (copy / BOOSTER).write_text(booster, encoding="utf-8")
    (copy / BUNDLE).write_text(bundle, encoding="utf-8")
    (folder / "serving").mkdir(exist_ok=True)
    appoint(folder, {"churn": held})
    return held


def _params() -> dict[str, Any]:
    return {
        "objective": "binary", "num_leaves": LEAVES, "learning_rate": 0.1, "min_data_in_leaf": 3, "verbosity": -1,
        "num_threads": 1, "seed": 7, "deterministic": True, "force_row_wise": True, "max_cat_to_onehot": 4,
    }  # fmt: skip


def _bundle(base_rate: float) -> Bundle:
    groups = list(GROUPS)
    texts_of = {name: Text(en=name.replace("_", " "), zh=f"特征 {name}") for name in NAMES}
    return Bundle(
        model="churn", label="churned", business=SLUG, features=NAMES, feature_set_hash=SET_HASH, categories=CODES,
        calibrator=Calibrator(kind="platt", params={"a": 1.0, "b": 0.0}), percentiles=tuple(np.linspace(0, 1, 101)),
        bands={"low": 0.0, "medium": 0.3, "high": 0.6}, base_rate=base_rate, definition={"horizon_days": 90},
        definition_id="d" * 12, horizon_days=90, gap_days=0, snapshot_hash="5" * 64,
        trained_at=datetime(2026, 1, 1, tzinfo=UTC), trees=TREES,
        reasons={name: groups[place % len(groups)] for place, name in enumerate(NAMES)}, texts=texts_of,
        usual={name: None if name in CODES else 1.0 for name in NAMES},
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    held = appointed(parser.parse_args().folder)
    print(f"{held.version} {held.model_hash}")


if __name__ == "__main__":
    main()
