"""The rows that benchmarks/monitoring.py measures on: rows of now, a batch of scores, what the champion learned.

Start reading at `make`.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HASH, LEARNED, BLOCK = "model-hash", 50_000, 16_384
AT = datetime(2026, 1, 1, tzinfo=UTC)


def make(folder: Path, rows: int) -> None:
    """Rows of now, scores, and what the champion learned."""
    import numpy as np
    import pandas as pd

    from benchmarks.fixed_model import CODES, NAMES, vectors
    from features.atomic import write_text
    from monitoring.drift.reference import FeatureReference, Reference

    learned, cutoffs = vectors(LEARNED, seed=1), (np.arange(LEARNED) % 6).astype(np.float64)
    looked = {
        name: FeatureReference.of(learned[:, place], cutoffs, is_category=name in CODES)
        for place, name in enumerate(NAMES)
    }
    known = Reference(snapshot_hash="s" * 64, model="churn", rows=LEARNED, features=looked)
    write_text(folder / "reference.json", known.model_dump_json())
    pd.DataFrame(learned, columns=list(NAMES)).to_parquet(folder / "learned.parquet")
    _write_rows(folder, rows)
    manifest = {"as_of": AT.isoformat(), "rows": rows, "feature_set": {"hash": "f"}}
    write_text(folder / "features" / "manifest.json", json.dumps(manifest))


def _write_rows(folder: Path, rows: int) -> None:
    import pandas as pd

    from benchmarks.fixed_model import NAMES, vectors
    from features.snapshot_file import table_of

    with Files(folder) as files:
        for first in range(0, rows, BLOCK):
            size = min(BLOCK, rows - first)
            keys = pd.DataFrame(
                {
                    "customer_id": [f"C{first + place:07d}" for place in range(size)],
                    "event_timestamp": pd.Series([AT] * size, dtype="datetime64[us, UTC]"),
                    "created_timestamp": pd.Series([AT] * size, dtype="datetime64[us, UTC]"),
                    "stage": "active", "model": "churn", "label": pd.array([None] * size, dtype="boolean"),
                }
            )  # fmt: skip
            values = pd.DataFrame(vectors(size, seed=100 + first), columns=list(NAMES))
            table = table_of(pd.concat([keys, values], axis=1), list(NAMES))
            files.write("features/current.parquet", table)
            files.write("scores/batch/now.parquet", _told(table, first))


def _told(table: Any, seed: int) -> Any:
    """The answers about these rows, as a batch holds them."""
    import numpy as np
    import pyarrow as pa

    from monitoring.reading.windows import KEPT

    size, ids = len(table), table["customer_id"]
    told: dict[str, Any] = {name: pa.nulls(size, pa.string()) for name in KEPT}
    told |= {"customer_id": ids, "model_hash": pa.array([HASH] * size)}
    told |= dict.fromkeys(("cutoff", "scored_at"), table["event_timestamp"])
    return pa.table(told | {"probability": pa.array(np.random.default_rng(seed).beta(2, 6, size))})


class Files:
    """Parquet files of a folder, written group by group; a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Any] = {}

    def __enter__(self) -> "Files":
        return self

    def __exit__(self, *_error: object) -> None:
        for file in self._files.values():
            file.close()

    def write(self, name: str, table: Any) -> None:
        """Write a group."""
        from features import parquet

        if name not in self._files:
            (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
            self._files[name] = parquet.writer(self._folder / name, table.schema)
        self._files[name].write_table(table)


def champion(names: tuple[str, ...]) -> Any:
    import numpy as np

    from churn.bundle import Bundle
    from monitoring.champion import Champion

    percentiles = np.quantile(np.random.default_rng(3).beta(2, 6, LEARNED), np.linspace(0, 1, 101))
    bundle = Bundle(
        model="churn", label="churned", business="b", features=names, feature_set_hash="f",
        percentiles=tuple(percentiles.tolist()), bands={"low": 0.0, "medium": 0.2, "high": 0.5}, base_rate=0.25,
        definition={}, definition_id="d", horizon_days=90, gap_days=0, snapshot_hash="s" * 64, trained_at=AT, trees=1,
    )  # fmt: skip
    return Champion("churn", "churn-b/1", HASH, bundle, Path())


def repeat(path: Path, rows: int) -> None:
    """Everybody again and again, each time but the first under another id; of the first the log knows the past."""
    import pyarrow.compute as pc

    from features import parquet

    table = parquet.read_table(path)
    place = table.column_names.index("customer_id")
    with parquet.writer(path.with_suffix(".more"), table.schema) as file:
        for copy in range(-(-rows // len(table))):
            ids = pc.binary_join_element_wise(table["customer_id"], f"x{copy}" if copy else "", "")
            file.write_table(table.set_column(place, "customer_id", ids), row_group_size=BLOCK)
    path.with_suffix(".more").replace(path)
