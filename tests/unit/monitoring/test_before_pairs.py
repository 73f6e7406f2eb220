"""The ledger's matured cohorts teach the band: pairs from calibration bins, of one version alone."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from churn.calendar import Calendar
from churn.estimate import expected, realised
from churn.events import FloatArray
from churn.metrics import ece
from monitoring.before.ledgered import pairs_of
from monitoring.ledger.cohort import Became, Cohort, Ledger
from monitoring.ledger.realised import Interval, Realised

CALENDAR, VERSION = Calendar("Asia/Shanghai"), "churn-shop/2"
DUE = datetime(2025, 6, 1, tzinfo=UTC)


def became(told: FloatArray, came: FloatArray) -> Became:
    rate = float(came.mean())
    return Became(len(told), int(came.sum()), {"actual_rate": Interval(rate, rate, rate)}, ece(came, told).bins)


def cohort(first: date, parts: dict[str, Became], state: str = "mature") -> Cohort:
    whole = next(iter(parts.values()))
    versions = {version: one.n for version, one in parts.items()}
    return Cohort(
        "churn", "2025-W01", first, first, state, sum(versions.values()), versions, 0.3, 1.0, DUE, DUE, whole,
        parts if len(parts) > 1 else {},
    )  # fmt: skip


def ledger(*cohorts: Cohort) -> Ledger:
    line = Realised("churn", "", "mature", 0, 0, 0, None, {}, (), None, {})
    return Ledger("churn", cohorts, line, (), {})


def drawn(n: int, off: float = 0.0) -> tuple[FloatArray, FloatArray]:
    random = np.random.default_rng(5)
    told = random.beta(2, 4, n)
    return told, (random.random(n) < np.clip(told + off, 0, 1)).astype(float)


@pytest.mark.parametrize(("n", "off"), [(3_000, 0.0), (3_000, 0.1), (80_000, 0.1)])
def test_a_pair_from_bins_is_off_as_far_as_that_of_the_answers(n: int, off: float) -> None:
    told, came = drawn(n, off)
    (pair,) = pairs_of(ledger(cohort(date(2025, 1, 6), {VERSION: became(told, came)})), VERSION, CALENDAR)
    known, happened = expected(told), realised(came, told)
    assert (pair.n, pair.cutoff) == (n, CALENDAR.midnight(date(2025, 1, 6)))
    for name in ("rate", "log_loss", "brier", "roc_auc"):
        away = happened[name] - known[name].value
        deviation = known[name].deviation
        assert pair.realised[name] - pair.estimated[name].value == pytest.approx(away, abs=0.7 * deviation + 1e-3), name
        assert pair.estimated[name].deviation == pytest.approx(deviation, rel=0.2), name


def test_other_versions_and_what_is_not_mature_teach_nothing() -> None:
    told, came = drawn(1_000)
    mine, other = became(told, came), became(told, 1 - came)
    found = pairs_of(
        ledger(
            cohort(date(2025, 1, 6), {"churn-shop/1": other}),
            cohort(date(2025, 1, 13), {"churn-shop/1": other, VERSION: mine}),
            cohort(date(2025, 1, 20), {VERSION: mine}, state="partly_mature"),
            cohort(date(2025, 1, 27), {VERSION: became(told, np.zeros(1_000))}),
        ),
        VERSION,
        CALENDAR,
    )
    assert [one.cutoff for one in found] == [CALENDAR.midnight(date(2025, 1, 13))]
    assert found[0].realised["rate"] == pytest.approx(came.mean(), abs=0.01)
    assert pairs_of(None, VERSION, CALENDAR) == ()
