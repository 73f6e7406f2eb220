"""Do modelled reasons hit the true cause? On simulated shops, whose causes are known, and with false alarms of leaks.

    python benchmarks/reasons.py            three shops of 6,000 customers, seeds 21, 22, 23
    python benchmarks/reasons.py --quick    one of 2,500
    python benchmarks/reasons.py --json     prints {"figures": {...}} alone

Each shop trains a churn model on its log; its last three mature cutoffs are explained. Asked is about customers who
then were silent for the whole horizon: the cause is that of the last time they fell dormant before the horizon's end.
Those who fell dormant by chance are counted and left out. What is compared is said in docs/reasons.md.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before benchmarks/features.py, which hides the package

from churn.calendar import DAY_US
from churn.cutoffs import latest_fold
from churn.events import Events, micros
from churn.sections import Business
from churn.settings import Settings
from features.catalogue import catalogue
from features.parts import InMemory
from features.simulated_causes import CHANCE
from features.simulation import Simulation, SimulationSettings, simulate
from features.snapshots import freeze
from training.challenger import Challenger, train
from training.leaks.hunt import hunt
from training.reasons.counted import Share
from training.reasons.deletion import deletion
from training.reasons.grouped import Groups, spread_of
from training.reasons.hits import CAUSE_GROUPS, hit_rates
from training.reasons.report import Asked

SHARES = ("top", "top_raising", "top_cause", "unusual", "commonest", "commonest_named")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    seeds, customers = ((21,), 2_500) if asked.quick else ((21, 22, 23), 6_000)
    found = [one_shop(seed, customers) for seed in seeds]
    figures = {f"seed_{seed}": one for seed, one in zip(seeds, found, strict=True)}
    figures["all"] = together([one["hits"] for one in found])
    print(json.dumps({"figures": figures}, indent=None if asked.json else 1))


def one_shop(seed: int, customers: int) -> dict[str, Any]:
    """Train on one shop and count."""
    shop = simulate(SimulationSettings(customers=customers, seed=seed))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(business=Business(slug="made", timezone="Asia/Shanghai"), artifacts=Path(folder))
        challenger, suspicious = trained(shop, settings)
        asked = Asked.of(challenger.bundle, challenger.booster, challenger.test_rows)
    groups = Groups.of(asked.bundle)
    sums = groups.sums(asked.contributions)
    gone = deletion(asked.trees.raw, asked.X, sums, asked.rows.cutoff_us, groups, seed=seed)
    causes = true_causes(shop, asked, settings.definition.horizon_days)
    known = np.array([cause not in (None, CHANCE) for cause in causes]) & (asked.rows.outcome > 0)
    truth = [str(causes[place]) for place in np.flatnonzero(known)]
    left = Counter(causes[place] for place in np.flatnonzero(asked.rows.outcome > 0))
    return {
        "left": int(asked.rows.outcome.sum()),
        "by_chance": left[CHANCE],
        "not_dormant": left[None],
        "deletion": gone.beats_random.as_json(),
        "deletion_told_first": gone.told_beats_random.as_json(),
        "leaks_named_wrongly": suspicious,
        "hits": hit_rates(sums[known], groups, truth, CAUSE_GROUPS, spread=spread_of(sums)).as_json(),
    }


def trained(shop: Simulation, settings: Settings) -> tuple[Challenger, int]:
    """A churn model of the shop, and how many features a hunt for leaks suspects in its clean log."""
    lifecycle = settings.lifecycle
    columns = {
        str(kind): {name for name in mine.columns if mine[name].notna().any()}
        for kind, mine in shop.events.groupby("event_type")
    }
    log = Events.from_frame(shop.events, taking_back=settings.definition.taking_back)
    features = catalogue(list(columns), columns, lifecycle, settings.features)
    first, until = shop.events["event_timestamp"].min().to_pydatetime(), shop.observed_until
    fold = latest_fold(first, until, lifecycle, settings.training)
    settings.folder.mkdir(parents=True, exist_ok=True)
    learn, judge = (
        freeze(log, features, lifecycle, cutoffs, observed_until=known, log_hash="0" * 64, folder=settings.folder)
        for cutoffs, known in ((fold.train, fold.test[0]), (fold.test, until))
    )
    suspected = hunt(
        [InMemory(log)], features, lifecycle, fold, observed_until=until, log_hash="0" * 64, seed=7, tell_apart=False
    )
    return train("churn", learn, judge, settings, progress=lambda _text: None), len(suspected.suspicions)


def true_causes(shop: Simulation, asked: Asked, horizon_days: int) -> list[str | None]:
    """The cause of the last time each customer fell dormant before the end of the row's horizon; None: never did."""
    lapses = shop.causes.assign(at=micros(shop.causes["lapsed_at"])).sort_values("at")
    rows = pd.DataFrame(
        {
            "customer_id": asked.rows.customer,
            "at": asked.rows.cutoff_us + horizon_days * DAY_US,
            "place": range(len(asked.rows)),
        }
    ).sort_values("at")
    met = pd.merge_asof(rows, lapses, on="at", by="customer_id", allow_exact_matches=False).sort_values("place")
    return [None if pd.isna(cause) else str(cause) for cause in met["cause"]]


def together(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The shares of all shops, pooled."""
    told: dict[str, Any] = {
        name: Share(sum(one[name]["hits"] for one in found), sum(one[name]["n"] for one in found)).as_json()
        for name in SHARES
    }
    n = sum(one["top"]["n"] for one in found)
    for name in ("random", "random_cause"):
        told[name] = sum(one[name] * one["top"]["n"] for one in found) / n
    return told


if __name__ == "__main__":
    main()
