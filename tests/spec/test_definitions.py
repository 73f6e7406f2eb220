"""Stage, cohort, label and lapse rule of every drawn case, in two time zones; and the page printed from them."""

import tomllib

import pandas as pd
import pytest

from churn.calendar import Calendar
from churn.cohort import cohort, everyone
from churn.definition import ChurnDefinition, Lifecycle, StageRules
from churn.labels import label
from churn.stages import stages
from tests.spec.cases import CHAPTERS
from tests.spec.chapter import Case, Chapter
from tests.spec.definitions import PAGE, page
from tests.timeline import cutoff_of, end_of, log

OUTCOMES = {
    ("churn", True): "churned",
    ("churn", False): "stayed",
    ("reactivation", True): "reactivated",
    ("reactivation", False): "away",
}


@pytest.mark.parametrize("timezone", ["UTC", "America/Los_Angeles"])
@pytest.mark.parametrize(
    ("chapter", "case"),
    [
        pytest.param(chapter, case, id=f"{chapter.title}: {case.timeline}")
        for chapter in CHAPTERS
        for case in chapter.cases
    ],
)
def test_drawn(chapter: Chapter, case: Case, timezone: str) -> None:
    calendar = Calendar(timezone)
    written = tomllib.loads(chapter.toml)
    lifecycle = Lifecycle(ChurnDefinition(**written["definition"]), StageRules(**written.get("stages", {})), calendar)
    # a neighbour, of whom nothing is asked, stands beside each of them
    events = log(case.timeline, "v" + "." * 10, calendar=calendar)
    cutoff, observed_until = cutoff_of(case.timeline, calendar), end_of(case.timeline, calendar)
    staged = stages(events, lifecycle, cutoff).set_index("customer_id")["stage"]
    asked = everyone(events, lifecycle, cutoff).set_index("customer_id")["model"]
    mine = cohort(events, lifecycle, cutoff).query("customer_id == 'a'")
    labels = label(mine, events, lifecycle, cutoff=cutoff, observed_until=observed_until)
    outcome = "-" if mine.empty else _outcome(mine["model"].iloc[0], labels.iloc[0])
    assert (staged.get("a", "-"), asked.get("a") or "-", outcome) == (case.stage, case.model, case.outcome)


def _outcome(model: str, became: object) -> str:
    return "immature" if became is pd.NA else OUTCOMES[model, bool(became)]


def test_the_page_is_fresh() -> None:
    """`python -m tests.spec.definitions` prints docs/definitions.md anew."""
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.spec.definitions`"
