"""How far campaigns bend labels: the true rate without them comes back, and what cannot be told is not."""

import numpy as np
import pandas as pd
import pytest

from campaigns.learning.bend import LEAST, NO_HOLD_OUT, NOBODY, TOO_FEW, bend_of
from churn.calendar import to_us
from churn.tables import TREATMENTS
from tests.unit.features.test_touched import CUTOFF, LIFECYCLE, days


def shop(propensity: float, *, n: int = 6000, seed: int = 5) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Rows, treatments of the riskier half that halve their risk, and the true rate without them."""
    random = np.random.default_rng(seed)
    ids = np.array([f"c{number}" for number in range(n)], dtype=object)
    risky = np.arange(n) < n // 2
    alone = random.random(n) < np.where(risky, 0.6, 0.2)
    treated = risky & (random.random(n) < propensity)
    outcome = alone & ~(treated & (random.random(n) < 0.5))
    rows = pd.DataFrame({"customer_id": ids, "cutoff_us": to_us(CUTOFF), "outcome": outcome.astype(float)})
    plan = pd.DataFrame({"customer_id": ids[risky], "is_treated": treated[risky], "propensity": propensity})
    plan = plan.assign(campaign="one", planned_at=days(1), window_end=days(9)).reindex(columns=TREATMENTS.names)
    dates = {name: TREATMENTS[name].dtype for name in ("planned_at", "due", "window_end")}
    return rows, plan.astype(dates), float(alone.mean())


def test_the_rate_without_campaigns_comes_back_within_its_interval() -> None:
    inside = []
    for seed in range(40):
        rows, plan, _ = shop(0.8, seed=seed, n=1500)
        found = bend_of("churn", CUTOFF, rows, plan, LIFECYCLE)
        assert found.low is not None
        assert found.high is not None
        inside.append(found.low <= -0.8 * 0.5 * 0.6 / 2 <= found.high)  # half of 60 % of the treated 40 % are kept
    assert sum(inside) >= 34  # 95 % of 40 are 38; fewer than 34 come once in 290 draws
    rows, plan, true = shop(0.8)
    found = bend_of("churn", CUTOFF, rows, plan, LIFECYCLE)
    assert found.untreated_rate == pytest.approx(true, abs=0.03)
    assert found.naive_rate < true - 0.08
    assert found.effective is not None
    assert found.held_out < found.effective < found.rows


def test_what_cannot_be_told_is_not() -> None:
    rows, plan, _ = shop(1.0)
    assert bend_of("churn", CUTOFF, rows, plan, LIFECYCLE).why_not == NO_HOLD_OUT
    assert bend_of("churn", CUTOFF, rows, plan.iloc[:0], LIFECYCLE).why_not == NOBODY
    rows, plan, _ = shop(0.8, n=60)
    few = bend_of("churn", CUTOFF, rows, plan, LIFECYCLE)
    assert few.held_out < LEAST
    assert (few.why_not, few.bend) == (TOO_FEW, None)
