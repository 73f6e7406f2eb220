"""Cohorts of the ledger, drawn by hand: immature, partly mature, corrected, pruned, forgotten, over two versions."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from churn.definition import ChurnDefinition
from churn.metrics import lift, roc_auc
from monitoring.ledger.answers import from_frame
from monitoring.ledger.cohort import Cohort, Unreadable
from monitoring.ledger.cohort_table import cohort_table
from monitoring.ledger.counts import GROUPS, Counts, bins_of, groups_of, intervals
from monitoring.ledger.judging import Judged, Rules, judge_rows, pooled
from monitoring.ledger.reasons import about_unreadable
from tests.answered import MONDAY, WEEK, batch, days, log_of, opened

WHO = [f"who-{number}" for number in range(6)]
TOLD = [(one, number / 10) for number, one in enumerate(WHO)]
BOUGHT = [(one, "order", days(-3)) for one in WHO]


def came(day: float, *customers: str) -> list[tuple[str, str, object]]:
    return [(one, "order", days(day)) for one in customers]


def three_weeks(folder: Path) -> list[tuple[str, str, object]]:
    """A batch on each of three Mondays; somebody comes back in each week."""
    for week in range(3):
        batch(folder, days(7 * week), TOLD)
    return [*BOUGHT, *came(1, "who-0"), *came(8, "who-0"), *came(15, "who-0")]


def cohorts(folder: Path, rows: list, until: float) -> list[Cohort]:
    found, _ = opened(folder, log_of(rows), days(until))
    return list(found.ledgers["churn"].cohorts)


def test_a_late_event_opens_the_one_cohort_in_whose_time_it_lies(tmp_path: Path) -> None:
    rows = three_weeks(tmp_path)
    before = cohorts(tmp_path, rows, 30)
    late = [*rows, *came(10, "who-5")]
    found, said = opened(tmp_path, log_of(late), days(30))
    after = list(found.ledgers["churn"].cohorts)
    assert said == ["what became of 6 answers in 1 cohorts"]
    assert [len(one.corrections) for one in after] == [0, 1, 0]
    (correction,) = after[1].corrections
    assert (correction.why, correction.before) == ("log", before[1].became)
    assert (before[1].became.positives, after[1].became.positives) == (5, 4)
    assert [before[0], before[2]] == [after[0], after[2]]
    assert opened(tmp_path, log_of(late), days(30))[1] == []


def test_an_event_outside_of_every_window_opens_nothing(tmp_path: Path) -> None:
    rows = three_weeks(tmp_path)
    cohorts(tmp_path, rows, 30)
    assert opened(tmp_path, log_of([*rows, *came(25, "who-4"), *came(-9, "who-4")]), days(30))[1] == []


def test_an_order_that_was_taken_back_late_opens_its_cohort(tmp_path: Path) -> None:
    frame = log_of(three_weeks(tmp_path)).assign(order_id=None, amount=10.0)
    frame.loc[frame["event_timestamp"] == days(8), "order_id"] = "o1"
    opened(tmp_path, frame, days(30))
    back = frame[frame["order_id"] == "o1"].assign(event_type="return")
    back = back.assign(event_timestamp=back["event_timestamp"] + np.timedelta64(20, "D"))
    back = back.assign(ingested_at=back["event_timestamp"])
    found, said = opened(tmp_path, pd.concat([frame, back], ignore_index=True), days(30))
    assert [len(one.corrections) for one in found.ledgers["churn"].cohorts] == [0, 1, 0]
    assert len(said) == 1


def test_who_is_forgotten_leaves_the_cohorts_that_are_judged_again(tmp_path: Path) -> None:
    rows = three_weeks(tmp_path)
    cohorts(tmp_path, rows, 30)
    for week in range(3):
        batch(tmp_path, days(7 * week), TOLD[:-1])
    after = cohorts(tmp_path, [row for row in rows if row[0] != "who-5"], 30)
    assert [(one.became.n, one.corrections[-1].why, one.corrections[-1].before.n) for one in after] == [
        (5, "answers", 6)
    ] * 3
    assert "who-5" not in "".join(path.read_text() for path in (tmp_path / "monitoring").rglob("*.json"))


def test_the_table_says_what_was_told_before_and_gives_no_zero_for_what_is_not_known(tmp_path: Path) -> None:
    rows = three_weeks(tmp_path)
    batch(tmp_path, days(28), TOLD)
    batch(tmp_path, days(31), TOLD)
    batch(tmp_path, days(35), TOLD)
    cohorts(tmp_path, rows, 35)
    found, _ = opened(tmp_path, log_of([*rows, *came(10, "who-5")]), days(36))
    text = cohort_table(found.ledgers["churn"])
    for said in (
        "2025-W11: judged again on",
        "the log changed. Before the correction: ROC AUC",
        "6 judged, rate 0.833",
    ):
        assert text.count(said) == 1, said
    assert "2025-W11：" in text
    assert "更正前" in text
    assert text.count("partly mature: 50%") == text.count("immature until") == 1
    assert ">0.000" not in text


def test_what_is_pruned_stays_as_it_was_judged(tmp_path: Path) -> None:
    rows = three_weeks(tmp_path)
    before = cohorts(tmp_path, rows, 30)
    for path in sorted((tmp_path / "scores" / "batch").glob("*.parquet"))[:2]:
        path.unlink()
    after = cohorts(tmp_path, [*rows, *came(2, "who-5")], 30)
    assert [one.is_closed for one in after] == [True, True, False]
    assert [one.became for one in after] == [one.became for one in before]


def test_a_partly_mature_cohort_tells_of_that_part_alone(tmp_path: Path) -> None:
    batch(tmp_path, days(0), TOLD)
    batch(tmp_path, days(3), TOLD)
    (one,) = cohorts(tmp_path, [*BOUGHT, *came(1, "who-0")], 8)
    assert (one.state, one.mature_share, one.became.n, one.became.positives) == ("partly_mature", 0.5, 6, 5)
    assert (one.first_mature_at, one.mature_at) == (days(7), days(10))
    (one,) = cohorts(tmp_path, [*BOUGHT, *came(1, "who-0")], 6.9)
    assert (one.state, one.became, one.expected_rate) == ("immature", None, pytest.approx(0.25))
    (one,) = cohorts(tmp_path, [*BOUGHT, *came(1, "who-0")], 10)
    assert (one.state, one.became.n, one.corrections) == ("mature", 12, ())


def test_one_history_runs_over_two_versions(tmp_path: Path) -> None:
    batch(tmp_path, days(0), TOLD)
    batch(tmp_path, days(7), TOLD, version="churn/2")
    found, _ = opened(tmp_path, log_of([*BOUGHT, *came(1, "who-0"), *came(8, "who-1")]), days(30))
    ledger = found.ledgers["churn"]
    assert (ledger.line.n, ledger.line.positives, ledger.line.version) == (12, 10, "")
    assert [(one.version, one.n) for one in ledger.versions] == [("churn/2", 6), ("churn/1", 6)]
    assert ledger.took_over == {"churn/1": days(0.5).date(), "churn/2": days(7.5).date()}
    assert len(ledger.judged) == 2


def test_a_file_that_is_none_and_a_line_that_is_none_are_named_and_the_rest_is_judged(tmp_path: Path) -> None:
    rows = three_weeks(tmp_path)
    log = tmp_path / "scores" / "log"
    log.mkdir()
    (log / "1-1.jsonl").write_bytes(b"\xff\xfe no JSON\n" + b'{"probability":0.5}\n' + b"[]\n" + b'{"score_id": "un')
    (tmp_path / "scores" / "batch" / "half.parquet").write_bytes(b"PAR1 half of")
    found, _ = opened(tmp_path, log_of(rows), days(30))
    assert found.unreadable == (
        Unreadable("scores/log/1-1.jsonl", 3, "torn"),
        Unreadable("scores/log/1-1.jsonl", 1, "unfinished"),
        Unreadable("scores/batch/half.parquet", 0, "no_parquet"),
    )
    assert [one.became.n for one in found.ledgers["churn"].cohorts] == [6, 6, 6]
    (reason,) = about_unreadable(found.unreadable)
    assert (reason.outcome, reason.code, reason.number) == ("watch", "unreadable_scores", 4)
    assert not list(about_unreadable(found.unreadable[1:2]))  # a line that is being written is no fault


def test_scores_that_cannot_be_are_no_answers(tmp_path: Path) -> None:
    path = batch(tmp_path, days(0), [("a", 0.5), ("b", 1.5), ("c", -0.1)])
    found, _ = opened(tmp_path, log_of(BOUGHT), days(30))
    assert found.unreadable == (Unreadable(f"scores/batch/{path.name}", 2, "wrong_value"),)


def test_a_kept_cohort_that_was_broken_is_judged_again(tmp_path: Path) -> None:
    rows = three_weeks(tmp_path)
    before = cohorts(tmp_path, rows, 30)
    kept = sorted((tmp_path / "monitoring" / "ledger").glob("*.json"))
    assert len(kept) == 3
    kept[0].write_text(kept[0].read_text()[:-100])
    kept[1].write_text(json.dumps({"form": 0}))
    assert cohorts(tmp_path, rows, 30) == before


def test_books_that_cannot_be_kept_are_told_all_the_same(tmp_path: Path) -> None:
    rows = three_weeks(tmp_path)
    (tmp_path / "monitoring").write_text("a file where the folder should be")
    assert [one.became.n for one in cohorts(tmp_path, rows, 30)] == [6, 6, 6]


def test_a_new_definition_closes_what_was_judged_under_the_old_one(tmp_path: Path) -> None:
    rows = three_weeks(tmp_path)
    before = cohorts(tmp_path, rows, 30)
    other = replace(WEEK, definition=ChurnDefinition(horizon_days=8))
    found, _ = opened(tmp_path, log_of(rows), days(30), other)
    ledger = found.ledgers["churn"]
    assert [(one.became, one.is_closed) for one in ledger.cohorts] == [(one.became, True) for one in before]
    assert (ledger.line.n, ledger.line.state) == (0, "immature")


def drawn(n: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes, scores and customers, five answers each, whose fates hang together."""
    random = np.random.default_rng(seed)
    customer = np.arange(n) // 5
    luck = random.normal(0, 1, n)[customer]
    told = 1 / (1 + np.exp(-(random.normal(-1, 1.2, n) + luck)))
    return (random.random(n) < told).astype(float), told, customer


def test_figures_of_counts_are_nearly_those_of_the_answers() -> None:
    outcome, told, customer = drawn(20_000)
    counts = Counts.of(outcome, told, customer % GROUPS, None)
    found = {name: one.value for name, one in intervals(counts, 7).items()}
    assert found["roc_auc"] == pytest.approx(roc_auc(outcome, told), abs=5e-4)
    assert found["pr_auc"] == pytest.approx(average_precision_score(outcome, told), abs=1e-3)
    assert found["lift"] == pytest.approx(lift(outcome, told), rel=0.005)
    assert found["brier"] == pytest.approx(float(np.mean((told - outcome) ** 2)))
    assert found["expected_rate"] == pytest.approx(told.mean())
    assert sum(one.n for one in bins_of(counts)) == pytest.approx(20_000, abs=10)
    assert np.array_equal(Counts.from_json(counts.as_json()).table, counts.table)


def test_intervals_are_those_of_drawing_customers_again() -> None:
    outcome, told, customer = drawn(6_000)
    ids = np.array([f"c{one}" for one in range(customer.max() + 1)], dtype=object)
    found = intervals(Counts.of(outcome, told, groups_of(ids)[customer], None), 7)
    random, draws = np.random.default_rng(1), []
    for _ in range(150):
        picked = random.integers(0, customer.max() + 1, customer.max() + 1)
        rows = (picked[:, None] * 5 + np.arange(5)).ravel()
        draws.append((roc_auc(outcome[rows], told[rows]), outcome[rows].mean()))
    for name, values in zip(("roc_auc", "actual_rate"), np.array(draws).T, strict=True):
        low, high = np.percentile(values, (5, 95))
        width = found[name].high - found[name].low
        assert 0.75 < width / (high - low) < 1.3
        assert found[name].low < found[name].value < found[name].high


def test_cohorts_together_are_as_if_they_had_been_one() -> None:
    outcome, told, customer = drawn(4_000)
    rules = Rules("d", min_rows=10, min_positives=3, seed=7)
    half = np.arange(4_000) % 2 == 0
    whole = judged_of(outcome, told, customer, rules)
    parts = [judged_of(outcome[one], told[one], customer[one], rules) for one in (half, ~half)]
    together = pooled(parts, rules).became
    assert (together.n, together.positives) == (whole.became.n, whole.became.positives)
    for name, one in together.figures.items():
        was = whole.became.figures[name]
        assert one.value == pytest.approx(was.value, abs=2e-3, rel=0.01), name
        assert one.high - one.low == pytest.approx(was.high - was.low, rel=0.05, abs=1e-4), name


def judged_of(outcome: np.ndarray, told: np.ndarray, customer: np.ndarray, rules: Rules) -> Judged:
    frame = pd.DataFrame({"customer_id": [f"c{one}" for one in customer], "model": "churn", "model_version": "v/1"})
    frame = frame.assign(definition_id="d", cutoff=MONDAY, scored_at=MONDAY, probability=told)
    return judge_rows(from_frame(frame), outcome, rules, model="churn")
