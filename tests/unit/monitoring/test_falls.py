"""A sudden fall against the model's own earlier cohorts, and what is too little to speak of one."""

from datetime import UTC, date, datetime

import pytest

from churn.monitoring_sections import Monitoring
from monitoring.ledger.cohort import Became, Cohort, Ledger
from monitoring.ledger.realised import Interval, Realised
from monitoring.ledger.reasons import FEWEST_BEFORE, about_newest
from monitoring.reason import Reason
from monitoring.verdict import sound_first

DAY, AT = date(2025, 3, 3), datetime(2025, 6, 1, tzinfo=UTC)
RULES = Monitoring(auc_drop=0.05)
QUIET = [(0.80 + 0.005 * (place % 3), 1.0 + 0.02 * (place % 2)) for place in range(FEWEST_BEFORE)]


def cohort(auc: float, ratio: float, place: int) -> Cohort:
    """A mature cohort with these figures, and narrow intervals."""
    figures = {
        "roc_auc": Interval(auc, auc - 0.01, auc + 0.01),
        "rate_ratio": Interval(ratio, ratio - 0.03, ratio + 0.03),
        "expected_rate": Interval(0.3, 0.29, 0.31),
        "actual_rate": Interval(0.3 * ratio, 0.29 * ratio, 0.31 * ratio),
    }
    became = Became(1_000, 300, figures)
    return Cohort("churn", f"2025-W{place:02}", DAY, DAY, "mature", 1_000, {"c/1": 1_000}, 0.3, 1.0, AT, AT, became)


def ledger(*figures: tuple[float, float]) -> Ledger:
    line = Realised("churn", "", "mature", 1_000, 300, 0, None, {}, (), None, {})
    return Ledger("churn", tuple(cohort(*one, place) for place, one in enumerate(figures, start=10)), line, (), {})


@pytest.mark.parametrize(
    ("newest", "said"),
    [
        ((0.80, 1.0), []),
        ((0.785, 1.0), []),  # 2 points: less than half of auc_drop
        ((0.77, 1.0), [("watch", "fell_suddenly")]),
        ((0.70, 1.0), [("retrain", "fell_suddenly")]),
        ((0.80, 1.24), []),
        ((0.80, 1.30), [("watch", "cohort_rate_is_off")]),
        ((0.80, 0.75), [("watch", "cohort_rate_is_off")]),
        ((0.90, 1.0), []),  # better is no alarm
    ],
)
def test_the_newest_cohort_is_held_against_those_before_it(
    newest: tuple[float, float], said: list[tuple[str, str]]
) -> None:
    found = list(about_newest(ledger(*QUIET, newest), RULES))
    assert [(one.outcome, one.code) for one in found] == said
    assert all(one.evidence == "performance.html#cohorts" and "2025-W18" in one.what[0] for one in found)


def test_too_few_cohorts_say_nothing() -> None:
    assert not list(about_newest(ledger(*QUIET[1:], (0.6, 2.0)), RULES))


def test_who_swings_anyway_has_a_wider_bar() -> None:
    swinging = [(0.80 + 0.03 * (place % 2), 1.0 + 0.3 * (place % 2)) for place in range(FEWEST_BEFORE)]
    assert not list(about_newest(ledger(*swinging, (0.77, 1.3)), RULES))


def test_a_rate_that_is_off_altogether_is_said_once() -> None:
    assert not list(about_newest(ledger(*QUIET, (0.80, 1.3)), RULES, is_off=True))


@pytest.mark.parametrize("code", ["columns_do_not_fit", "broken_unseen"])
def test_nobody_is_told_to_retrain_on_unsound_data(code: str) -> None:
    (fell,) = about_newest(ledger(*QUIET, (0.70, 1.0)), RULES)
    beside = Reason("watch", code, ("", ""), 1, 0, ("", ""))
    other = Reason("stop", "worse_than_chance", ("", ""), 0.4, 0.5, ("", ""))
    mended, *rest = sound_first([fell, beside, other])
    assert (mended.outcome, mended.code, mended.what) == ("watch", "fell_suddenly", fell.what)
    assert all(words in mended.mend[place] for place, words in enumerate(("do not retrain", "暂不重训")))
    assert rest == [beside, other]
    assert sound_first([fell, other]) == [fell, other]
