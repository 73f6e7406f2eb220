"""A challenger in shadow beside the champion: the same customers at the same cutoffs, as far as both gave a number.

Reads the lines of the score log that nobody was told, and the champion's own; what became of both once it is known.
Start reading at `compare`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from churn.settings import Settings
from churn.tables import ERASED_LINE, SHADOW_LINE
from features.cipher_lines import plain_lines
from features.log import LogManifest
from monitoring.champion import read_champion
from monitoring.ledger.of_frame import realised_of
from monitoring.reading.windows import KEPT, read_scores, typed

PAIR = ["customer_id", "cutoff"]


def read_shadow(folder: Path) -> pd.DataFrame:
    """What challengers in shadow said: SCORES without the vector, and cost_us, CPU of one score."""
    rows = []
    for path in sorted((folder / "scores" / "log").glob("*.jsonl")):
        lines = (line.decode("utf-8", "replace") for line in plain_lines(path))
        rows += [line for line in lines if f'"{SHADOW_LINE}":true' in line and not line.startswith(ERASED_LINE)]
    told = pd.DataFrame([json.loads(row) for row in rows if row.endswith("\n")])
    frame = typed(folder, told)
    return frame.assign(cost_us=told["cost_us"].to_numpy() if len(told) else pd.Series(dtype="float64"))


def compare(
    settings: Settings, told: Mapping[str, Any], shadows: pd.DataFrame, manifest: LogManifest
) -> dict[str, Any]:
    """A challenger beside the champion.

    Args:
        settings: whose.
        told: `champion/<model>.shadow`.
        shadows: what was said in shadow.
        manifest: of the log, which says how far outcomes are known.

    Returns:
        shadow, champion (name/3), n answers of both about the same customer and cutoff, mean_shadow, mean_champion,
        rank_correlation, other_band_ratio, cost_us_median, and `realised`: what became of both.
    """
    champion = read_champion(settings.folder / "champion" / f"{told['model']}.json", settings.folder)
    answers = read_scores(settings.folder).frame
    mine = shadows[shadows["model_hash"] == told["model_hash"]].drop_duplicates(PAIR, keep="last")
    theirs = answers[answers["model_hash"] == champion.model_hash].drop_duplicates(PAIR, keep="last")
    both = mine.merge(theirs, on=PAIR, suffixes=("", "_champion"))
    found: dict[str, Any] = {
        "model": told["model"], "shadow": f"{told['name']}/{told['version']}", "champion": champion.version,
        "since": told["since"], "n": len(both), "realised": [],
    }  # fmt: skip
    if not len(both):
        return found
    pairs = both[PAIR]
    kept = [one[KEPT].merge(pairs, on=PAIR) for one in (mine, theirs)]
    ledgers = realised_of(settings, pd.concat(kept, ignore_index=True), manifest)
    return found | {
        "mean_shadow": float(both["probability"].mean()),
        "mean_champion": float(both["probability_champion"].mean()),
        "rank_correlation": float(both["probability"].rank().corr(both["probability_champion"].rank())),
        "other_band_ratio": float((both["band"] != both["band_champion"]).mean()),
        "cost_us_median": float(both["cost_us"].median()),
        "realised": [
            {"version": one.version, "state": one.state, "n": one.n, "immature": one.immature}
            | {"figures": {name: figure.value for name, figure in one.figures.items()}}
            for one in ledgers
        ],
    }
