"""An answer is found by its id wherever it lies, while its file grows, is pruned or replaced, without a full scan."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serving import batch, score_index
from serving.refusals import UnknownScore
from serving.score_index import INDEX, recall, sweep
from serving.score_log import FOLDER, ScoreLog
from serving.seal import AS_WRITTEN, Seal


def some(count: int) -> list[dict[str, str]]:
    return [
        {"score_id": uuid.uuid4().hex, "customer_id": f'C"score_id":"{number:032x}"', "scored_at": "2025-01-01"}
        for number in range(count)
    ]


def written(folder: Path, rows: list[dict[str, str]]) -> Path:
    log = ScoreLog(folder)
    log.append(rows).result(timeout=10)
    log.close()
    return max((folder / FOLDER).glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)


def test_every_answer_is_found_with_its_line(tmp_path: Path) -> None:
    first, second = some(50), some(30)
    written(tmp_path, first)
    written(tmp_path, second)
    for row in (*first, *second):
        found = recall(tmp_path, row["score_id"])
        assert found.row["customer_id"] == row["customer_id"]
        assert found.line is not None
        assert Seal().state(found.line) == AS_WRITTEN
    for unknown in (f"{7:032x}", first[0]["score_id"][:-1] + "g", first[0]["score_id"][:16]):
        with pytest.raises(UnknownScore):
            recall(tmp_path, unknown)


def test_a_segment_is_followed_as_it_grows_and_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_index, "TAIL_BYTES", 2000)
    log, rows = ScoreLog(tmp_path), some(40)
    log.append(rows[:20]).result(timeout=10)
    assert recall(tmp_path, rows[3]["score_id"]).row
    (segment,) = (tmp_path / FOLDER).glob("*.jsonl")
    (sidecar,) = (tmp_path / INDEX).iterdir()
    upto = score_index._load(sidecar, segment.stat().st_ino, 0)[2]
    assert upto == segment.stat().st_size
    log.append(rows[20:22]).result(timeout=10)
    assert recall(tmp_path, rows[21]["score_id"]).row, "beyond the index"
    assert score_index._load(sidecar, segment.stat().st_ino, 0)[2] == upto, "so little is not written down"
    with segment.open("ab") as file:
        file.write(b'{"score_id":"' + rows[39]["score_id"].encode() + b'","torn')
    with pytest.raises(UnknownScore):
        recall(tmp_path, rows[39]["score_id"])
    log.append(rows[22:]).result(timeout=10)  # the torn line is a broken line from now on
    log.close()
    assert recall(tmp_path, rows[38]["score_id"]).row
    assert score_index._load(sidecar, segment.stat().st_ino, 0)[2] == segment.stat().st_size


def test_a_small_old_segment_is_indexed_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_index, "YOUNG_S", -1)
    rows = some(3)
    segment = written(tmp_path, rows)
    recall(tmp_path, rows[0]["score_id"])
    monkeypatch.setattr(score_index, "_grown", None)  # nothing is read through any more
    assert recall(tmp_path, rows[2]["score_id"]).row
    assert segment.exists()


@pytest.mark.parametrize("broken", [b"", b"churnidx", b"x" * 4000])
def test_a_broken_index_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bytes) -> None:
    monkeypatch.setattr(score_index, "YOUNG_S", -1)
    rows = some(5)
    written(tmp_path, rows)
    recall(tmp_path, rows[0]["score_id"])
    (sidecar,) = (tmp_path / INDEX).iterdir()
    sidecar.write_bytes(broken)
    assert recall(tmp_path, rows[4]["score_id"]).row


def test_lines_that_moved_are_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody edited the segment: an index of other offsets is not believed."""
    monkeypatch.setattr(score_index, "YOUNG_S", -1)
    rows = some(5)
    segment = written(tmp_path, rows)
    recall(tmp_path, rows[0]["score_id"])
    with segment.open("r+b") as file:  # the same file, one line less
        lines = file.readlines()
        file.seek(0)
        file.writelines(lines[1:])
        file.truncate()
    with segment.open("ab") as file:
        file.write(lines[0])
    assert all(recall(tmp_path, row["score_id"]).row for row in rows)


def table_of(rows: list[dict[str, str]]) -> pa.Table:
    at = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=number) for number in range(len(rows))]
    table = pa.Table.from_pylist(rows).drop_columns("scored_at")
    return table.append_column("scored_at", pa.array(at, pa.timestamp("us", tz="UTC")))


def test_a_batch_is_found_and_found_again_after_it_was_written_anew(tmp_path: Path) -> None:
    path, rows = tmp_path / batch.FOLDER / "2025-01-01T000000Z.parquet", some(100)
    path.parent.mkdir(parents=True)
    pq.write_table(table_of(rows), path, row_group_size=7)
    for row in rows[::9]:
        found = recall(tmp_path, row["score_id"])
        assert (found.row["customer_id"], found.line) == (row["customer_id"], None)
    path.unlink()
    pq.write_table(table_of(rows[50:]), path, row_group_size=64)  # somebody was forgotten
    assert recall(tmp_path, rows[99]["score_id"]).row["scored_at"] == "2025-01-01T00:00:49+00:00"
    with pytest.raises(UnknownScore):
        recall(tmp_path, rows[0]["score_id"])
    sweep(tmp_path)
    assert len(list((tmp_path / INDEX).iterdir())) == 1
    path.unlink()
    sweep(tmp_path)
    assert list((tmp_path / INDEX).iterdir()) == []
