"""Whether a log tells solutions is a fact of all of it, also for who looks at one customer alone."""

from pathlib import Path

import pandas as pd
import pytest

from churn.stated_text import told
from features.live.compaction import compact
from features.log import read_log_manifest
from features.replay import replayed
from tests import live_shop, small_shop
from tests.live_shop import Ticking, event, ingested, intake, taken

NOW = small_shop.CUTOFFS[-1]


@pytest.mark.parametrize("tells", [True, False])
def test_one_customer_made_again_says_what_the_whole_log_knows(*, tells: bool) -> None:
    frame = small_shop.log(customers=3, events=60)
    frame = pd.concat([frame, frame.head(1).assign(event_type="complaint", event_timestamp=NOW - pd.Timedelta(days=4))])
    frame["ingested_at"] = frame["event_timestamp"]
    one = str(frame["customer_id"].iloc[-1])
    key = one, (NOW, NOW)
    rows = replayed([key], small_shop.events(frame), small_shop.features(), small_shop.LIFECYCLE, tells_solutions=tells)
    row = rows[key]
    assert row.stated is not None
    cases = told(row.stated, NOW).open
    assert (cases and (cases.count, cases.oldest_days)) == ((1, 4.0) if tells else None)


def test_the_manifest_of_a_log_counts_its_solutions(tmp_path: Path) -> None:
    held = live_shop.settings(tmp_path)
    ingested(held)
    assert read_log_manifest(held.folder).solutions == 0
    opened = intake(held)
    solved = {"order_id": None, "amount": None}
    taken(
        opened,
        [
            event("1", event_type="complaint_solved", **solved),
            event("2", event_type="complaint", reason_code="resolved", **solved),
            event("3", event_type="complaint", reason_code="defect", **solved),
            event("4", event_type="support_ticket", reason_code="resolved", **solved),
        ],
    )
    opened.close()
    compact(held, wall=Ticking())
    assert read_log_manifest(held.folder).solutions == 2
