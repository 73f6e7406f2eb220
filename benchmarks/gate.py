"""How often does the gate let the wrong one in, and a better one pass? Error rates on the simulator, with intervals.

    python benchmarks/gate.py                          three simulated shops of 100 trials each
    python benchmarks/gate.py --seeds 31 --trials 20   another shop, fewer trials
    python benchmarks/gate.py --records FILE           one line a verdict; a run that was cut goes on where it stopped
    python benchmarks/gate.py --json                   prints {"figures": {...}} alone

Models of one recipe are fitted on random draws of customers; in each trial two of them are champion and challenger,
judged on customers of neither. Bad challengers: labels shuffled, a feature that knows the outcome, probabilities
pushed, one stage scored at random (the last two in a model that is better otherwise). Better ones: the champion, drawn
towards the true chance. Prints the share that was let in with its 95% Wilson interval, and the gain in expected log
loss. Trials of one shop share its models, and are less of a witness than as many shops would be.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.gating.siblings import Siblings, world
from benchmarks.gating.trial import LIMITS, Trial, outcomes

Line = dict[str, Any]
SAME = "equal, truly within the bar"  # siblings are of one recipe; chance makes some truly better, some truly worse


def trials(seed: int, count: int, *, customers: int, models: int, records: Path | None) -> list[Line]:
    """Every verdict of the trials of one shop; what the records hold already is not done again."""
    known = [] if records is None or not records.exists() else records.read_text().splitlines()
    found = [one for one in map(json.loads, known) if one["seed"] == seed and one["number"] < count]
    missing = sorted(set(range(count)) - {one["number"] for one in found})
    if not missing:
        return found
    siblings = Siblings(world(customers, seed), models)
    for place, number in enumerate(missing, start=1):
        lines = list(outcomes(Trial(siblings, number)))
        found += lines
        if records is not None:
            with records.open("a") as file:
                file.write("".join(json.dumps(one) + "\n" for one in lines))
        if place % 10 == 0:
            print(f"seed {seed}: {place} of {len(missing)}", file=sys.stderr, flush=True)
    return found


def wilson(passed: int, n: int) -> tuple[float, float]:
    """95% interval of a share. Source: Wilson (1927), JASA 22."""
    z, share = 1.959964, passed / n
    middle, half = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))


def figures(lines: Sequence[Line]) -> dict[str, Line]:
    """Shares that were let in, with their intervals, and what stopped the others."""
    table, told = pd.DataFrame(lines), dict[str, Line]()
    same = table[(table["challenger"] == "equal") & (table["gain"].abs() <= LIMITS.min_gain_ratio)]
    table = pd.concat([same.assign(challenger=SAME), table])
    for (challenger, rule), rows in table.groupby(["challenger", "rule"], sort=False):
        passed, n = int(rows["passed"].sum()), len(rows)
        low, high = wilson(passed, n)
        stopped_by = rows["failed"].explode().value_counts()
        told[f"{challenger}, {rule}"] = {
            "trials": n, "passed": passed, "though_no_better": int((rows["passed"] & (rows["gain"] <= 0)).sum()),
            "share": round(passed / n, 4), "low": round(low, 4), "high": round(high, 4),
            "gain_ratio": round(float(rows["gain"].mean()), 4), "gain_spread": round(float(rows["gain"].std()), 4),
            "stopped_by": {str(name): int(times) for name, times in stopped_by.items()},
        }  # fmt: skip
    return told


def main() -> None:
    """Run the trials and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23], help="of the shops")
    parser.add_argument("--trials", type=int, default=100, help="in each shop")
    parser.add_argument("--customers", type=int, default=30_000)
    parser.add_argument("--models", type=int, default=10, help="siblings in each shop")
    parser.add_argument("--records", type=Path)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    size = {"customers": chosen.customers, "models": chosen.models}
    lines = [line for seed in chosen.seeds for line in trials(seed, chosen.trials, **size, records=chosen.records)]
    told = figures(lines)
    print(json.dumps({"figures": told}, indent=1) if chosen.json else pd.DataFrame(told).T.to_string())


if __name__ == "__main__":
    main()
