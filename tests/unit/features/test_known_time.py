"""What is learned later changes no snapshot's features: the same cutoffs frozen again say the same, bit by bit."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.cohort import CHURN
from churn.definition import ChurnDefinition, Lifecycle
from churn.model_sections import Training
from churn.tables import OUTCOMES
from cli.definition import preview
from features.catalogue import catalogue
from features.heirs import NO_HEIRS, heirs_among, outcomes
from features.holders import read_holders
from features.log import read_log_manifest
from features.log_reading import read_events
from features.parts import log_parts
from features.snapshots import Snapshot, freeze
from features.sources import ingest
from tests.mapped_shop import CALLS, ORDERS, at, settings, told

LIFECYCLE = Lifecycle(ChurnDefinition(qualifying=("order",), horizon_days=30))
COLUMNS = {"order": {"amount"}, "complaint": set[str](), "return": {"amount"}}
FEATURES = catalogue(list(COLUMNS), COLUMNS, LIFECYCLE)
BEFORE = [at("2024-02-01"), at("2024-03-01"), at("2024-03-15")]
AFTER = [at("2024-03-16"), at("2024-04-15")]


def frozen(folder: Path, cutoffs: list[datetime]) -> Snapshot:
    """The cutoffs frozen from the log that stands there."""
    manifest = read_log_manifest(folder)
    parts = log_parts(folder, taking_back=LIFECYCLE.definition.taking_back)
    return freeze(
        parts, FEATURES, LIFECYCLE, cutoffs,
        observed_until=manifest.observed_until, log_hash=manifest.log_hash, folder=folder,
    )  # fmt: skip


def said(snapshot: Snapshot) -> pd.DataFrame:
    """Cohort, stages and features; labels, and when things came, may change with what becomes known."""
    return snapshot.frame.drop(columns=["label", *OUTCOMES.names])


def as_of(text: str, day: str, column: int) -> str:
    """The lines of a source that had reached us before a day."""
    head, *lines = text.splitlines()
    seen = [line for line in lines if (line.split(",")[-1] if column < 0 else line.split(",")[column]) < day]
    return "\n".join([head, *seen]) + "\n"


LATER = (
    CALLS.replace(",,complaint,\n", ",,complaint,2024-01-01\n")
    + "h2,2024-01-02,20,,complaint,2024-03-20\n"  # late
    + "s1,2024-02-05,21,o2,return,2024-03-21\n"  # takes back an order of before
    + "h2,2024-01-25,4,,complaint,2024-03-22\n"  # moved to another day
    + "s2,2024-01-20,1,,complaint,2024-03-23\n"  # it was somebody else
    + "h2,2024-01-02,20,,order,2024-03-24\n"  # a late one corrected
)


def test_late_rows_corrections_and_orders_taken_back_change_no_snapshot_of_before(tmp_path: Path) -> None:
    calls = CALLS.replace(",,complaint,\n", ",,complaint,2024-01-01\n")
    folder = told(tmp_path, orders=as_of(ORDERS, "2024-03-15", 1), calls=calls).path.parent
    first = said(frozen(folder, BEFORE))
    report = told(tmp_path, calls=LATER)
    assert (report.manifest.superseded, report.manifest.rejected) == (3, {})
    second = frozen(folder, BEFORE)
    pd.testing.assert_frame_equal(said(second), first, check_exact=True)
    later = said(frozen(folder, [at("2024-03-25")]))
    assert later.set_index("customer_id").loc["s1", "order_days_since"] == 20  # and now they are known
    assert "h2" in set(later["customer_id"])


MERGE, SPLIT = "hotline,h1,s1,2024-03-15", "hotline,h1,c7,2024-04-10"
BUYS = CALLS + "h1,2024-01-21,20,x1,order,\nh1,2024-04-21,21,x2,order,\n"


@pytest.mark.parametrize("rows", [(MERGE,), (MERGE, SPLIT), (MERGE, SPLIT, "hotline,h1,h1,2024-04-20")])
def test_a_merge_or_split_changes_no_snapshot_of_before(tmp_path: Path, rows: tuple[str, ...]) -> None:
    folder = told(tmp_path, calls=BUYS).path.parent
    first = said(frozen(folder, BEFORE))
    assert "h1" in set(first["customer_id"])
    told(tmp_path, *rows, calls=BUYS)
    pd.testing.assert_frame_equal(said(frozen(folder, BEFORE)), first, check_exact=True)


def test_after_a_merge_one_customer_has_the_joint_history_and_after_a_split_each_has_theirs(tmp_path: Path) -> None:
    folder = told(tmp_path, MERGE, SPLIT, calls=BUYS).path.parent
    rows = said(frozen(folder, [at("2024-03-15"), at("2024-03-16"), at("2024-04-11")]))
    found = rows.pivot_table(index="customer_id", columns="event_timestamp", values="order_count_90d")
    found.columns = ["before", "merged", "split"]
    assert found.loc["s1"].tolist() == [3, 4, 3]
    assert found.loc["h1"].tolist()[0] == 1
    assert np.isnan(found.loc["h1"].tolist()[1:]).all()
    assert found.loc["c7", "split"] == 1
    told(tmp_path, MERGE, SPLIT, "hotline,h2,s2,2024-04-20", calls=BUYS)
    cutoffs = [at("2024-03-15"), at("2024-03-16"), at("2024-04-11")]
    pd.testing.assert_frame_equal(said(frozen(folder, cutoffs)), rows, check_exact=True)


def labels(folder: Path, cutoff: str) -> dict[str, bool]:
    rows = frozen(folder, [at(cutoff)]).frame
    return {str(row.customer_id): bool(row.label) for row in rows[rows["model"] == CHURN].itertuples()}


NEVER_SEEN = 9999.0


def after_of(folder: Path, customer: str) -> tuple[float, float, bool]:
    """Days to the next order of a customer, what they spent, and whether they lapsed."""
    frame = frozen(folder, [at("2024-02-25")]).frame.set_index("customer_id")
    row = frame.loc[customer, OUTCOMES.names].astype("float64").fillna({"next_event_days": NEVER_SEEN})
    return float(row["next_event_days"]), float(row["spend_amount"]), bool(pd.notna(row["lapse_days"]))


def test_who_went_on_under_another_id_has_not_left(tmp_path: Path) -> None:
    calls = BUYS.replace("h1,2024-04-21,21,x2,order,\n", "")
    folder = told(tmp_path, calls=calls).path.parent
    assert labels(folder, "2024-02-25") == {"h1": True, "s1": False, "s2": False}
    assert after_of(folder, "h1") == (NEVER_SEEN, 0.0, True)
    told(tmp_path, "hotline,h1,s1,2024-03-20", calls=calls)
    assert labels(folder, "2024-02-25") == {"h1": False, "s1": False, "s2": False}
    assert after_of(folder, "h1") == after_of(folder, "s1") != (NEVER_SEEN, 0.0, True)
    told(tmp_path, "hotline,h1,s2,2024-03-20", "hotline,h1,c7,2024-04-02", calls=calls)
    assert labels(folder, "2024-02-25")["h1"]  # by now they are c7, who bought nothing


def test_a_log_in_memory_tells_the_same_of_heirs_as_its_buckets(tmp_path: Path) -> None:
    """As monitoring asks what became of its scores, and snapshots of their rows."""
    calls = BUYS.replace("h1,2024-04-21,21,x2,order,\n", "")
    folder = told(tmp_path, "hotline,h1,s1,2024-03-20", "hotline,h2,h1,2024-03-21", calls=calls).path.parent
    rows, until = frozen(folder, [at("2024-02-25")]).frame, read_log_manifest(folder).observed_until
    whole, holders = read_events(folder), read_holders(folder)
    asked = rows[["customer_id", "model"]].iloc[::-1]
    heirs = heirs_among(whole, asked["customer_id"], holders)
    mine = outcomes(asked, whole, LIFECYCLE, cutoff=at("2024-02-25"), observed_until=until, heirs=heirs)
    assert mine.iloc[::-1].tolist() == rows["label"].tolist()
    assert mine.index.tolist() == asked.index.tolist()
    alone = outcomes(asked, whole, LIFECYCLE, cutoff=at("2024-02-25"), observed_until=until)
    assert alone.tolist() != mine.tolist()
    assert heirs_among(whole, ["s2"], holders) is NO_HEIRS


def test_a_merge_that_becomes_known_after_the_log_ends_changes_no_label(tmp_path: Path) -> None:
    (tmp_path / "ids.csv").write_text("")
    folder = told(tmp_path, "hotline,h1,s1,2024-04-21", calls=CALLS + "h1,2024-01-21,20,x1,order,\n").path.parent
    assert read_log_manifest(folder).observed_until == at("2024-04-21")
    assert labels(folder, "2024-02-25")["h1"]


def test_ingesting_twice_gives_the_same_log(tmp_path: Path) -> None:
    first = told(tmp_path, MERGE, SPLIT, calls=LATER).manifest
    assert ingest(settings(tmp_path), environ={}).manifest == first


def test_a_preview_counts_the_outcomes_that_a_snapshot_labels(tmp_path: Path) -> None:
    calls = BUYS.replace("h1,2024-04-21,21,x2,order,\n", "")
    told(tmp_path, "hotline,h1,s1,2024-03-20", calls=calls)
    wanted = settings(tmp_path).model_copy(
        update={"definition": LIFECYCLE.definition, "training": Training(every_days=5, min_history_days=20)}
    )
    rows = [row for row in preview(wanted).as_json if row["model"] == CHURN and row["positives"] is not None]
    became = {row["cutoff"]: labels(wanted.folder, row["cutoff"]) for row in rows}
    assert {row["cutoff"]: row["positives"] for row in rows} == {day: sum(of.values()) for day, of in became.items()}
    assert any("h1" in of and not of["h1"] for of in became.values())  # who bought on as s1
