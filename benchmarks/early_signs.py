"""How much earlier than outcomes do early signs show that customers have changed, and how often are they wrong?

Run: python benchmarks/early_signs.py [--seed N ...] [--customers N] [--json]

For each seed a simulated shop of three years, twice: as it is, and with a rival that wins over the loyal from a Monday
in June of the last year on (their daily hazard of falling dormant up to four times what it was, at the same features).
A champion learns what had matured at the beginning of that year. Then every week, as it would have been judged then:
false episodes are runs of alarming weeks in the shop that stayed as it is; the delay is from the change to the first
alarm, known when a week's first days are over, beside the first week whose rate of churn, once its horizon is over,
lies beyond a quarter of what was expected.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from churn.cohort import MODELS
from churn.cutoffs import cutoffs_back, earliest_cutoff
from churn.events import BoolArray, FloatArray
from churn.settings import Settings, load
from churn.treeshap import TreeShap
from cli.opened import OpenLog, open_log
from features import simulated_shop
from features.simulated_export import write_sources
from features.simulation import SimulationSettings, simulate
from features.snapshots import freeze
from features.sources import ingest
from monitoring.before.early import EarlyWeek
from monitoring.before.past import early_weeks
from monitoring.before.signs import judged
from monitoring.budget import weekly_chance
from training.challenger import Challenger, train

ROOT = Path(__file__).resolve().parents[1]
LEARNED, CHANGED = date(2025, 1, 1), date(2025, 6, 2)
TESTS = 3
OFF = 1.25  # actual over expected, at which monitoring asks for a new model


@contextmanager
def a_rival(from_day: int) -> Iterator[None]:
    """While it lasts, simulated customers leave the more from a day on the more loyal they were."""
    hazards = simulated_shop.hazards

    def left(shop: Any, state: Any) -> Any:
        down, *others = hazards(shop, state)
        if state.day >= from_day:
            down = np.minimum(down * (1 + 3 * simulated_shop.loyalty(state)), 0.5)
        return (down, *others)

    simulated_shop.hazards = left
    try:
        yield
    finally:
        simulated_shop.hazards = hazards


def opened(folder: Path, of: SimulationSettings, *, changes: bool) -> tuple[Settings, OpenLog]:
    """A shop's log, ingested."""
    folder.mkdir()
    (folder / "churn.toml").write_text((ROOT / "churn.toml").read_text(encoding="utf-8"), encoding="utf-8")
    settings = load(folder / "churn.toml", {})
    with a_rival((CHANGED - of.first).days if changes else 10**6):
        events = simulate(of).events
    write_sources(events, folder / "artifacts" / "demo-source", timezone=settings.business.timezone)
    ingest(settings, environ={})
    return settings, open_log(settings)


def champion(settings: Settings, log: OpenLog, model: Any) -> Challenger:
    """A model of what had matured by the day it learned."""
    calendar, definition = log.lifecycle.calendar, settings.definition
    now = calendar.midnight(LEARNED)
    first = earliest_cutoff(log.manifest.first_event_at, calendar, settings.training)
    newest = calendar.plus_days(now, -(definition.gap_days + definition.horizon_days))
    mature = cutoffs_back(newest, every_days=settings.training.every_days, calendar=calendar, first=first)
    test = mature[-TESTS:]
    learn = [one for one in mature if log.lifecycle.is_mature(one, test[0])]

    def frozen(cutoffs: Sequence[datetime], until: datetime) -> Any:
        most = settings.training.max_cutoffs
        return freeze(log.parts, log.features, log.lifecycle, cutoffs[-most:], observed_until=until,
                      log_hash=log.manifest.log_hash, folder=settings.folder)  # fmt: skip

    snapshots = frozen(learn, test[0]), frozen(test, now)
    return train(model, *snapshots, settings, whole=frozen(mature, now), progress=lambda _: None)


def weeks_of(model: Challenger, log: OpenLog, cache: Path, days: int) -> tuple[EarlyWeek, ...]:
    """Activity within so many days of every week, as the product counts it."""
    trees, bundle = TreeShap.from_text(model.booster), model.bundle

    def score(vectors: FloatArray) -> FloatArray:
        return bundle.probability(trees.raw(bundle.prepare(vectors)))

    return early_weeks(bundle, score, log.parts, log.features, log.lifecycle, log.manifest, days=days,
                       now=log.manifest.observed_until, cache=cache)  # fmt: skip


def measured(seed: int, customers: int, folder: Path) -> list[dict[str, Any]]:
    """What both models said in both shops of one seed."""
    of, found = SimulationSettings(customers=customers, seed=seed), []
    settings, sound = opened(folder / "sound", of, changes=False)
    _, changed = opened(folder / "changed", of, changes=True)
    begins, chance = sound.lifecycle.calendar.midnight(CHANGED), weekly_chance(1.0)
    days, horizon = settings.monitoring.early_days, settings.definition.horizon_days
    for model in MODELS:
        made = champion(settings, sound, model)
        quiet = judged(weeks_of(made, sound, folder / f"{model}-quiet.json", days), days, chance)
        early = judged(weeks_of(made, changed, folder / f"{model}-early.json", days), days, chance)
        outcomes = weeks_of(made, changed, folder / f"{model}-late.json", horizon)
        odd, alarms = beyond(quiet.moves, quiet.limits), beyond(early.moves, early.limits)
        signs = [one.at for one, rings in zip(early.weeks, alarms, strict=False) if rings and one.at >= begins]
        off = [one.at for one in outcomes if one.at + timedelta(days=horizon) > begins and _off(one, model)]
        found.append({
            "seed": seed, "model": model,
            "customers_a_week": round(float(np.mean([one.n for one in quiet.weeks] or [0]))),
            "weeks_judged": int(np.isfinite(quiet.limits).sum()), "false_episodes": episodes(odd),
            "limit": quiet.limit and round(quiet.limit, 3),
            "sign_after_days": (signs[0] - begins).days + days if signs else None,
            "outcomes_after_days": (off[0] - begins).days + horizon if off else None,
        })  # fmt: skip
    return found


def beyond(moves: Sequence[float], limits: Sequence[float]) -> BoolArray:
    """Weeks that passed their limit."""
    return np.asarray(np.abs(np.array(moves)) > np.array(limits))


def episodes(odd: BoolArray) -> int:
    """Runs of alarming weeks."""
    return int((odd & ~np.append(False, odd[:-1])).sum())


def _off(week: EarlyWeek, model: str) -> bool:
    """Whether the rate that came lies beyond a quarter of what was expected."""
    churns = model == "churn"
    came, told = (week.n - week.active, week.n - week.expected) if churns else (week.active, week.expected)
    return not 1 / OFF <= came / told <= OFF


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, nargs="+", default=[71, 73])
    options.add_argument("--customers", type=int, default=5_000)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    rows = []
    for seed in given.seed:
        with tempfile.TemporaryDirectory() as scratch:
            rows += measured(seed, given.customers, Path(scratch))
            for row in rows[-len(MODELS) :]:
                print(row, file=sys.stderr, flush=True)
    quarters = sum(row["weeks_judged"] for row in rows) / 13
    wrong = sum(row["false_episodes"] for row in rows)
    told = {"rows": rows, "quarters_judged": round(quarters, 1), "false_episodes": wrong,
            "false_episodes_a_quarter": round(wrong / quarters, 3)}  # fmt: skip
    print(json.dumps(told, indent=None if given.json else 1))


if __name__ == "__main__":
    main()
