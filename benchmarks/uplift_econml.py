"""Our T, X and DR learners beside econml's, on the same rows and with the same LightGBM parameters.

econml is no dependency (710 MB with what it needs), so this runs in two halves, the second in an environment of its
own:

    CHURN_DATA=... python benchmarks/uplift_econml.py rows.npz
    python -m venv other && other/bin/pip install econml==0.17.0
    other/bin/python benchmarks/uplift_econml.py rows.npz --rival

The first half writes rows, and what our learners tell of customers that they had not seen:

    shop       a simulated shop's customers, half contacted by chance, six trials each; outcome: what was spent in 60
               days, at most its 99th percentile. Known: what the record oracle (benchmarks/uplift_truth.py) expects
    womens, mens   Hillstrom's trial, the published split of pylift's protocol (benchmarks/uplift.py); outcome: visits

The second fits econml's TLearner, XLearner and DRLearner to the same training rows, and prints for each learner the
rank correlation of both, Qini of both on the test rows, and for the shop the correlation of both with what is true.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROUNDS, FUTURES, TRIALS, CAP = 60, 16, 6, 0.99
PARAMS = {
    "num_leaves": 6, "learning_rate": 0.05, "reg_lambda": 20.0, "colsample_bytree": 0.5, "subsample": 0.7,
    "subsample_freq": 1, "n_estimators": ROUNDS, "random_state": 7, "n_jobs": 1, "verbose": -1,
}  # fmt: skip


def write(path: Path, customers: int, seed: int) -> None:
    """Rows of every trial, and what our learners tell of the test rows."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from campaigns.uplift.learners import LEARNERS, learn
    from churn.metrics_uplift import Trial

    parts = {"shop": _shop(customers, seed), "womens": _hillstrom("womens"), "mens": _hillstrom("mens")}
    kept: dict[str, np.ndarray] = {}
    for name, (X, y, side, chance, train, truth) in parts.items():
        trial = Trial.of(y[train], side[train], np.full(int(train.sum()), chance))
        fold = np.arange(int(train.sum())) % 2
        for learner in LEARNERS:
            tau = learn(learner, X[train], trial, fold, seed=7, threads=1)
            kept[f"{name}/{learner}"] = tau.of(X[~train])
        for part, array in (("X", X), ("y", y), ("side", side), ("train", train), ("truth", truth)):
            kept[f"{name}/{part}"] = array
    np.savez_compressed(path, **kept)


def _shop(customers: int, seed: int) -> tuple[Any, ...]:
    """A trial on a simulated shop's customers; half of them to learn from."""
    sys.path.append(str(Path(__file__).resolve().parent))
    import uplift_truth as true
    from uplift_log import HORIZON_DAYS, Shop
    from uplift_shop import CONTACT, MARGIN, asked_on

    shop = Shop(customers, seed)
    (asked,) = asked_on(shop, [max(shop.run.states)], "reminder", FUTURES)
    side, spent = true.trials(shop.run.shop, asked.state, asked.who, "reminder", repeats=TRIALS, days=HORIZON_DAYS)
    known = ((asked.believed(shop, 0) + asked.believed(shop, 1)) / 2 + CONTACT) / MARGIN
    X, truth = (np.concatenate([one] * TRIALS) for one in (asked.X, known))
    y = np.minimum(spent.ravel(), np.quantile(spent, CAP))
    train = np.concatenate([np.random.default_rng(seed).random(len(asked.who)) < 0.5] * TRIALS)
    return X, y, side.ravel(), 0.5, train, truth


def _hillstrom(mail: str) -> tuple[Any, ...]:
    """Hillstrom's trial; the published split."""
    sys.path.append(str(Path(__file__).resolve().parent))
    from uplift import FILE, PYLIFT, halves, table_of

    frame, X = table_of(Path(os.environ["CHURN_DATA"]) / FILE)
    train, test, side = halves(frame, mail, PYLIFT[mail][0])
    both = np.concatenate([train, test])
    first = np.arange(len(both)) < len(train)
    return X[both], frame["visit"].to_numpy(float)[both], side[both], float(side[both].mean()), first, np.empty(0)


def rival(path: Path) -> None:
    """Fit econml's learners to the same rows, and print."""
    from econml.dr import DRLearner
    from econml.metalearners import TLearner, XLearner
    from lightgbm import LGBMRegressor
    from scipy.stats import spearmanr
    from sklearn.dummy import DummyClassifier

    kept = np.load(path)
    for name in ("shop", "womens", "mens"):
        X, y, side, train, truth = (kept[f"{name}/{part}"] for part in ("X", "y", "side", "train", "truth"))
        least = max(25, int(0.01 * train.sum()))
        model = LGBMRegressor(**PARAMS, min_child_samples=least)
        theirs = {
            "t": TLearner(models=model),
            "x": XLearner(models=model, propensity_model=DummyClassifier(strategy="prior")),
            "dr": DRLearner(
                model_propensity=DummyClassifier(strategy="prior"),
                model_regression=model,
                model_final=model,
                cv=2,
                random_state=7,
            ),
        }
        for learner, one in theirs.items():
            one.fit(y[train], side[train].astype(int), X=np.nan_to_num(X[train], nan=-1.0))
            told = np.asarray(one.effect(np.nan_to_num(X[~train], nan=-1.0))).ravel()
            ours, rows = kept[f"{name}/{learner}"], (y[~train], side[~train])
            line = f"{name} {learner}: rank correlation {spearmanr(ours, told)[0]:.3f}, "
            line += f"Qini ours {qini(*rows, ours):.5f} econml {qini(*rows, told):.5f}"
            if len(truth):
                line += f", with what is true ours {spearmanr(ours, truth[~train])[0]:.3f} "
                line += f"econml {spearmanr(told, truth[~train])[0]:.3f}"
            print(line, flush=True)


def qini(y: np.ndarray, side: np.ndarray, told: np.ndarray) -> float:
    """As `churn.metrics_uplift.qini`, which the other environment cannot import; ties go by position."""
    order = np.argsort(-told, kind="stable")
    treated, other = side[order] / side.sum(), ~side[order] / (~side).sum()
    gain = np.append(0, np.cumsum(y[order] * treated) - np.cumsum(y[order] * other))
    return float(((gain[1:] + gain[:-1]) / 2).mean() - gain[-1] / 2)


def main() -> None:
    """Write, or be the rival."""
    options = argparse.ArgumentParser()
    options.add_argument("file", type=Path)
    options.add_argument("--rival", action="store_true")
    options.add_argument("--customers", type=int, default=5_000)
    options.add_argument("--seed", type=int, default=21)
    given = options.parse_args()
    if given.rival:
        rival(given.file)
    else:
        write(given.file, given.customers, given.seed)


if __name__ == "__main__":
    main()
