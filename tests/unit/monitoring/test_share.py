"""The same at 5 % and at 100 % of the rows: faults and moved features over 120 scenario weeks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from churn.bundle import Bundle
from monitoring.champion import Champion, champions
from monitoring.data.contract import faults, usable
from monitoring.drift.reference import FeatureReference, Reference
from monitoring.drift.shift import feature_drift
from monitoring.reading.seen import seen_of
from tests.monitored_shop import Shop

ROWS, SHARE, WEEKS = 40_000, 0.05, 120
NAMES = ("amount", "count", "share", "days")
MOST_DIFFERENT = 0.02  # of the weeks


def week(seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    values = [random.lognormal(3, 1, ROWS), random.poisson(2, ROWS), random.random(ROWS), random.exponential(9, ROWS)]
    return pd.DataFrame(dict(zip(NAMES, (one.astype(float) for one in values), strict=True)))


def broken(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """One column in each way that weeks go wrong; every third week is sound."""
    name, random = NAMES[seed % 4], np.random.default_rng(seed)
    drawn = random.random(ROWS)
    ways = {
        0: frame[name] * 100, 1: frame[name].where(drawn > 0.5), 2: frame[name].where(drawn > 0.12),
        3: frame[name] * 0 + 3, 4: frame[name].where(drawn > 0.3, 0.0), 5: frame[name] * 2,
    }  # fmt: skip
    return frame if seed % 3 == 0 else frame.assign(**{name: ways[seed // 3 % 6]})


def told(champion: Champion, known: Reference, frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    seen = seen_of(frame, known, sample_rows=500)
    found = faults(seen, known)
    moved = feature_drift(champion, known, seen, usable(NAMES, found), watch=0.1)
    return [f"{one.feature} {one.code}" for one in found], sorted(one.feature for one in moved if one.psi > one.bar)


@pytest.mark.slow
def test_a_twentieth_of_the_rows_tells_what_all_tell(shop: Shop) -> None:
    (champion,) = champions(shop.settings.folder, "monitored")
    bundle: Bundle = champion.bundle.model_copy(update={"features": NAMES, "reasons": {}, "usual": {}})
    then, cutoffs = week(10_000), np.arange(ROWS) % 4.0
    learned = {name: FeatureReference.of(then[name].to_numpy(), cutoffs, is_category=False) for name in NAMES}
    known = Reference(snapshot_hash="s", model="churn", rows=ROWS, features=learned)
    different, rang = 0, 0
    for seed in range(WEEKS):
        frame = broken(week(seed), seed)
        whole, some = (
            told(replace(champion, bundle=bundle), known, rows)
            for rows in (frame, frame.sample(frac=SHARE, random_state=seed).reset_index(drop=True))
        )
        different += whole != some
        rang += whole != ([], [])
    assert rang > WEEKS / 2
    assert different <= MOST_DIFFERENT * WEEKS
