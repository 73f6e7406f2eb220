"""What `python benchmarks/training.py` runs and prints. Start reading at `main`."""

import argparse
import json
import os
import sys
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.learners.compare import Judged, Standing, standings
from benchmarks.learners.folds import (
    EARLIER,
    EARLIER_SHOP,
    FINAL,
    FINAL_SHOP,
    LAST,
    QUICK_SHOP,
    SIMULATOR,
    Case,
    cases,
)  # fmt: skip
from benchmarks.learners.overhead import overhead
from benchmarks.learners.peers import AUTOML_SECONDS, PEERS, Task, installed
from benchmarks.learners.stopwatch import Spent, watched
from benchmarks.learners.table import goals, markdown
from churn.cohort import MODELS
from training import challenger, learning
from training.baseline import BaseRate, Halving, RecencyRule, SixFeatures
from training.btyd.rival import FAMILIES, Known, fit_btyd
from training.rows import Columns, Rows

ROWS, QUICK_ROWS, QUICK_SECONDS = 1_000_000, 100_000, 30
Cells = dict[tuple[str, str], list[Standing]]


def main() -> None:
    """Run what is asked for."""
    given = _arguments()
    warnings.simplefilter("ignore")  # of the peers, about their own ways
    figures: dict[str, Any] = {"cores": os.cpu_count()}
    if given.only != "overhead":
        missing = sorted(set(PEERS) - set(installed()))
        if missing:
            _say(f"left out, not installed: {', '.join(missing)}; see docs/benchmarks.md")
        cells = _raced(given)
        figures |= _figures(cells) | goals(cells) | {"left_out": missing}
        if given.table:
            given.table.write_text(markdown(cells))
        if given.plot:
            from benchmarks.learners.picture import picture

            picture(cells, given.plot)
        if not given.json:
            print(markdown(cells))
    if given.only != "quality":
        _say("what is around LightGBM's own fit")
        figures |= {f"overhead_{name}": one for name, one in overhead(QUICK_ROWS if given.quick else ROWS).items()}
    print(json.dumps({"figures": figures}, indent=None if given.json else 1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(usage="see the head of benchmarks/training.py")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--earlier", action="store_true")
    parser.add_argument("--logs", nargs="+", choices=[*FINAL, SIMULATOR])
    parser.add_argument("--cutoffs", nargs="+", help="test cutoffs, each a fold; only with one log")
    parser.add_argument("--shop", nargs=2, type=int, metavar=("CUSTOMERS", "SEED"), help="of the simulator")
    parser.add_argument("--seconds", type=float, help=f"an AutoML may take; {AUTOML_SECONDS}")
    parser.add_argument("--only", choices=["quality", "overhead"])
    parser.add_argument("--folder", type=Path, help="where to work, and what to keep; a temporary one if none")
    parser.add_argument("--table", type=Path)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    if given.cutoffs and len(given.logs or []) != 1:
        parser.error("--cutoffs needs one of --logs")
    return given


def _raced(given: argparse.Namespace) -> Cells:
    """Everybody on every fold."""
    logs = given.logs or (["cdnow", SIMULATOR] if given.quick else [*FINAL, SIMULATOR])
    real = [log for log in logs if log != SIMULATOR]
    if real and "CHURN_DATA" not in os.environ:
        _say(f"left out, CHURN_DATA is not set: {', '.join(real)}")
        logs = [log for log in logs if log == SIMULATOR]
    cutoffs = {logs[0]: given.cutoffs} if given.cutoffs else EARLIER if given.earlier else FINAL
    shop = given.shop or (QUICK_SHOP if given.quick else EARLIER_SHOP if given.earlier else FINAL_SHOP)
    seconds = given.seconds or (QUICK_SECONDS if given.quick else AUTOML_SECONDS)
    judged: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch:
        for case in cases(logs, cutoffs, tuple(shop), (given.folder or Path(scratch)).absolute()):
            for model in MODELS:
                judged[case.log, model].append(_judged(case, model, seconds))
    return {key: standings(folds, seed=7) for key, folds in judged.items()}


def _judged(case: Case, model: str, seconds: float) -> Judged:
    """Ours and the classics by the product's own back-test, then the peers, on the same rows."""
    _say(f"{case.log} {model}, {'newest cutoffs' if case.cutoff == LAST else case.cutoff}")
    own, seed = Spent(), case.settings.training.seed
    one_thread = case.settings.model_copy(update={"training": case.settings.training.model_copy(update={"threads": 1})})
    with watched(learning, "fit", own):
        ours = challenger.train(model, case.train, case.test, one_thread, progress=lambda _text: None)  # type: ignore[arg-type]
    rows = Rows.of(case.train.frame, Columns.of(case.train.manifest), model)
    cpu_s, probabilities = {"lightgbm": own.cpu_s} | _classics(case, model, rows), dict(ours.probabilities)
    task = Task.of(rows, ours.test_rows, seed=seed, seconds=seconds)
    for name, peer in installed().items():
        spent = Spent()
        with spent.counted():
            probabilities[name] = peer(task)
        cpu_s[name] = spent.cpu_s
    return Judged(ours.test_rows.outcome, ours.test_rows.customer, probabilities, cpu_s)


def _classics(case: Case, model: str, rows: Rows) -> dict[str, float]:
    """CPU-seconds of each classic, fitted once more by itself: a training fits them all in one go."""
    seed, definition = case.settings.training.seed, case.settings.definition
    known = Known.of(case.test, case.test.cutoffs[0], definition, seed=seed)
    fits: dict[str, Callable[[], object]] = {
        "logistic": lambda: SixFeatures.fit(rows),
        "recency_rule": lambda: RecencyRule.fit(rows, model),
        "halving_rule": lambda: Halving.fit(rows, model, definition.horizon_days),
        "base_rate": lambda: BaseRate.fit(rows),
        **{family: partial(fit_btyd, family, model, rows, known) for family in FAMILIES},
    }
    spent = {name: Spent() for name in fits}
    for name, fit in fits.items():
        with spent[name].counted():
            fit()
    return {name: one.cpu_s for name, one in spent.items()}


def _figures(cells: Cells) -> dict[str, Any]:
    return {
        f"{log}_{model}_{one.learner}_{name}": value
        for (log, model), found in cells.items()
        for one in found
        for name, value in asdict(one).items()
        if name != "learner"
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
