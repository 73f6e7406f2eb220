"""Everybody at once: the same answers as the service gives, as SCORES and as a sheet for people."""

import csv
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from churn.settings import Settings
from churn.stages import FIVE, Stage
from churn.tables import INSTANT, SCORES
from cli.serving import _everyone
from features import parquet
from features.atomic import write_json
from features.online import MemoryOnlineStore
from features.snapshot_file import table_of
from serving import batch, sheets
from serving.score_log import unpacked
from tests import tiny_service
from tests.tiny_service import AS_OF, FEATURES, SET_HASH

NAMES = list(FEATURES)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A business whose features of now are on disk: 300 customers, more than one block."""
    held = tiny_service.settings(tmp_path)
    rows = [tiny_service.row(f"C{i:03d}", vector=v) for i, v in enumerate(tiny_service.vectors(297))]
    rows += [row for row in tiny_service.rows() if row.customer_id in ("客户-3", "prospect", "gone")]
    frame = pd.DataFrame(
        {
            "customer_id": pd.Series([row.customer_id for row in rows], dtype=object),
            "event_timestamp": pd.Series([AS_OF] * len(rows)).astype(INSTANT),
            "created_timestamp": pd.Series([AS_OF + timedelta(minutes=5)] * len(rows)).astype(INSTANT),
            "stage": [row.stage for row in rows],
            "model": pd.Series([row.model for row in rows], dtype=object),
            "label": pd.Series([pd.NA] * len(rows), dtype="boolean"),
        }
    ).join(pd.DataFrame(np.vstack([row.vector for row in rows]), columns=NAMES))
    folder = held.folder / "features"
    folder.mkdir(parents=True)
    parquet.write_table(
        table_of(frame, NAMES, **_beside([row.customer_id for row in rows])), folder / "current.parquet"
    )
    manifest = {"as_of": AS_OF.isoformat(), "feature_set": {"hash": SET_HASH, "names": NAMES}}
    write_json(folder / "manifest.json", manifest)
    return held


def _beside(customers: list[str]) -> dict[str, object]:
    import pyarrow as pa

    instants = pa.array([0] * len(customers), type=pa.int64())
    said = [tiny_service.SAID if one == "C000" else "{}" if one == "C001" else None for one in customers]
    return {
        "as_of_us": instants,
        "known_at_us": instants,
        "feature_set_hash": pa.array([SET_HASH] * len(customers)),
        "stated": pa.array(said),
        "nightly": pa.nulls(len(customers), pa.string()),
    }


def test_everybody_gets_the_answer_of_the_service(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "BLOCK", 100)
    monkeypatch.setattr(batch, "PIECE", 128)
    seen: list[tuple[int, int]] = []
    report = batch.score_everyone(
        settings, tiny_service.scorer(), progress=lambda done, total, _: seen.append((done, total))
    )
    assert seen == [(128, 300), (256, 300), (300, 300)]
    table = pq.read_table(report.files[0])
    assert table.schema.names == SCORES.names
    scores = table.to_pandas().set_index("customer_id")
    alone = tiny_service.scorer().score(
        ["C007"], [tiny_service.row("C007", vector=tiny_service.vectors(297)[7])], language="en", top=3
    )[0]
    assert scores.loc["C007", "probability"] == alone.score.probability
    np.testing.assert_array_equal(unpacked(scores.loc["C007", "vector"]), tiny_service.vectors(297)[7])
    assert scores.loc["客户-3", "model"] == "reactivation"
    assert scores.loc["prospect", "abstention"] == "no_qualifying_event"
    assert report.scored == 298
    assert report.customers == 300
    assert sum(report.answers["churn"].values()) == 297
    assert report.answers["none"] == {"no_qualifying_event": 1, "not_eligible": 1}


def test_the_command_tells_the_stages_and_which_file_is_for_whom(settings: Settings) -> None:
    outcome = _everyone(settings, tiny_service.scorer(), None)
    stages = pd.read_parquet(settings.folder / "features" / "current.parquet")["stage"].value_counts()
    assert outcome.as_json["stages"] == {stage.value: stages.get(stage.value, 0) for stage in Stage}
    for stage, five in FIVE.items():
        words = (*stage.value.replace("_", " ").split(), str(stages.get(stage.value, 0)), five.zh, five.en)
        assert list(words) in [line.split() for line in outcome.text.splitlines()]
    parquet, sheet = (Path(one) for one in outcome.as_json["files"])
    assert f"{parquet}\n  for monitoring" in outcome.text
    assert f"{sheet}\n  for people" in outcome.text


def test_the_sheet_tells_the_reasons_in_words(settings: Settings) -> None:
    report = batch.score_everyone(settings, tiny_service.scorer(), out=settings.root / "people.parquet")
    with report.files[1].open(encoding="utf-8-sig", newline="") as file:
        lines = {line["customer_id"]: line for line in csv.DictReader(file)}
    assert list(lines["C000"]) == list(sheets.columns(3))
    assert lines["客户-3"]["outcome"] == "reactivated"
    assert "coming back" in lines["客户-3"]["reason_1"]
    assert (lines["客户-3"]["learner"], lines["gone"]["learner"]) == ("lightgbm", "")
    assert lines["客户-3"]["valid_until"] == "2025-01-02T16:00:00+00:00"
    assert lines["gone"]["abstention"] == "not_eligible"
    assert lines["gone"]["probability"] == ""
    stated = ("stated_reason_code", "stated_reason", "open_complaints")
    told = ("service", "Stated in a complaint on 29 December 2024: service.", "2")
    assert tuple(lines["C000"][name] for name in stated) == told
    assert {lines[one][name] for one in ("C001", "C002") for name in stated} == {""}, "nobody knows"
    people = pd.read_parquet(report.files[2])
    assert list(people.columns) == list(sheets.columns(3))
    assert people["probability"].notna().sum() == 298
    report.files[2].unlink()


def test_a_run_that_fails_leaves_the_files_of_the_one_before(settings: Settings) -> None:
    before = batch.score_everyone(settings, tiny_service.scorer()).files[0]
    content = before.read_bytes()

    def full(done: int, total: int, what: str) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        batch.score_everyone(settings, tiny_service.scorer(), progress=full)
    assert before.read_bytes() == content
    assert sorted(path.suffix for path in before.parent.iterdir()) == [".csv", ".parquet"]


def test_other_kinds_of_file_are_refused_before_anything_is_scored(settings: Settings) -> None:
    with pytest.raises(sheets.UnknownSheet, match=r"\.csv"):
        batch.score_everyone(settings, tiny_service.scorer(), out=Path("scores.xlsx"))
    assert not (settings.folder / "scores").exists()


def test_the_service_tells_the_answers_of_the_night(settings: Settings) -> None:
    store, ask = MemoryOnlineStore(), tiny_service.scorer()
    vectors = tiny_service.vectors(297)
    store.write([*tiny_service.rows(), *(tiny_service.row(f"C{i:03d}", vector=v) for i, v in enumerate(vectors))])
    kept: list[int] = []
    batch.score_everyone(settings, ask, keep=lambda rows: kept.append(store.attach(rows)))
    assert sum(kept) == 298  # a prospect, and who is no longer asked about, have no answer
    rows = store.rows(["C000", "C296", "客户-3", "prospect"])
    told = ask.score(["C000", "C296", "客户-3", "prospect"], rows, language="zh", top=3)
    assert [one.score.served_from for one in told] == ["nightly"] * 3 + [None]
