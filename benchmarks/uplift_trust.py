"""How often is uplift claimed where there is none, and how often where there is some?

Run: python benchmarks/uplift_trust.py [--trials 200] [--rows 2000] [--first 0]

Made-up trials whose effects are known, learned and judged by the very code of `churn campaign uplift` (five folds, 300
draws, confidence .95). Eight features of a log's kind (skewed, some null), of which four say who comes anyway; half are
treated. Each kind of trial differs in what the action changes:

    nothing      nobody
    the same     everybody alike, by five points: an effect, but no order
    faint        by 0 to 10 points, along one feature
    some         by -5 to 15 points, along two features
    strong       by -15 to 35 points, along two features

Told are: `trusted`, Qini's interval above 0 (`order`), and where at least one group of five was told what it was not
(`wrong groups`); and how often the interval of the average effect holds the truth. Intervals of shares are Wilson's.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from campaigns.uplift.gathering import Rows
from campaigns.uplift.judging import judged
from campaigns.uplift.training import trained
from churn.metrics_uplift import Trial

KINDS = ("nothing", "the same", "faint", "some", "strong")
NULLS = KINDS[:2]
FEATURES, DRAWS, FOLDS = 8, 300, 5


def effects_of(kind: str, X: np.ndarray) -> np.ndarray:
    """What the action changes for each customer's chance to come. Shape (n,)."""
    if kind == "nothing":
        return np.zeros(len(X))
    if kind == "the same":
        return np.full(len(X), 0.05)
    if kind == "faint":
        return 0.10 * X[:, 0]
    low, reach = (-0.05, 0.20) if kind == "some" else (-0.15, 0.50)
    return low + reach * (X[:, 0] + X[:, 4]) / 2


def trial_of(kind: str, rows: int, seed: int) -> tuple[Rows, np.ndarray]:
    """A trial, and the true effects."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    even = rng.random((rows, FEATURES))
    chance = 0.15 + 0.35 * even[:, 1] ** 2 + 0.1 * even[:, 2] * even[:, 3] + 0.05 * (even[:, 0] > 0.5)
    effect, side = effects_of(kind, even), rng.random(rows) < 0.5
    came = (rng.random(rows) < np.clip(chance + effect * side, 0, 1)).astype(float)
    seen = np.round(np.expm1(3 * even), 1)  # skewed, as counts and amounts are
    seen[rng.random(seen.shape) < 0.05] = np.nan
    ids = np.array([f"C{number}" for number in range(rows)], dtype=object)
    return Rows(ids, tuple(map(str, range(FEATURES))), seen, Trial.of(came, side, np.full(rows, 0.5))), effect


def wilson(hits: int, n: int) -> str:
    """A share and its 95 % interval."""
    z, share = 1.959964, hits / n
    middle, half = share + z**2 / 2 / n, z * np.sqrt(share * (1 - share) / n + z**2 / 4 / n**2)
    return f"{share:.3f} ({max((middle - half) / (1 + z**2 / n), 0):.3f} .. {(middle + half) / (1 + z**2 / n):.3f})"


def one(kind: str, rows: int, seed: int) -> dict[str, bool]:
    """Learn and judge one trial."""
    made, effect = trial_of(kind, rows, seed)
    model = trained(made, folds=FOLDS, seed=7, threads=1)
    found = judged(model, made.trial, made.customer, draws=DRAWS, confidence=0.95, seed=7)
    return {
        "trusted": found.is_trusted, "order": found.qini.low > 0,
        "wrong groups": not all(group.holds for group in found.groups),
        "average held": found.effect.low <= float(effect.mean()) <= found.effect.high,
    }  # fmt: skip


def main() -> None:
    """Learn many trials of every kind, and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--trials", type=int, default=200)
    options.add_argument("--rows", type=int, nargs="+", default=[2_000])
    options.add_argument("--first", type=int, default=0, help="seed of the first trial")
    options.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    given = options.parse_args()
    for rows in given.rows:
        claimed = []
        for kind in given.kinds:
            began = time.process_time()
            found = [one(kind, rows, given.first + number) for number in range(given.trials)]
            told = ", ".join(f"{name} {wilson(sum(each[name] for each in found), len(found))}" for name in found[0])
            claimed += [each["trusted"] for each in found] if kind in NULLS else []
            print(
                f"{rows} rows, {kind}: {told}; {(time.process_time() - began) / len(found):.1f} CPU-s each", flush=True
            )
        if claimed:
            print(f"{rows} rows, no order to be found: trusted {wilson(sum(claimed), len(claimed))}", flush=True)


if __name__ == "__main__":
    main()
