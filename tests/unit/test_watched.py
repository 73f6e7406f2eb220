"""What weekly verdicts come to: false alarms begin once, and a fault's alarms are those its quiet shop has not."""

from benchmarks.watched.episodes import Line, caught, quiet_figures


def _weeks(*alarms: list[str], since: int = 0) -> list[Line]:
    return [
        {
            "seed": 1,
            "week": week,
            "since": since,
            "verdict": "watch" if one else "keep",
            "alarms": [["churn", c] for c in one],
        }
        for week, one in enumerate(alarms)
    ]


def test_an_alarm_that_lasts_is_one_and_one_that_comes_again_is_two() -> None:
    found = quiet_figures(_weeks(["late"], ["late"], [], ["late"], ["late", "moved"]))
    assert (found["alarms"], found["weeks_in_alarm"]) == (3, 4)
    assert found["codes"] == {"churn late": 2, "churn moved": 1}
    assert found["per_quarter"] == 3 / (5 / 13)


def test_a_fault_is_caught_by_what_its_quiet_shop_does_not_have() -> None:
    quiet = _weeks([], [], ["late"], [])
    found = caught(_weeks(["moved"], [], ["late"], ["late", "moved"], since=1), quiet)
    assert found["first"] == {"churn late": 2, "churn moved": 2}
    assert (found["delay_weeks"], found["weeks"], found["weeks_in_alarm"]) == (2, 3, 2)
    nothing = caught(_weeks([], [], ["late"], [], since=1), quiet)
    assert (nothing["caught"], nothing["delay_weeks"]) == (False, None)
