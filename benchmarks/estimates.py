"""Do estimates made before labels hold? Bands of nine in ten against what came, on rolling cutoffs.

Run: python benchmarks/estimates.py [--log CHURN_TOML] [--seed N] [--customers N] [--records FOLDER] [--step N] [--json]

At every cutoff with a past that had matured, the learner of `churn train` is fitted to that past and estimates, from
its scores alone, what its ROC AUC, log loss, Brier score, rate and profit will be among the customers asked there; the
band is learned from its own held-out scores, as training keeps them. Then what came. Beside it two bands that are
simpler: chance alone about the estimate, and the mean of the newest three past cohorts with chance about that
(a back-test's figure and its interval). Cohorts of a season that no past cohort shows are counted apart, since
`churn monitor` abstains there. Coverage has Wilson's 95 % interval; neighbouring horizons overlap, so it is
worth fewer cohorts than it counts. Without --log it is a simulated shop of another seed than the demo's. Final test
cutoffs of the real logs are left out. Models are kept in --records and fitted once.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.bands import of_log, of_simulation
from benchmarks.rolled import Said, asked_at
from churn.calendar import from_us
from churn.estimate import FIGURES, realised
from churn.estimate_band import ALONE, estimates, shows_season
from churn.metrics_profit import Stakes
from churn.settings import Settings
from training.calibrating import HeldOut
from training.estimates import FEWEST_OF_EITHER, estimated_cohorts

SEED, CUSTOMERS = 53, 8_000
NEWEST = 3


@dataclass(frozen=True)
class Held:
    """One figure at one cutoff: how far it came from the estimate, half widths, and how far from the naive value.

    `is_told`: a past cohort shows the season; else `churn monitor` abstains.
    """

    is_told: bool
    off: float
    half: float
    chance: float
    off_naive: float
    is_learned: bool


def held(asked: Said, model: str, settings: Settings) -> dict[str, Held]:
    """Every figure of one cutoff; nothing where too few came out one way."""
    outcome, scored = asked.rows.outcome, asked.scored
    if min(outcome.sum(), len(outcome) - outcome.sum()) < FEWEST_OF_EITHER:
        return {}
    learned, mine = scored.rows, scored.held
    out = HeldOut(scored.raw, learned.outcome[mine], scored.fold, learned.cutoff_us[mine])
    nobody = asked.rows.take(np.empty(0, dtype=np.int64))
    past = estimated_cohorts(model, out, nobody, np.empty(0), settings)
    stakes = Stakes.of(settings.costs) if model == "churn" else None
    waits_days = float(settings.definition.gap_days + settings.definition.horizon_days)
    told = estimates(asked.probability, past, waits_days=waits_days, stakes=stakes)
    came = realised(outcome, asked.probability, stakes=stakes)
    is_told = shows_season(past, from_us(int(asked.rows.cutoff_us[0])), settings.definition.horizon_days)
    found = {}
    for name, one in told.items():
        before = [each.realised[name] for each in past][-NEWEST:]
        naive = came[name] - float(np.mean(before)) if before else float("nan")
        half = max(one.high - one.value, one.value - one.low)
        found[name] = Held(is_told, came[name] - one.value, half, one.chance, naive, one.is_learned)
    return found


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    z, share = 1.959964, hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return float(middle - reach), float(middle + reach)


def figures(asked: Iterator[Said], model: str, settings: Settings) -> dict[str, Any]:
    """Coverage and width of every figure over all cutoffs."""
    every = [held(one, model, settings) for one in asked]
    told: dict[str, Any] = {}
    for name in FIGURES:
        whole = [one[name] for one in every if name in one]
        mine = [one for one in whole if one.is_told]
        if whole:
            told[f"{model}_{name}_season_unseen"] = len(whole) - len(mine)
        if not mine:
            continue
        inside = [abs(one.off) <= one.half for one in mine]
        low, high = wilson(sum(inside), len(mine))
        naive = [abs(one.off_naive) <= one.chance for one in mine if not np.isnan(one.off_naive)]
        figure = {
            "cohorts": len(mine),
            "coverage": np.mean(inside),
            "coverage_low": low,
            "coverage_high": high,
            "half_width": np.mean([one.half for one in mine]),
            "bias": np.mean([one.off for one in mine]),
            "deviation_by_chance": np.mean([one.chance for one in mine]) / ALONE,
            "coverage_of_chance_alone": np.mean([abs(one.off) <= one.chance for one in mine]),
            "coverage_of_backtest": np.mean(naive) if naive else np.nan,
            "learned": np.mean([one.is_learned for one in mine]),
        }
        told |= {f"{model}_{name}_{key}": round(float(value), 4) for key, value in figure.items()}
    return told


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    options.add_argument("--log", type=Path, help="churn.toml of an ingested log; a simulated shop where none is given")
    options.add_argument("--model", choices=("churn", "reactivation"), help="this one alone")
    options.add_argument("--seed", type=int, default=SEED, help="of the simulated shop")
    options.add_argument("--customers", type=int, default=CUSTOMERS, help="of the simulated shop")
    options.add_argument("--step", type=int, default=1, help="ask at every so many-th cutoff")
    options.add_argument("--records", type=Path, help="folder that keeps what fitted models said")
    given = options.parse_args()
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        if given.log:
            settings, snapshot = of_log(given.log)
        else:
            settings, snapshot, _ = of_simulation(Path(scratch), given.customers, seed=given.seed)
        for model in (given.model,) if given.model else ("churn", "reactivation"):
            asked = asked_at(snapshot, model, settings, step=given.step, records=given.records)
            told |= figures(asked, model, settings)
    lines = "\n".join(f"{name:58} {value}" for name, value in told.items())
    print(json.dumps({"figures": told}) if given.json else lines)


if __name__ == "__main__":
    main()
