"""What each feature looked like when the champion learned: histograms, ranges, and how much it moves on its own.

Made from the champion's snapshot once and kept in `monitoring/cache/`, under the snapshot's hash. Beside the histogram
of all its rows stands `usual_psi`: the most that one of the snapshot's own cutoffs differs from the others. A shop that
swings with the year swings here too, so a feature that moves no further than it always did alarms nobody.
"""

from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from churn.events import FloatArray
from churn.histogram import Histogram, psi
from features.atomic import keep_text
from monitoring.champion import Champion
from monitoring.reading.windows import reference_rows

FORMAT_VERSION = 2
CALENDAR_GROUPS = {"season", "tenure"}
GROWING_GROUPS = CALENDAR_GROUPS | {"silence"}
WITHOUT_BOUND = "_ever"  # how the catalogue ends the name of what grows as the log does
FEWEST_ROWS = 200  # of a cutoff that may say how much a feature moves
FEWEST_CUTOFFS = 3


def moves_by_itself(name: str, group: str) -> bool:
    """Whether a feature moves as time passes, whatever customers do: season, tenure, and what counts over "ever"."""
    return group in CALENDAR_GROUPS or name.endswith(WITHOUT_BOUND)


def may_outgrow(name: str, group: str) -> bool:
    """Whether sound values may leave the reference's range: as before, and silences, which last as long as the log."""
    return group in GROWING_GROUPS or moves_by_itself(name, group)


class FeatureReference(BaseModel):
    """One feature on the reference rows.

    `low` and `high` bound its finite values, null where sound ones may leave that range; `null_share` is of all rows;
    `most_null` and `most_alike` are the largest shares of null, and of one value, that any single cutoff had.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    histogram: Histogram
    low: float | None
    high: float | None
    null_share: float
    most_null: float
    most_alike: float
    usual_psi: float

    @classmethod
    def of(cls, values: FloatArray, cutoffs: FloatArray, *, is_category: bool, has_range: bool = True) -> Self:
        """Look at a column.

        Args:
            values: NaN is null. Shape (n,).
            cutoffs: the row's cutoff, as a number from 0. Shape (n,).
            is_category: values are codes, which have no order.
            has_range: sound values stay near those seen.
        """
        histogram = Histogram.of_categories(values) if is_category else Histogram.of_numbers(values)
        finite = values[np.isfinite(values)]
        each = [values[cutoffs == cutoff] for cutoff in np.unique(cutoffs)]
        return cls(
            histogram=histogram,
            low=float(finite.min()) if has_range and len(finite) else None,
            high=float(finite.max()) if has_range and len(finite) else None,
            null_share=float(np.isnan(values).mean()),
            most_null=max((float(np.isnan(one).mean()) for one in each), default=0.0),
            most_alike=max((_alike(one) for one in each), default=0.0),
            usual_psi=_usual(histogram, each),
        )


class Reference(BaseModel):
    """Every feature of a champion on its reference rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = FORMAT_VERSION
    snapshot_hash: str
    model: str
    rows: int
    features: dict[str, FeatureReference]


def reference(champion: Champion, cache: Path) -> Reference:
    """A champion's reference, from the cache or, the first time, from its snapshot.

    Args:
        champion: whose.
        cache: folder of kept references.

    Raises:
        SnapshotGone, ChangedSnapshot: the snapshot was deleted, or changed since.
    """
    path = cache / f"{champion.bundle.snapshot_hash[:12]}-{champion.model}.json"
    kept = _kept(path)
    if kept is not None and set(kept.features) == set(champion.bundle.features):
        return kept
    made = look_at(champion, reference_rows(champion))
    keep_text(path, made.model_dump_json())
    return made


def nothing_known(model: str) -> Reference:
    """What stands for a snapshot that cannot be read: rows can be counted, no column can be judged."""
    return Reference(snapshot_hash="", model=model, rows=0, features={})


def look_at(champion: Champion, rows: pd.DataFrame) -> Reference:
    """What a champion's features look like on its reference rows."""
    cutoffs = pd.factorize(rows["event_timestamp"])[0].astype(np.float64)
    features = {
        name: FeatureReference.of(
            rows[name].to_numpy(dtype=np.float64),
            cutoffs,
            is_category=name in champion.bundle.categories,
            has_range=not may_outgrow(name, champion.bundle.reasons.get(name, "")),
        )
        for name in champion.bundle.features
    }
    return Reference(
        snapshot_hash=champion.bundle.snapshot_hash, model=champion.model, rows=len(rows), features=features
    )


def _kept(path: Path) -> Reference | None:
    """The kept reference; None where there is none, or one that another version wrote."""
    if not path.is_file():
        return None
    try:
        kept = Reference.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # a ValidationError is one
        return None
    return kept if kept.format_version == FORMAT_VERSION else None


def _alike(values: FloatArray) -> float:
    """The share of the commonest value."""
    _, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    return float(counts.max() / len(values)) if len(counts) else 0.0


def _usual(histogram: Histogram, cutoffs: list[FloatArray]) -> float:
    """The most that one cutoff differs from the others; 0 where there are too few to say."""
    each = [histogram.binning.count(values) for values in cutoffs if len(values) >= FEWEST_ROWS]
    if len(each) < FEWEST_CUTOFFS:
        return 0.0
    everything = np.sum(each, axis=0)
    return max(psi(everything - counts, counts) for counts in each)
