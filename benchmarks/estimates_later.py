"""Do bands hold when the champion that estimates has served for months? The other half of benchmarks/estimates.py.

Run: python benchmarks/estimates_later.py [--seed N] [--customers N] [--log CHURN_TOML] [--every N] [--json]

A model is fitted to what had matured at a cutoff and then serves a year unchanged. At each later cutoff it estimates
what will come; its band is learned from the pairs that training kept and from its own cohorts that had matured by
then, and it abstains as `churn monitor` would where those were off already, or where none shows the season. Coverage
is told by months of service. Neighbouring cohorts share horizons, and cohorts of one model its errors: they are worth
far fewer than they count.
"""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.bands import of_log, of_simulation
from benchmarks.estimates import wilson
from benchmarks.rolled import Record, as_known
from churn.calendar import DAY_US, from_us
from churn.cohort import MODELS
from churn.estimate import FIGURES, expected, realised
from churn.estimate_band import Cohort, estimates, shows_season
from churn.metrics_profit import Stakes
from churn.settings import Settings
from features.snapshots import Snapshot
from monitoring.before.abstaining import off_by
from training.btyd.rival import Known
from training.calibrating import HeldOut
from training.estimates import FEWEST_OF_EITHER, estimated_cohorts
from training.rows import Columns, Rows

SEED, CUSTOMERS = 53, 4_000
MONTH_DAYS, YEAR_DAYS = 30.4375, 366
AGES = ((0, 3), (4, 6), (7, 9), (10, 12))  # months of service
FEWEST_PAST = 8


class Later(NamedTuple):
    """A figure at one cutoff of a model's service: its age, whether it was told, and whether it was held."""

    months: int
    abstains: bool
    is_held: dict[str, bool]


def served(snapshot: Snapshot, model: str, settings: Settings, every: int) -> Iterator[Later]:
    """Every so many-th model that had past enough, at every cutoff of the year that follows."""
    rows = Rows.of(snapshot.frame, Columns.of(snapshot.manifest), model)
    definition, training = settings.definition, settings.training
    waits_us = (definition.gap_days + definition.horizon_days) * DAY_US
    cutoffs, begun = np.unique(rows.cutoff_us), 0
    for at in cutoffs:
        past = cutoffs[cutoffs + waits_us <= at + DAY_US // 2][-training.max_cutoffs :]
        if len(past) < FEWEST_PAST:
            continue
        begun += 1
        if begun % every != 1 % every:
            continue
        learn = as_known(rows.take(np.isin(rows.cutoff_us, past)), int(at), definition.gap_days)
        asked = rows.take((rows.cutoff_us >= at) & (rows.cutoff_us <= at + YEAR_DAYS * DAY_US))
        known = Known.of(snapshot, from_us(int(at)), definition, seed=training.seed)
        yield from _year(learn, asked, Record.of(model, learn, asked, known), model, settings)
        print(f"{from_us(int(at)):%Y-%m-%d} {model} served", file=sys.stderr, flush=True)


def _year(learn: Rows, asked: Rows, said: Record, model: str, settings: Settings) -> Iterator[Later]:
    stakes = Stakes.of(settings.costs) if model == "churn" else None
    waits_days = float(settings.definition.gap_days + settings.definition.horizon_days)
    held = HeldOut(said.held_raw, learn.outcome[said.held], said.held_fold, learn.cutoff_us[said.held])
    nobody = asked.take(np.empty(0, dtype=np.int64))
    kept = estimated_cohorts(model, held, nobody, np.empty(0), settings)
    own, told = list[Cohort](), said.calibrator.probability(said.raw)
    first = int(asked.cutoff_us.min())
    for at in np.unique(asked.cutoff_us):
        here = asked.cutoff_us == at
        outcome, scores, now = asked.outcome[here], told[here], from_us(int(at))
        if min(outcome.sum(), len(outcome) - outcome.sum()) < FEWEST_OF_EITHER:
            continue
        matured = [one for one in own if (now - one.cutoff).total_seconds() / 86_400 >= waits_days - 0.5]
        past = [*kept, *matured]
        came = realised(outcome, scores, stakes=stakes)
        bands = estimates(scores, past, waits_days=waits_days, stakes=stakes, own=matured)
        months = round((at - first) / DAY_US / MONTH_DAYS)
        abstains = off_by(matured or past) is not None or not shows_season(past, now, settings.definition.horizon_days)
        yield Later(months, abstains, {name: one.low <= came[name] <= one.high for name, one in bands.items()})
        own.append(Cohort(now, len(scores), expected(scores, stakes=stakes), came))


def figures(found: dict[str, list[Later]]) -> dict[str, Any]:
    """Coverage of each figure by model and months of service, where it was told."""
    told: dict[str, Any] = {}
    for model, every in found.items():
        for youngest, oldest in AGES:
            mine = [one for one in every if youngest <= one.months <= oldest]
            said = [one for one in mine if not one.abstains]
            name = f"{model}_months_{youngest}_{oldest}"
            told |= {f"{name}_cohorts": len(mine), f"{name}_told": len(said)}
            for figure in FIGURES:
                each = [one.is_held[figure] for one in said if figure in one.is_held]
                if each:
                    low, high = wilson(sum(each), len(each))
                    told[f"{name}_{figure}"] = f"{np.mean(each):.2f} [{low:.2f}, {high:.2f}]"
    return told


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    options.add_argument("--log", type=Path, help="churn.toml of an ingested log; simulated shops where none is given")
    options.add_argument("--model", choices=MODELS, help="this one alone")
    options.add_argument("--seed", type=int, nargs="+", default=[SEED], help="of the simulated shops")
    options.add_argument("--customers", type=int, default=CUSTOMERS, help="of a simulated shop")
    options.add_argument("--every", type=int, default=3, help="let every so many-th month's model serve")
    given = options.parse_args()
    found: dict[str, list[Later]] = defaultdict(list)
    for seed in given.seed[:1] if given.log else given.seed:
        with tempfile.TemporaryDirectory() as scratch:
            if given.log:
                settings, snapshot = of_log(given.log)
            else:
                settings, snapshot, _ = of_simulation(Path(scratch), given.customers, seed=seed)
            for model in (given.model,) if given.model else MODELS:
                found[model] += served(snapshot, model, settings, given.every)
    told = figures(found)
    lines = "\n".join(f"{name:58} {value}" for name, value in told.items())
    print(json.dumps({"figures": told}) if given.json else lines)


if __name__ == "__main__":
    main()
