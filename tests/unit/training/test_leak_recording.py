"""When kinds were recorded, where reason codes are free text and each row has another."""

import time

import numpy as np
import pandas as pd

from churn.calendar import DAY_US
from churn.events import Events
from training.leaks.recorded import Lane, Recorded, recorded, thinning

UNTIL_US = 700 * DAY_US


def test_each_reason_code_has_a_lane_of_its_own_rows() -> None:
    days = pd.to_datetime([5, 3, 9, 7], unit="D", utc=True).astype("datetime64[us, UTC]")
    frame = pd.DataFrame(
        {
            "customer_id": list("abca"),
            "event_type": ["ticket", "ticket", "order", "ticket"],
            "event_timestamp": days,
            "ingested_at": days + pd.to_timedelta([0, 2, 0, 0], unit="D"),
            "reason_code": ["late", "rude", None, "late"],
        }
    )
    found = recorded(Events.from_frame(frame)).lanes
    told = {name: sorted((lane.time_us // DAY_US).tolist()) for name, lane in found.items()}
    assert told == {"order": [9], "ticket": [3, 5, 7], "ticket\0late": [5, 7], "ticket\0rude": [3]}
    assert found["ticket\0rude"].delay_us.tolist() == [2 * DAY_US]


def test_free_text_as_reason_code_costs_no_more_than_its_rows() -> None:
    base = np.repeat(np.arange(700), 400).astype(np.int64) * DAY_US
    notes = np.repeat(np.arange(660), 6).astype(np.int64) * DAY_US
    texts = {f"note\0text {place}": Lane(notes[[place]], notes[[0]]) for place in range(len(notes))}
    seen = Recorded({"order": Lane(base, base * 0), "note": Lane(notes, notes * 0), **texts})
    began = time.process_time()
    assert [(one.kind, one.reason_code) for one in thinning(seen, ("order",), until_us=UNTIL_US)] == [("note", "")]
    assert time.process_time() - began < 2
