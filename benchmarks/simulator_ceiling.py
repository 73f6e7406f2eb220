"""How much of what can be known does the trained model know? It, its rivals and the simulated shop's true hazards.

Run: python benchmarks/simulator_ceiling.py [--customers 20000] [--seed 7] [--test-cutoffs 3] [--folder FOLDER]

The real path: the simulated shop's files, `churn ingest`, two snapshots frozen apart, the learner of `churn train`
with the settings of churn.toml. Cutoffs are firsts of months, where the simulator knows the truth: the newest whose
outcome is known test, those that had matured by the first of them train. Prints, for both models, AUC, log loss and
ECE of each learner and of the truth over all test cutoffs, and the share of the AUC between rule and truth that the
model closes.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from churn.calendar import to_us
from churn.cohort import MODELS
from churn.settings import Settings, load
from cli.console import table
from cli.opened import OpenLog, open_log
from features.simulated_export import write_sources
from features.simulation import Simulation, SimulationSettings, simulate
from features.snapshots import Snapshot, freeze
from features.sources import ingest
from training.challenger import Challenger, train
from training.evaluate import judged

ROOT = Path(__file__).resolve().parents[1]
SHOWN = ("model", "learner", "n", "base_rate", "roc_auc", "log_loss", "brier", "ece", "lift_10")


def firsts(log: OpenLog) -> list[date]:
    """First days of the months that the log holds."""
    calendar = log.lifecycle.calendar
    days = calendar.day_of(log.manifest.first_event_at), calendar.day_of(log.manifest.observed_until)
    return [stamp.date() for stamp in pd.date_range(*days, freq="MS")][1:]


def folded(log: OpenLog, settings: Settings, tests: int) -> tuple[list[datetime], list[datetime]]:
    """The newest mature firsts of months as test cutoffs, and those that had matured by the first of them to train."""
    at = [log.lifecycle.calendar.midnight(day) for day in firsts(log)]
    mature = [cutoff for cutoff in at if log.lifecycle.is_mature(cutoff, log.manifest.observed_until)]
    test = mature[-tests:]
    learn = [cutoff for cutoff in mature if log.lifecycle.is_mature(cutoff, test[0])]
    return learn[-settings.training.max_cutoffs :], test


def frozen(log: OpenLog, cutoffs: Sequence[datetime], until: datetime, folder: Path) -> Snapshot:
    """A snapshot of these cutoffs, with labels as known by an instant."""
    return freeze(
        log.events, log.features, log.lifecycle, cutoffs,
        observed_until=until, log_hash=log.manifest.log_hash, folder=folder,
    )  # fmt: skip


def truth_of(challenger: Challenger, simulation: Simulation, log: OpenLog) -> np.ndarray:
    """The true probability of what each test row was asked about. Shape (n,)."""
    rows = challenger.test_rows
    days = [log.lifecycle.calendar.day_of(cutoff) for cutoff in rows.cutoffs]
    known = simulation.true_outcome_probability(days, horizon_days=log.lifecycle.definition.horizon_days)
    at = pd.MultiIndex.from_arrays([known["customer_id"], known["cutoff"].map(to_us)])
    silent = pd.Series(known["silent_probability"].to_numpy(), index=at)
    mine = silent.loc[pd.MultiIndex.from_arrays([rows.customer, rows.cutoff_us])].to_numpy()
    return mine if challenger.model == "churn" else 1 - mine


def measured(settings: Settings, simulation: Simulation, tests: int) -> list[dict[str, object]]:
    """Train both models and judge them beside their rivals and the truth."""
    log = open_log(settings)
    learn, test = folded(log, settings, tests)
    print("train at", *(f"{one:%Y-%m-%d}" for one in learn), " test at", *(f"{one:%Y-%m-%d}" for one in test), "UTC")
    snapshots = (
        frozen(log, learn, test[0], settings.folder),
        frozen(log, test, log.manifest.observed_until, settings.folder),
    )
    found: list[dict[str, object]] = []
    for model in MODELS:
        began = time.process_time()
        challenger = train(model, *snapshots, settings, progress=lambda _text: None)
        rows, took = challenger.test_rows, time.process_time() - began
        learners = challenger.probabilities | {"truth": truth_of(challenger, simulation, log)}
        told = {name: judged(rows.outcome, probability) for name, probability in learners.items()}
        found += [{"model": model, "learner": name} | numbers for name, numbers in told.items()]
        auc = {name: numbers["roc_auc"] for name, numbers in told.items()}
        closed = (auc["lightgbm"] - auc["recency_rule"]) / (auc["truth"] - auc["recency_rule"])
        print(f"{model}: {closed:.0%} of the AUC between rule and truth closed; trained in {took:.0f} CPU-s")
    return found


def main() -> None:
    """Simulate, ingest, train, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--customers", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--test-cutoffs", type=int, default=3)
    options.add_argument("--folder", type=Path, help="where to work; a temporary one where none is given")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (given.folder or Path(scratch)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "churn.toml", folder)
        settings = load(folder / "churn.toml", {})
        simulation = simulate(SimulationSettings(customers=given.customers, seed=given.seed))
        write_sources(simulation.events, folder / "artifacts" / "demo-source", timezone=settings.business.timezone)
        ingest(settings, environ={})
        print(table(measured(settings, simulation, given.test_cutoffs), SHOWN))


if __name__ == "__main__":
    main()
