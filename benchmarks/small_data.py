"""With n customers, does something serve that is worse than a rule of thumb? Learning curves of the small-data ladder.

    python benchmarks/small_data.py -c examples/cdnow/churn.toml --cutoff 1997-10-03 [--draws 10] [--json]

For each n customers are drawn from the log, as if nobody else had ever been seen: the ladder chooses on what had
matured by the cutoff, the choice is fitted and judged on the outcomes after it, beside the rule fitted to the same
rows. Prints, for each n, how often each learner was chosen, how often the choice was worse than the rule on the test
rows (mean log loss), and how often better, each with a 95% interval. Docs: docs/small-data.md.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from churn.calendar import from_us
from churn.settings import Settings, load
from features.snapshots import Snapshot
from training.baseline import RecencyRule
from training.blend import blended
from training.btyd.rival import Abstains, Known, fit_btyd
from training.fit import fit
from training.folding import freeze_fold
from training.ladder import choose
from training.monotone import signs_of
from training.plan import numbered
from training.recipe import Recipe
from training.rows import Columns, Rows

SIZES = (50, 100, 200, 500, 1000, 5000)


class Drawn(Snapshot):
    """A snapshot of some of the customers."""

    @classmethod
    def of(cls, snapshot: Snapshot, customers: set[str]) -> "Drawn":
        """Cut a snapshot down to these customers."""
        frame = snapshot.frame[snapshot.frame["customer_id"].isin(customers)].reset_index(drop=True)
        drawn = cls(snapshot.manifest, snapshot.path)
        drawn.__dict__["frame"] = frame
        return drawn

    def columns(self, *names: str) -> pd.DataFrame:
        """Some columns of the rows that are left."""
        return self.frame[list(names)]


def surprise(rows: Rows, probability: np.ndarray[Any, Any]) -> float:
    return float(-np.where(rows.outcome > 0, np.log(probability), np.log1p(-probability)).mean())


def judged(model: str, train: Snapshot, test: Snapshot, settings: Settings) -> dict[str, Any] | None:
    """One draw: what the ladder chose, and how each learner did on the test rows."""
    learn, judge = (Rows.of(one.frame, Columns.of(one.manifest), model) for one in (train, test))
    if not 0 < learn.outcome.sum() < len(learn) or not len(judge):
        return None
    seed, definition = settings.training.seed, settings.definition
    known = Known.of(test, test.cutoffs[0], definition, seed=seed)
    floors = settings.training
    why_not = learn.why_too_few(min_rows=floors.min_rows, min_positives=floors.min_positives)
    begin = time.perf_counter()
    choice = choose(
        learn, model, settings.lifecycle, lambda at: Known.of(train, from_us(at), definition, seed=seed),
        boost=lambda some: fit(some, whole_from_us=known.whole_from_us, seed=seed, threads=1),
        seed=seed, why_not=why_not,
    )  # fmt: skip
    seconds = time.perf_counter() - begin
    losses = {"recency_rule": surprise(judge, RecencyRule.fit(learn, model).probability(judge))}
    counting = fit_btyd("bg_nbd", model, learn, known)
    if not isinstance(counting, Abstains):
        losses["bg_nbd"] = surprise(judge, counting.probability(judge))
    if choice.learner == "lightgbm":
        alone = fit(learn, whole_from_us=known.whole_from_us, seed=seed, threads=1)
        signs = signs_of(learn.columns, settings.training.monotone, model)
        fitted = blended(alone, model, learn, known, Recipe(), signs)  # as it serves; the ladder judges it alone
        told = fitted.calibrator.probability(fitted.raw(numbered(judge, fitted.categories)))
        losses["lightgbm"] = surprise(judge, told)
    return {
        "model": model, "rows": len(learn), "test_rows": len(judge), "chosen": choice.learner,
        "judged_on": choice.judged_on, "rungs": choice.as_json()["rungs"], "losses": losses, "seconds": seconds,
    }  # fmt: skip


def curves(
    settings: Settings, cutoff: date | None, sizes: list[int], draws: int, seed: int
) -> Iterator[dict[str, Any]]:
    """Every draw of every size."""
    fold = freeze_fold(settings, cutoff=cutoff)
    alive = np.array(sorted(set(fold.test.frame["customer_id"])), dtype=object)
    random = np.random.default_rng(seed)
    for size in sizes:
        if size > len(alive):
            print(
                f"{settings.business.name}: {len(alive):,} customers at the cutoff, {size:,} cannot be drawn",
                file=sys.stderr,
            )
            continue
        for draw in range(draws):
            customers = set(random.choice(alive, size=size, replace=False))
            train, test = (Drawn.of(one, customers) for one in (fold.train, fold.test))
            mine = settings.model_copy(update={"training": settings.training.model_copy(update={"seed": seed + draw})})
            for model in ("churn", "reactivation"):
                found = judged(model, train, test, mine)
                if found:
                    yield {"log": settings.business.slug, "cutoff": str(cutoff), "n": size, "draw": draw, **found}


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 95% interval of a share. Source: Wilson (1927), JASA 22."""
    z, share = 1.96, count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    reach = z * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def summary(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A line for each n."""
    lines = []
    for size in sorted({one["n"] for one in found}):
        mine = [one for one in found if one["n"] == size]
        gains = [one["losses"]["recency_rule"] - one["losses"][one["chosen"]] for one in mine]
        line: dict[str, Any] = {"n": size, "draws": len(mine)}
        line |= {name: sum(one["chosen"] == name for one in mine) for name in ("recency_rule", "bg_nbd", "lightgbm")}
        for name, count in (("worse", sum(g < 0 for g in gains)), ("better", sum(g > 0 for g in gains))):
            low, high = wilson(count, len(mine))
            line |= {name: round(count / len(mine), 4), f"{name}_low": round(low, 4), f"{name}_high": round(high, 4)}
        line["seconds"] = round(float(np.mean([one["seconds"] for one in mine])), 2)
        lines.append(line)
    return lines


def drawn(lines: list[dict[str, Any]], path: Path) -> None:
    """Shares worse and better than the rule by n, with their intervals, as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 3.6), layout="constrained")
    axes = figure.subplots()
    n = [line["n"] for line in lines]
    for name, colour in (("better", "#2a78d6"), ("worse", "#d03b3b")):
        axes.plot(n, [line[name] for line in lines], color=colour, marker="o", label=f"{name} than the rule")
        low, high = ([line[f"{name}_{end}"] for line in lines] for end in ("low", "high"))
        axes.fill_between(n, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.axhline(0.05, color="0.6", linewidth=1, linestyle="--")
    axes.set(xscale="log", xlabel="customers", ylabel="share of back-tests", ylim=(0, 1))
    axes.set_xticks(n, [f"{one:,}" for one in n], minor=False)
    axes.minorticks_off()
    axes.legend(frameon=False)
    figure.savefig(path, dpi=130)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-c", "--config", type=Path, default=Path("churn.toml"))
    parser.add_argument("--cutoff", type=date.fromisoformat, help="the test cutoff; the newest ones if unset")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--records", type=Path, help="append every draw to this file, a JSON line each")
    parser.add_argument("--again", type=Path, nargs="+", help="draw nothing anew: sum up records of earlier runs")
    parser.add_argument("--plot", type=Path, help="write the shares as a picture")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = [json.loads(line) for file in given.again or () for line in file.read_text().splitlines()]
    if given.again:
        tell(found, given)
        return
    for one in curves(load(given.config), given.cutoff, given.sizes, given.draws, given.seed):
        found.append(one)
        if given.records:
            with given.records.open("a") as lines:
                lines.write(json.dumps(one) + "\n")
    tell(found, given)


def tell(found: list[dict[str, Any]], given: argparse.Namespace) -> None:
    """Print the summary, and draw it where asked."""
    told = summary(found)
    if given.plot:
        drawn(told, given.plot)
    print(json.dumps({"figures": {"small_data": told}}, indent=1) if given.json else pd.DataFrame(told).to_string())


if __name__ == "__main__":
    main()
