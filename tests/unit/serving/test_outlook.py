"""What answers say beside the probability, and what they say where there is no outlook."""

from datetime import date, timedelta

import numpy as np

from churn.outlook import Band
from serving.sheets import columns, lines
from tests import tiny_service
from tests.law.test_outlook import with_outlook
from tests.outlooks import an_outlook

ROWS = tiny_service.rows()
IDS = [row.customer_id for row in ROWS]


def test_an_answer_carries_horizons_dates_days_value_and_an_interval() -> None:
    answers = with_outlook().score(IDS, ROWS, language="en", top=1)
    for answer in (one for one in answers if one.score.abstention is None):
        score = answer.score
        assert score.probability is not None
        assert score.probability_low is not None
        assert score.probability_high is not None
        assert 0 < score.probability_low < score.probability < score.probability_high < 1
        by_days = {one.days: one.probability for one in score.horizons}
        assert list(by_days) == [30, 90, 180]
        assert by_days[90] == score.probability
        falls = list(by_days.values()) if score.model == "churn" else list(by_days.values())[::-1]
        assert falls == sorted(falls, reverse=True)
        assert score.value is not None
        assert score.value.low_amount <= score.value.expected_amount <= score.value.high_amount
        assert score.value_at_risk == score.probability * score.value.expected_amount
        codes = (score.interval_code, score.next_event_code, score.remaining_active_days_code, score.value_code)
        assert codes == (None,) * 4


def test_beyond_what_was_watched_an_answer_says_later_than() -> None:
    (answer,) = with_outlook().score(["C1"], [ROWS[0]], language="en", top=0)
    assert ROWS[0].as_of.date() == date(2025, 1, 1)
    event = answer.score.next_event
    assert event is not None
    assert (event.expected, event.latest) == (None, None)  # the chance of silence through 180 days is above a half
    assert event.earliest is not None
    assert event.later_than == date(2025, 1, 1) + timedelta(days=180)
    shop = tiny_service.row("loyal", vector=np.array([0.0, 9.0, 900.0, 101.0]))
    (loyal,) = with_outlook().score(["loyal"], [shop], language="en", top=0)
    days = loyal.score.remaining_active_days
    assert days is not None
    assert (days.high, days.more_than) == (None, 200.0)


def test_without_an_outlook_fields_are_null_with_a_code_and_abstentions_have_neither() -> None:
    for answer in tiny_service.scorer().score(IDS, ROWS, language="en", top=0):
        score = answer.score
        told = (score.probability_low, score.next_event, score.remaining_active_days, score.value, score.value_at_risk)
        assert told == (None,) * 5
        assert score.horizons == []
        expected = None if score.abstention else "no_outlook"
        assert (score.interval_code, score.next_event_code, score.remaining_active_days_code) == (expected,) * 3
        assert score.value_code == (None if score.abstention else "not_configured")


def test_a_part_that_could_not_be_learned_is_null_with_its_reason() -> None:
    scorer = with_outlook(band=None, value=None, missing={"band": "short_past", "value": "no_amounts"})
    (answer,) = scorer.score(["C1"], [ROWS[0]], language="en", top=0)
    assert (answer.score.interval_code, answer.score.value_code) == ("short_past", "no_amounts")
    assert (answer.score.probability_low, answer.score.value, answer.score.value_at_risk) == (None, None, None)
    assert answer.score.next_event is not None


def test_the_sheet_for_people_ends_with_the_outlook_and_who_answers() -> None:
    (answer,) = with_outlook().score(["C2"], [ROWS[1]], language="en", top=2)
    (told,) = lines([answer], 2).people.to_pylist()
    assert list(told) == list(columns(2))
    assert told["value_at_risk"] == answer.score.value_at_risk
    assert list(told)[-16:] == [
        "probability_low", "probability_high", "next_event_expected", "remaining_active_days",
        "value_expected_amount", "value_at_risk", "action", "learner", "grade", "grade_text",
        "stated_reason_code", "stated_reason", "open_complaints",
        "action_text", "action_why", "action_due",
    ]  # fmt: skip


def test_a_band_is_wider_where_its_knots_say_so() -> None:
    band = an_outlook().band
    assert isinstance(band, Band)
    low, high = band.interval(np.array([0.05, 0.5, 0.95]))
    odds = np.log(high / (1 - high)) - np.log(low / (1 - low))
    np.testing.assert_allclose(odds, [2 * 0.2019, 2 * 0.3, 2 * 0.3982], atol=2e-3)
