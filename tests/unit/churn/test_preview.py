"""How many churners and stayers a definition makes, before anything is trained; and the trade's five stages."""

import pandas as pd

from churn.definition import ChurnDefinition, Lifecycle, Silence
from churn.model_sections import Training
from churn.preview import preview
from churn.stages import FIVE, Stage
from tests.timeline import FIRST_DAY, end_of, log

TIMELINES = ("o..o.......o..", "o.............", "...o..........", "......o.......")


def test_counts_per_cutoff_and_model() -> None:
    lifecycle = Lifecycle(ChurnDefinition(horizon_days=7, lapse=Silence(days=5)))
    cutoffs = [lifecycle.calendar.midnight(FIRST_DAY + pd.Timedelta(days=day)) for day in (0, 7, 8)]
    floors = Training(min_rows=2, min_positives=1)
    found = preview(log(*TIMELINES), lifecycle, cutoffs, end_of(TIMELINES[0]), floors)
    counts = found.drop(columns="cutoff").astype(object).where(found.notna(), None).to_numpy().tolist()
    assert counts == [
        ["churn", 0, 0, 0, False],
        ["reactivation", 0, 0, 0, False],
        ["churn", 3, 2, 1, True],  # a stayed, c and d did not; b had been silent for more than 5 days
        ["reactivation", 1, 0, 1, False],
        ["churn", 3, None, None, None],  # its horizon is not over
        ["reactivation", 1, None, None, None],
    ]
    assert found["cutoff"].tolist() == [cutoff for cutoff in cutoffs for _ in range(2)]


def test_no_cutoffs_make_an_empty_table() -> None:
    found = preview(log("o"), Lifecycle(), [], end_of("o"))
    assert list(found.columns) == ["cutoff", "model", "n", "positives", "negatives", "enough"]
    assert found.empty


def test_every_stage_has_its_place_among_the_five() -> None:
    assert set(FIVE) == set(Stage)
    assert list(dict.fromkeys(five.zh for five in FIVE.values())) == ["获取", "转化", "忠诚", "挽留", "再激活"]
