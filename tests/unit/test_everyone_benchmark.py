"""benchmarks/crowd.py: is a crowd a log, in which each customer is there so many times and in their own bucket?"""

from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks import crowd
from churn.tables import EVENTS
from features import parquet
from features.log import bucket_name, bucket_of, log_folder
from features.log_reading import read_events


def test_a_crowd_is_a_log_of_the_same_customers_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "SHOP", 20)
    settings = crowd.crowd(tmp_path, 60)
    events = read_events(settings.folder)
    assert len(events.customers) == 60
    log = log_folder(settings.folder)
    tables = {path.name: parquet.read_table(path) for path in log.glob("bucket=*.parquet")}
    for name, table in tables.items():
        ids = table["customer_id"].to_pylist()
        assert ids == sorted(ids)
        assert {bucket_name(bucket_of(one, crowd.LEAST_BUCKETS)) for one in ids} == {name}
    rows = pa.concat_tables(tables.values()).to_pylist()
    lines: dict[str, list[list[object]]] = {}
    for row in rows:
        lines.setdefault(row["customer_id"], []).append([row[one] for one in EVENTS.names if one != "customer_id"])
    for one in {name.removesuffix("-0000") for name in lines if name.endswith("-0000")}:
        assert lines[f"{one}-0000"] == lines[f"{one}-0001"] == lines[f"{one}-0002"]
