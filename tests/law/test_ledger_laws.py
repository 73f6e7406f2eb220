"""Laws of the ledger: outcomes as the labels are, the first answer of a day, and the same books kept as made anew."""

import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from churn.calendar import Calendar, from_us, to_us
from churn.definition import ChurnDefinition, Lifecycle, Subscription
from churn.events import Events
from features.heirs import heirs_among, outcomes
from features.holders import read_holders
from features.log_reading import read_events
from features.parts import log_parts
from monitoring.ledger.answers import Answers, from_frame
from monitoring.ledger.outcomes import Known, Windows, walk
from monitoring.ledger.plan import WEEK_ROWS
from tests import mapped_shop, strategies
from tests.answered import batch, days, desk_of, known_of, log_of, opened, plain

ASKED = ("a", "b", "c")


def answers_of(cutoffs: list[datetime], model: str = "churn") -> Answers:
    """Everybody asked about at each cutoff; nobody knows `c`."""
    rows = [(one, model, "v/1", "d", at, at, 0.5) for at in cutoffs for one in ASKED]
    names = ["customer_id", "model", "model_version", "definition_id", "cutoff", "scored_at", "probability"]
    return from_frame(pd.DataFrame(rows, columns=names))


@given(
    frame=strategies.event_logs(),
    lifecycle=strategies.lifecycles(),
    cutoffs=st.lists(strategies.cutoffs(), min_size=1, max_size=3, unique=True),
    later=st.integers(0, 20),
    model=st.sampled_from(("churn", "reactivation")),
)
@settings(max_examples=40, deadline=None)
def test_each_answer_has_the_outcome_that_its_label_would_have(
    frame: pd.DataFrame, lifecycle: Lifecycle, cutoffs: list[datetime], later: int, model: str
) -> None:
    until = max(lifecycle.outcome_window(one).end for one in cutoffs) + timedelta(hours=7 * later)
    answers = answers_of(cutoffs, model)
    (found,), _ = walk(known_of(frame, until, lifecycle), [answers])
    events = Events.from_frame(frame, taking_back=lifecycle.definition.taking_back)
    for place, customer in enumerate(answers.customers.to_pylist()):
        for row in np.flatnonzero(answers.customer == place):
            if customer not in set(events.customers):
                assert np.isnan(found[row])
                continue
            asked, at = pd.DataFrame({"customer_id": [customer], "model": [model]}), from_us(answers.cutoff_us[row])
            told = outcomes(asked, events, lifecycle, cutoff=at, observed_until=until)
            assert found[row] == float(told.iloc[0])


def test_subscribers_who_are_asked_at_many_instants_have_the_outcomes_of_their_labels() -> None:
    """So many that they are taken a few customers at a time."""
    random, lifecycle = (
        np.random.default_rng(3),
        Lifecycle(ChurnDefinition(horizon_days=7, lapse=Subscription(grace_days=5))),
    )
    who = [f"c{number}" for number in range(9)]
    frame = log_of((one, "order", days(day)) for one in who for day in random.uniform(-60, 20, 6)).assign(quantity=9.0)
    at = [days(day) for day in random.uniform(0, 12, 300)]
    rows = [(who[place % 9], "churn", "v/1", "d", one, one, 0.5) for place, one in enumerate(at)]
    names = ["customer_id", "model", "model_version", "definition_id", "cutoff", "scored_at", "probability"]
    (found,), _ = walk(known_of(frame, days(21), lifecycle), [from_frame(pd.DataFrame(rows, columns=names))])
    events = Events.from_frame(frame, taking_back=lifecycle.definition.taking_back)
    asked = pd.DataFrame([(one[0], one[1]) for one in rows], columns=["customer_id", "model"])
    told = [
        outcomes(asked.iloc[[place]], events, lifecycle, cutoff=one, observed_until=days(21)).iloc[0]
        for place, one in enumerate(at)
    ]
    assert found.tolist() == [float(one) for one in told]
    assert 0.1 < found.mean() < 0.9


@pytest.mark.parametrize("merged", [(), ("hotline,h1,s1,2024-03-15",), ("hotline,h1,s1,2024-02-15",)])
def test_whoever_was_merged_is_judged_by_what_the_other_did(tmp_path: Path, merged: tuple[str, ...]) -> None:
    mapped_shop.told(tmp_path, *merged)
    told = mapped_shop.settings(tmp_path, mapped=bool(merged))
    definition = ChurnDefinition(horizon_days=20)
    lifecycle, until = Lifecycle(definition), mapped_shop.at("2024-04-20")
    holders, whole = read_holders(told.folder), read_events(told.folder, taking_back=definition.taking_back)
    known = Known(log_parts(told.folder, taking_back=definition.taking_back), lifecycle, until, holders)
    cutoffs = [mapped_shop.at(day) for day in ("2024-02-26", "2024-03-01", "2024-03-20")]
    frame = pd.DataFrame([("h1", at) for at in cutoffs] + [("s1", at) for at in cutoffs], columns=["who", "at"])
    rows = [(who, "churn", "v/1", "d", at, at, 0.5) for who, at in frame.itertuples(index=False)]
    names = ["customer_id", "model", "model_version", "definition_id", "cutoff", "scored_at", "probability"]
    (found,), _ = walk(known, [from_frame(pd.DataFrame(rows, columns=names))])
    for (who, at), became in zip(frame.itertuples(index=False), found, strict=True):
        asked, heirs = pd.DataFrame({"customer_id": [who], "model": ["churn"]}), heirs_among(whole, [who], holders)
        label = outcomes(asked, whole, lifecycle, cutoff=at, observed_until=until, heirs=heirs)
        assert became == float(label.iloc[0])


@given(
    rows=st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(("v/1", "v/2")), strategies.instants(2), st.integers(0, 3)),
        min_size=1,
        max_size=12,
    ),
    calendar=strategies.calendars,
)
@settings(max_examples=40, deadline=None)
def test_of_a_version_and_a_local_day_the_first_answer_counts(
    rows: list[tuple[str, str, datetime, int]], calendar: Calendar
) -> None:
    told = [
        (customer, "churn", version, "d", at, at + timedelta(hours=late), place / 20)
        for place, (customer, version, at, late) in enumerate(rows)
    ]
    names = ["customer_id", "model", "model_version", "definition_id", "cutoff", "scored_at", "probability"]
    frame = pd.DataFrame(told, columns=names).assign(day=[calendar.day_of(at) for _, _, at, _ in rows])
    first = frame.sort_values(["cutoff", "scored_at"], kind="stable").drop_duplicates(
        ["customer_id", "model_version", "day"]
    )
    kept = from_frame(frame.drop(columns="day")).firsts_of_days(calendar)
    assert sorted(kept.probability) == sorted(first["probability"])


@given(cutoff=strategies.instants(), lifecycle=strategies.lifecycles(), microseconds=st.integers(-1, 1))
@example(  # London's clock goes back within the horizon: its day has 25 hours
    cutoff=datetime.fromisoformat("2018-10-20T14:00:00+00:00"),
    lifecycle=Lifecycle(ChurnDefinition(horizon_days=8, gap_days=3), calendar=Calendar("Europe/London")),
    microseconds=-1,
)
@settings(max_examples=40, deadline=None)
def test_an_answer_is_mature_when_gap_and_horizon_are_over_by_the_calendar(
    cutoff: datetime, lifecycle: Lifecycle, microseconds: int
) -> None:
    window = lifecycle.outcome_window(cutoff)
    until = window.end + timedelta(microseconds=microseconds)
    windows = Windows.of(answers_of([cutoff]), lifecycle)
    assert (windows.end_us <= to_us(until)).all() == lifecycle.is_mature(cutoff, until) == (microseconds >= 0)


Step = tuple[str, int, int, int]  # what, a day, a customer, a half day more
steps = st.tuples(
    st.sampled_from(("order", "order", "answer", "later", "withdraw", "forget", "again")),
    st.integers(0, 27),
    st.integers(0, 5),
    st.integers(0, 1),
)


@pytest.mark.slow
@example(told=[("answer", 0, 0, 0), ("later", 10, 0, 0), ("order", 3, 1, 0), ("order", 3, 1, 1), ("forget", 0, 2, 0)])
@example(told=[("answer", 6, 0, 1), ("answer", 1, 0, 0), ("later", 12, 0, 0), ("withdraw", 2, 1, 0)])
@given(told=st.lists(steps, min_size=4, max_size=14))
@settings(max_examples=6, deadline=None)
def test_books_that_were_kept_are_those_made_anew(told: list[Step]) -> None:
    """Whatever came, was asked, taken out or forgotten in between, and however far the log reached each time."""
    _kept_as_anew(told)


@pytest.mark.nightly
@given(told=st.lists(steps, min_size=4, max_size=20))
@settings(max_examples=150, deadline=None)
def test_books_that_were_kept_are_those_made_anew_at_length(told: list[Step]) -> None:
    """The same, drawn more often."""
    _kept_as_anew(told)


def _kept_as_anew(told: list[Step]) -> None:
    assume(any(what == "answer" for what, *_ in told))
    with tempfile.TemporaryDirectory() as kept, tempfile.TemporaryDirectory() as anew:
        world = World(Path(kept))
        for step in told:
            world.take(step)
            found, _ = opened(world.folder, log_of(world.rows), world.until)
        shutil.copytree(world.folder / "scores", Path(anew) / "scores")
        fresh, _ = opened(Path(anew), log_of(world.rows), world.until)
        assert plain(found) == plain(fresh)
        assert [(one.line, one.versions) for one in found.ledgers.values()] == [
            (one.line, one.versions) for one in fresh.ledgers.values()
        ]
        assert opened(world.folder, log_of(world.rows), world.until)[1] == []


class World:
    """A business that a drawn step changes: five customers, three weeks."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.until = folder, days(7)
        self.rows = [(f"c{number}", "order", days(number - 20)) for number in range(6)]
        self.batches: dict[datetime, list[tuple[str, float]]] = {}

    def take(self, step: Step) -> None:
        what, day, customer, half = step
        at, who = days(day + half / 2), f"c{customer}"
        if what == "order":
            self.rows.append((who, "order", at))
        elif what == "withdraw":
            self.rows = [row for row in self.rows if row[0] != who or row[2] < days(0)]
        elif what == "later":
            self.until = max(self.until, days(day))
        elif what == "forget":
            self.rows = [row for row in self.rows if row[0] != who]
            self.batches = {one: [row for row in rows if row[0] != who] for one, rows in self.batches.items()}
        elif what in ("answer", "again"):
            self.batches[at] = [(f"c{one}", ((one * 7 + day) % 10) / 10) for one in range(6)]
        for cutoff, answers in self.batches.items():
            batch(self.folder, cutoff, answers)


def test_weeks_with_too_few_answers_are_a_month(tmp_path: Path) -> None:
    batch(tmp_path, days(0), [("a", 0.5)])
    batch(tmp_path, days(8), [("a", 0.5)])
    batch(tmp_path, days(36), [(f"c{number}", 0.5) for number in range(WEEK_ROWS)])
    found, _ = opened(tmp_path, log_of([("a", "order", days(-1))]), days(1), week_rows=WEEK_ROWS)
    assert [one.name for one in found.ledgers["churn"].cohorts] == ["2025-03", "2025-W15"]


def test_the_log_need_not_be_read_again_where_nothing_changed(tmp_path: Path) -> None:
    batch(tmp_path, days(0), [("a", 0.5)])
    desk = desk_of(tmp_path, log_of([("a", "order", days(-1))]), days(10))
    opened(tmp_path, log_of([("a", "order", days(-1))]), days(10))
    assert desk.log_hash in (tmp_path / "monitoring" / "cache" / "outcome-days.json").read_text()
