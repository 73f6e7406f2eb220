"""Reading of now and of answers: the newest answer counts, broken files are named, and memory stays where it was."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from churn.tables import SCORES
from features.current_file import NoCurrent
from monitoring.drift.reference import FeatureReference, Reference
from monitoring.reading.answers import read_answers
from monitoring.reading.customers import numbers_of
from monitoring.reading.now import BrokenRows, read_now
from monitoring.reading.windows import KEPT

DAY = pd.Timedelta(days=1)
NOON = pd.Timestamp("2026-01-01T12:00", tz="UTC")
IDS = [f"C{number}" for number in range(6)]
ASKED = {"mine": np.sort(numbers_of(pa.array(IDS)))}


def batch(folder: Path, name: str, told: dict[str, float | None], at: pd.Timestamp, model_hash: str = "mine") -> Path:
    rows = pd.DataFrame({"customer_id": list(told), "probability": list(told.values())})
    rows = rows.assign(model_hash=model_hash, cutoff=at, scored_at=at)
    rows["abstention"] = np.where(rows["probability"].isna(), "stale_features", None)
    whole = SCORES.empty()[KEPT].reindex(range(len(rows))).assign(**{key: rows[key] for key in rows})
    path = folder / "scores" / "batch" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    whole.astype({"cutoff": "datetime64[us, UTC]", "scored_at": "datetime64[us, UTC]"}).to_parquet(path)
    return path


def line(customer: str, probability: float | None, at: pd.Timestamp, **more: object) -> str:
    told = {"customer_id": customer, "model_hash": "mine", "cutoff": at.isoformat(), "scored_at": at.isoformat()}
    return json.dumps(told | {"probability": probability, "abstention": None} | more, separators=(",", ":")) + "\n"


def log(folder: Path, text: str) -> None:
    path = folder / "scores" / "log" / "1-1.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def known(folder: Path) -> dict[str, float]:
    told = read_answers(folder, ASKED).told["mine"].about(numbers_of(pa.array(IDS)))
    return {name: float(one) for name, one in zip(IDS, told, strict=True) if not np.isnan(one)}


def test_the_newest_answer_of_log_and_batches_counts(tmp_path: Path) -> None:
    batch(tmp_path, "b1", dict.fromkeys(IDS, 0.1), NOON - DAY)
    batch(tmp_path, "b2", {"C0": 0.2, "C1": 0.2, "C9": 0.2}, NOON)
    batch(tmp_path, "b3", {"C2": 0.9}, NOON, model_hash="another")
    log(tmp_path, line("C1", 0.3, NOON + DAY) + line("C1", 0.4, NOON - DAY) + line("C3", 0.5, NOON, shadow=True))
    assert known(tmp_path) == {"C0": 0.2, "C1": 0.3, "C2": 0.1, "C3": 0.1, "C4": 0.1, "C5": 0.1}


def test_answers_of_a_month_ago_are_not_of_now(tmp_path: Path) -> None:
    batch(tmp_path, "old", {"C0": 0.1, "C1": 0.1}, NOON - 40 * DAY)
    batch(tmp_path, "new", {"C1": 0.2}, NOON)
    assert known(tmp_path) == {"C1": 0.2}


def test_older_batches_are_left_closed_once_everybody_has_an_answer(tmp_path: Path) -> None:
    batch(tmp_path, "new", {**dict.fromkeys(IDS[1:], 0.2), "C0": None}, NOON)
    old = batch(tmp_path, "old", dict.fromkeys(IDS, 0.1), NOON - DAY)
    assert known(tmp_path) == dict.fromkeys(IDS[1:], 0.2)  # C0 was asked about, and had no number
    assert read_answers(tmp_path, ASKED).abstentions == {"stale_features": 1}
    old.write_bytes(b"PAR1 half a file")
    assert [error.mend for error in read_answers(tmp_path, ASKED).broken]


def test_what_cannot_be_read_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    path = batch(tmp_path, "half", dict.fromkeys(IDS, 0.9), NOON)
    path.write_bytes(path.read_bytes()[:-40])
    batch(tmp_path, "good", {"C0": 0.1}, NOON)
    torn = line("C2", 0.2, NOON)
    log(tmp_path, line("C1", 0.2, NOON) + torn[:-20] + "\n" + line("C3", 0.2, NOON).replace("2026", "what") + "[1]\n")
    found = read_answers(tmp_path, ASKED)
    assert known(tmp_path) == {"C0": 0.1, "C1": 0.2}
    assert (found.lines, found.unreadable) == (4, 3)
    (error,) = found.broken
    assert "half.parquet" in error.problem
    assert "churn score --all" in error.mend


def now_of(folder: Path, rows: int, group: int = 16_384) -> list[Reference]:
    random, names = np.random.default_rng(1), [f"f{place}" for place in range(24)]
    frame = pd.DataFrame(random.normal(size=(rows, len(names))), columns=names)
    frame = frame.assign(customer_id=[f"C{place:07d}" for place in range(rows)], model="churn")
    (folder / "features").mkdir(parents=True)
    frame.to_parquet(folder / "features" / "current.parquet", row_group_size=group)
    told = {"as_of": None, "rows": rows, "feature_set": {"hash": "f"}}
    (folder / "features" / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    then = {
        name: FeatureReference.of(frame[name].head(500).to_numpy(), np.zeros(min(rows, 500)), is_category=False)
        for name in names
    }
    return [Reference(snapshot_hash="s", model="churn", rows=500, features=then)]


def test_eight_times_the_rows_take_no_more_memory_than_their_ids(tmp_path: Path) -> None:
    peaks = []
    for rows in (20_000, 160_000):
        references = now_of(tmp_path / str(rows), rows)
        tracemalloc.start()
        pool = pa.default_memory_pool()
        before = pool.bytes_allocated()
        seen = read_now(tmp_path / str(rows), references, sample_rows=1000, rows_a_block=16_384).of("churn")
        assert pool.bytes_allocated() - before < 1e6
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (seen.rows, len(seen.sample)) == (rows, 1000)
    frame_bytes = 140_000 * 24 * 8  # what the further rows would take as a frame
    assert peaks[1] - peaks[0] < frame_bytes / 2


def test_features_that_cannot_be_read_say_how_to_mend_it(tmp_path: Path) -> None:
    with pytest.raises(NoCurrent, match="churn features materialise"):
        read_now(tmp_path, [], sample_rows=9)
    references = now_of(tmp_path, 300)
    path = tmp_path / "features" / "current.parquet"
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", whole[:-1]):
        path.write_bytes(broken)
        with pytest.raises(BrokenRows, match="churn features materialise") as caught:
            read_now(tmp_path, references, sample_rows=9)
        assert "cannot be read" in caught.value.problem
    pd.read_parquet(pa.BufferReader(whole)).drop(columns="model").to_parquet(path)
    with pytest.raises(BrokenRows, match="it has no model"):
        read_now(tmp_path, references, sample_rows=9)
    path.write_bytes(whole)
    (tmp_path / "features" / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(BrokenRows):
        read_now(tmp_path, references, sample_rows=9)


def test_nobody_is_asked_about_in_an_empty_file(tmp_path: Path) -> None:
    references = now_of(tmp_path, 300)
    path = tmp_path / "features" / "current.parquet"
    pd.read_parquet(path).head(0).astype({"customer_id": "str", "model": "str"}).to_parquet(path)
    now = read_now(tmp_path, references, sample_rows=9)
    assert (now.rows, now.of("churn").rows, now.of("reactivation").rows) == (0, 0, 0)
