"""The demo's files and the mapping of churn.toml give back the simulated log, event by event."""

import shutil
from pathlib import Path

import pandas as pd

from churn.events import NUMBERS
from churn.settings import load
from churn.tables import EVENTS
from features.simulation import SimulationSettings, simulate, write_demo_log
from features.sources import ingest

TOML = Path(__file__).parents[3] / "churn.toml"
SETTINGS = SimulationSettings(customers=400, years=1, seed=5)


def test_ingest_of_the_demo_files_is_the_simulated_log(tmp_path: Path) -> None:
    files = write_demo_log(tmp_path / "artifacts" / "demo-source", SETTINGS)
    birthdays = len(pd.read_csv(files["birthdays"]))  # they lie beside the simulated log
    shutil.copy(TOML, tmp_path / "churn.toml")
    report = ingest(load(tmp_path / "churn.toml", environ={}), environ={})
    simulated = simulate(SETTINGS)
    assert report.manifest.events == len(simulated.events) + birthdays
    assert not sum(report.manifest.rejected.values())
    assert {one.code for one in report.found.findings if one.severity != "advice"} <= {"too_few_to_train"}
    assert report.manifest.observed_until == simulated.observed_until
    found = pd.concat(pd.read_parquet(path) for path in report.path.glob("bucket=*.parquet"))
    is_birthday = found["event_type"] == "profile.birthday"
    assert is_birthday.sum() == birthdays
    assert_same_log(found[~is_birthday], simulated.events)


def assert_same_log(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Equal but for order and for the ids and delays of profile rows, which share one row of their file."""
    keys = ["customer_id", "event_type", "event_timestamp", "order_id"]
    left, right = (_plain(frame).sort_values(keys, ignore_index=True) for frame in (found, expected))
    for name in EVENTS.names:
        if name in found and name not in {"event_id", "ingested_at"}:
            pd.testing.assert_series_equal(left[name], right[name], check_dtype=False, obj=name)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Texts and numbers whose nulls compare, instants as microseconds."""
    out = {}
    for name in frame.columns.intersection(EVENTS.names):
        column = frame[name]
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            out[name] = column.astype("int64")
        elif name in NUMBERS:
            out[name] = column.astype("float64").fillna(-1.0)
        elif column.dtype.kind in "iu":
            out[name] = column
        else:
            out[name] = column.astype(object).where(column.notna(), "")
    return pd.DataFrame(out).reset_index(drop=True)
