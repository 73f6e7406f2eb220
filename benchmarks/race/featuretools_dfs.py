"""featuretools beside the kernel: 1,000 customers x 6 cutoffs, one window of 90 days, per cell.

featuretools has one window a run; the kernel computes all of the task's windows in its run. Each is timed from its own
structure in memory (an EntitySet, sorted arrays), and with the making of that from one frame. What both have, counts,
sums, means, peaks, channels, is compared cell by cell. Start reading at `main`.
"""

import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.race.log import write_log
from benchmarks.race.task import ALL_KINDS, FEATURES, SHOP, cutoffs
from churn.events import Events
from features.compute import compute

CUSTOMERS, CUTOFFS, WINDOW_DAYS = 1_000, 6, 90
PRIMITIVES = ["count", "sum", "mean", "max", "num_unique"]
SAME = {  # its name: ours
    "COUNT(events WHERE event_type = order)": "order_count_90d",
    "SUM(events.amount WHERE event_type = order)": "order_total_90d",
    "MEAN(events.amount WHERE event_type = order)": "order_mean_90d",
    "MAX(events.amount WHERE event_type = order)": "order_peak_90d",
    "NUM_UNIQUE(events.channel WHERE event_type = order)": "order_channel_distinct_90d",
    "COUNT(events WHERE event_type = visit)": "visit_count_90d",
    "SUM(events.amount WHERE event_type = points_earned)": "points_earned_total_90d",
}


def frame_of(folder: Path) -> pd.DataFrame:
    """The log as a frame with instants."""
    write_log(folder, CUSTOMERS * 50)
    frame = pd.concat([pd.read_parquet(path) for path in sorted((folder / "log").glob("bucket=*.parquet"))])
    frame = frame.drop(columns="ingested_at").reset_index(drop=True)
    instants = pd.to_datetime(frame["event_timestamp"], unit="us", utc=True)
    return frame.assign(event_timestamp=instants.astype("datetime64[us, UTC]"))


def kernel(events: Events) -> NDArray[np.float64]:
    """The cube."""
    return compute(events, cutoffs(CUTOFFS), FEATURES, SHOP)


def entity_set(frame: pd.DataFrame) -> Any:
    """What featuretools works on."""
    import featuretools as ft

    instants = frame["event_timestamp"].dt.tz_localize(None).astype("datetime64[ns]")
    events = frame[["customer_id", "event_type", "amount", "score", "channel"]].assign(time=instants)
    entities = ft.EntitySet("shop")
    entities.add_dataframe(
        dataframe=events.rename_axis("id").reset_index(),
        dataframe_name="events",
        index="id",
        time_index="time",
        logical_types={"event_type": "Categorical", "channel": "Categorical"},
    )
    entities.normalize_dataframe("events", "customers", "customer_id")
    entities.add_interesting_values(dataframe_name="events", values={"event_type": list(ALL_KINDS)})
    entities.add_last_time_indexes()  # else a training window drops who first came before it
    return entities


def featuretools(entities: Any) -> pd.DataFrame:
    """Its feature matrix, by customer and time."""
    import featuretools as ft

    at = [pd.Timestamp(one).tz_localize(None) for one in cutoffs(CUTOFFS)]
    asked = [(one, when) for one in entities["customers"]["customer_id"] for when in at]
    matrix, _ = ft.dfs(
        entityset=entities,
        target_dataframe_name="customers",
        cutoff_time=pd.DataFrame(asked, columns=["customer_id", "time"]),
        cutoff_time_in_index=True,
        include_cutoff_time=False,
        training_window=f"{WINDOW_DAYS} days",
        agg_primitives=PRIMITIVES,
        where_primitives=PRIMITIVES,
        trans_primitives=[],
        max_depth=1,
    )
    return matrix


def compare(customers: NDArray[np.object_], cube: NDArray[np.float64], matrix: pd.DataFrame) -> int:
    """Hold what both have against each other; how many cells that were.

    Raises:
        AssertionError: they differ.
    """
    at = [pd.Timestamp(one).tz_localize(None) for one in cutoffs(CUTOFFS)]
    matrix = matrix.reindex(pd.MultiIndex.from_product([customers, at]))
    for theirs, ours in SAME.items():
        found = matrix[theirs].to_numpy(dtype=np.float64, na_value=np.nan).reshape(len(customers), CUTOFFS)
        mine = cube[:, :, FEATURES.names.index(ours)]
        empty_is_null = np.where(np.isnan(found) & ~np.isnan(mine), 0.0, found)  # of a customer without any event
        np.testing.assert_allclose(empty_is_null, mine, rtol=1e-9, atol=1e-9, err_msg=theirs)
    return len(SAME) * matrix.shape[0]


def main() -> None:
    """Print the figures as JSON."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as work:
        frame = frame_of(Path(work))
    took: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        begin = time.process_time()
        found = work()
        took[name] = min(took.get(name, float("inf")), time.process_time() - begin)
        return found

    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
        events = timed("sorting", lambda: Events.from_frame(frame))
        cube = timed("kernel", lambda: kernel(events))  # noqa: B023  # called at once
        entities = timed("entities", lambda: entity_set(frame))
        matrix = timed("featuretools", lambda: featuretools(entities))  # noqa: B023
    ours, theirs = took["kernel"] / cube.size, took["featuretools"] / matrix.size
    loaded = (took["kernel"] + took["sorting"]) / cube.size, (took["featuretools"] + took["entities"]) / matrix.size
    figures = {
        "featuretools_vs_kernel_per_cell": theirs / ours,
        "featuretools_vs_kernel_per_cell_with_loading": loaded[1] / loaded[0],
        "featuretools_columns_of_one_window": matrix.shape[1],
        "featuretools_cells_compared": compare(events.customers, cube, matrix),
    }
    print(json.dumps(figures | {f"{name}_cpu_s_1k_customers_x_6": seconds for name, seconds in took.items()}))


if __name__ == "__main__":
    main()
