"""Does what answers promise beside the probability hold? Intervals, dates, days and values against what came.

Run: python benchmarks/bands.py [--quick] [--json] [--log CHURN_TOML] [--records FOLDER] [--own]

A log is asked every month. For every cutoff with a past that had matured by then the learner of `churn train` is
fitted to that past (at most [training] max_cutoffs of it), learns its outlook as known at that cutoff, and is held to
what came. Without --log it is a simulated shop of another seed than the demo's, where the true chances are known:
the interval is held to their mean by fifths of the probability; on a real log to the rate that came, with binomial
noise allowed for. Coverage is that of cohorts x fifths; its interval takes the fifths of a cohort together. Final test
cutoffs of the real logs are left out (docs/adr/0018). Models are kept in --records and fitted once. --own also fits a
model for every horizon and compares.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.promises import Asked, bands_held, dates_held, days_held, value_held
from benchmarks.rolled import Truth, rolled
from benchmarks.simulator_ceiling import firsts
from churn.calendar import to_us
from churn.cutoffs import cutoffs_back, earliest_cutoff
from churn.events import FloatArray
from churn.metrics import log_loss
from churn.outlook import QUANTILES
from churn.settings import Settings, load
from cli.opened import open_log
from features.simulated_export import write_sources
from features.simulation import Simulation, SimulationSettings, simulate
from features.snapshots import Snapshot, freeze
from features.sources import ingest
from training.fit import fit
from training.plan import numbered

ROOT = Path(__file__).resolve().parents[1]
LAST_BEFORE_TESTS = {"cdnow": "1997-09-30", "mathoverflow": "2015-06-30", "online-retail-ii": "2011-03-01"}
VALUE = ("value_coverage", "value_told_over_spent", "value_error_over_that_of_the_mean")
SEED, CUSTOMERS, QUICK_CUSTOMERS = 11, 8_000, 2_000


def own_models(one: Asked, silent: FloatArray, settings: Settings) -> dict[str, float]:
    """Log loss at each further horizon less that of a model fitted to that horizon, on the rows watched so long."""
    curve, found = one.outlook.curve, {}
    assert curve is not None
    for day in one.outlook.horizons_days:
        known = one.learned.after["followed_days"] >= day
        stays = np.nan_to_num(one.learned.after["next_event_days"], nan=np.inf) >= day
        here = (np.nan_to_num(one.rows.after["next_event_days"], nan=np.inf) >= day).astype(np.float64)
        if day == settings.definition.horizon_days or (one.rows.after["followed_days"] < day).any():
            continue
        learn = replace(one.learned.take(known), outcome=stays[known].astype(np.float64))
        own = fit(learn, whole_from_us=0, seed=settings.training.seed, threads=1)
        told = own.calibrator.probability(own.raw(numbered(one.rows, own.categories)))
        ours = silent[:, curve.days.index(day)]
        found[f"horizon_{day}_log_loss_above_own_model"] = log_loss(here, ours) - log_loss(here, told)
    return found


def figures(asked: Iterator[Asked], model: str, settings: Settings, *, own: bool) -> dict[str, Any]:
    """Everything that is measured, over all cutoffs."""
    bands, customers, dates, days, values, above = [], [], [], [], [], list[dict[str, float]]()
    own_days = settings.definition.horizon_days
    for one in asked:
        bands.append(bands_held(one, model, own_days))
        if one.outlook.band and one.truth is not None:
            low, high = one.outlook.band.interval(one.probability)
            customers.append(float(((one.truth[own_days] >= low) & (one.truth[own_days] <= high)).mean()))
        if one.outlook.curve:
            silent = one.outlook.curve.silent(one.raw, one.probability if model == "churn" else 1 - one.probability)
            dates.append(dates_held(one, silent))
            above += [own_models(one, silent, settings)] if own and not len(dates) % 4 else []
        if one.outlook.remaining:
            days.append(days_held(one, float(own_days) + 2))
        if one.outlook.value:
            values.append(value_held(one, model))
    told: dict[str, Any] = coverage(bands, own_days)
    told |= {"band_coverage_per_customer": np.mean(customers)} if customers else {}
    if dates:
        shares = pd.DataFrame(dates, columns=[f"came_before_{one:.0%}" for one in QUANTILES]).mean().dropna()
        told |= {str(name): share for name, share in shares.items()}
    told |= {"active_days_coverage": np.nanmean(days)} if not np.isnan(days).all() else {}
    if values:
        told |= dict(zip(VALUE, np.mean(values, axis=0), strict=True))
    told |= {str(name): value for name, value in pd.DataFrame(above).mean().items()}
    return {f"{model}_{name}": round(float(value), 4) for name, value in told.items()}


def coverage(bands: list[dict[int, tuple[float, float]]], own_days: int) -> dict[str, float]:
    """Of each horizon: cohorts, coverage and its 95 % interval over cohorts, mean half width in log-odds."""
    found: dict[str, float] = {}
    for day in sorted({day for one in bands for day in one}, key=lambda day: (day != own_days, day)):
        each, half = np.array([one[day] for one in bands if day in one]).T
        reach = student.ppf(0.975, len(each) - 1) * each.std(ddof=1) / np.sqrt(len(each)) if len(each) > 1 else np.nan
        name = "band" if day == own_days else f"band_{day}"
        found |= {f"{name}_cohorts": len(each), f"{name}_coverage": each.mean()}
        found |= {f"{name}_coverage_low": each.mean() - reach, f"{name}_coverage_high": each.mean() + reach}
        found |= {f"{name}_half_width": half.mean()}
    return found


def of_simulation(folder: Path, customers: int, *, seed: int = SEED) -> tuple[Settings, Snapshot, Truth]:
    """A simulated shop's settings, the snapshot of its months and the true chances of silence."""
    text = (ROOT / "churn.toml").read_text(encoding="utf-8")
    (folder / "churn.toml").write_text(text, encoding="utf-8")
    settings = load(folder / "churn.toml", {})
    simulation: Simulation = simulate(SimulationSettings(customers=customers, seed=seed))
    write_sources(simulation.events, folder / "artifacts" / "demo-source", timezone=settings.business.timezone)
    ingest(settings, environ={})
    log = open_log(settings)
    at = [log.lifecycle.calendar.midnight(day) for day in firsts(log)]
    mature = [one for one in at if log.lifecycle.is_mature(one, log.manifest.observed_until)]
    snapshot = freeze(log.events, log.features, log.lifecycle, mature, observed_until=log.manifest.observed_until,
                      log_hash=log.manifest.log_hash, folder=settings.folder)  # fmt: skip
    days = [log.lifecycle.calendar.day_of(one) for one in mature]
    truth = {}
    for horizon in sorted({settings.definition.horizon_days, *settings.training.horizons_days}):
        known = simulation.true_outcome_probability(days, horizon_days=horizon)
        index = pd.MultiIndex.from_arrays([known["customer_id"], known["cutoff"].map(to_us)])
        truth[horizon] = pd.Series(known["silent_probability"].to_numpy(), index=index)
    return settings, snapshot, truth


def of_log(config: Path) -> tuple[Settings, Snapshot]:
    """An ingested log's settings and the snapshot of its months before the final tests."""
    settings = load(config)
    log = open_log(settings)
    last = date.fromisoformat(LAST_BEFORE_TESTS[settings.business.slug])
    calendar = log.lifecycle.calendar
    first = earliest_cutoff(log.manifest.first_event_at, calendar, settings.training)
    every = settings.training.every_days
    at = cutoffs_back(calendar.midnight(last), every_days=every, calendar=calendar, first=first)
    return settings, freeze(log.parts, log.features, log.lifecycle, at, observed_until=log.manifest.observed_until,
                            log_hash=log.manifest.log_hash, folder=settings.folder)  # fmt: skip


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--quick", action="store_true", help="a smaller shop")
    options.add_argument("--json", action="store_true")
    options.add_argument("--own", action="store_true", help="compare with a model for every horizon")
    options.add_argument("--step", type=int, default=1, help="ask at every so many-th cutoff")
    options.add_argument("--model", choices=("churn", "reactivation"), help="this one alone")
    options.add_argument("--seed", type=int, default=SEED, help="of the simulated shop")
    options.add_argument("--customers", type=int, default=CUSTOMERS, help="of the simulated shop")
    options.add_argument("--records", type=Path, help="folder that keeps what fitted models said")
    options.add_argument("--log", type=Path, help="churn.toml of an ingested log; a simulated shop where none is given")
    given = options.parse_args()
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        if given.log:
            (settings, snapshot), truth = of_log(given.log), None
        else:
            size = QUICK_CUSTOMERS if given.quick else given.customers
            settings, snapshot, truth = of_simulation(Path(scratch), size, seed=given.seed)
        for model in (given.model,) if given.model else ("churn", "reactivation"):
            asked = rolled(snapshot, model, settings, truth, step=given.step, records=given.records)
            told |= figures(asked, model, settings, own=given.own)
    lines = "\n".join(f"{name:58} {value}" for name, value in told.items())
    print(json.dumps({"figures": told}) if given.json else lines)


if __name__ == "__main__":
    main()
