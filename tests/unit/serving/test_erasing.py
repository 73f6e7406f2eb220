"""Answers of forgotten customers leave log and batches; who asks for one again is told that it was erased."""

import csv
import json
import threading
from pathlib import Path

import pandas as pd
import pytest

from churn.tables import ERASED_LINE
from cli.serving import _everyone
from features.erasure.forgotten import Forgotten
from features.erasure.store import NOTHING, Whom
from features.erasure.turns import without_who_goes
from monitoring.reading.windows import read_scores
from serving import batch
from serving.erasing import erase_from_batches, erase_from_score_log
from serving.refusals import Erased, UnknownScore
from serving.score_index import recall
from serving.score_log import FOLDER, ScoreLog, read
from tests import tiny_service
from tests.unit.serving.test_batch import settings  # noqa: F401  # the fixture
from tests.unit.serving.test_score_log import rows

LEAVER = "客户-3"
WHOM = Whom(frozenset({LEAVER}))


@pytest.fixture
def log(tmp_path: Path) -> ScoreLog:
    made = ScoreLog(tmp_path)
    made.append(rows()).result(timeout=10)
    return made


def segment(folder: Path) -> Path:
    return max((folder / FOLDER).glob("*.jsonl"), key=lambda path: path.stat().st_size)


def test_their_lines_hold_no_more_than_the_id_of_the_answer(log: ScoreLog, tmp_path: Path) -> None:
    size, answered = segment(tmp_path).stat().st_size, read(tmp_path)
    erased = erase_from_score_log(tmp_path, WHOM)
    content = segment(tmp_path).read_bytes()
    assert (erased.rows, erased.files, erased.found) == (1, 1, {LEAVER})
    assert LEAVER.encode() not in content
    assert len(content) == size
    (left,) = [json.loads(line) for line in content.splitlines() if line.startswith(ERASED_LINE.encode())]
    assert set(left) == {"erased", "score_id", "scored_at"}
    after = read(tmp_path)
    pd.testing.assert_frame_equal(after, answered[answered["customer_id"] != LEAVER].reset_index(drop=True))
    told = read_scores(tmp_path)
    assert LEAVER not in set(told.frame["customer_id"])
    assert told.unreadable == 0
    assert erase_from_score_log(tmp_path, WHOM) == NOTHING
    log.close()


def test_a_service_that_is_writing_loses_no_line(log: ScoreLog, tmp_path: Path) -> None:
    ended, told = threading.Event(), []

    def serve() -> None:
        while not ended.is_set():
            told.extend(rows())
            log.append(told[-9:]).result(timeout=10)

    server = threading.Thread(target=serve)
    server.start()
    for _ in range(20):
        erase_from_score_log(tmp_path, WHOM)
    ended.set()
    server.join()
    log.close()
    erase_from_score_log(tmp_path, WHOM)
    kept = [row["score_id"] for row in told if row["customer_id"] != LEAVER]
    assert [one for one in read(tmp_path)["score_id"] if one in set(kept)] == kept
    assert LEAVER.encode() not in segment(tmp_path).read_bytes()


def test_half_a_line_that_a_kill_left_goes_too(log: ScoreLog, tmp_path: Path) -> None:
    log.close()
    path = segment(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    at = next(place for place, line in enumerate(lines) if LEAVER.encode() in line)
    lines[at] = b'{"erased":tr' + lines[at][12:]
    path.write_bytes(b"".join(lines))
    erase_from_score_log(tmp_path, WHOM)
    assert LEAVER.encode() not in path.read_bytes()
    assert len(read(tmp_path)) == len(lines) - 1


def test_the_torn_end_of_a_segment_is_left_to_its_writer(log: ScoreLog, tmp_path: Path) -> None:
    log.close()
    path = segment(tmp_path)
    with path.open("ab") as file:
        file.write(b'{"score_id":"x","customer_id":"someb')
    before = path.read_bytes()
    assert erase_from_score_log(tmp_path, Whom(frozenset({"nobody at all"}))) == NOTHING
    assert path.read_bytes() == before


class Meanwhile:
    """A scorer during whose work somebody is forgotten."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._scorer = folder, tiny_service.scorer()

    def __getattr__(self, name: str) -> object:
        return getattr(self._scorer, name)

    def score(self, *args: object, **options: object) -> object:
        Forgotten.new().blocking([LEAVER], request="1", at="2026-01-01").write(self._folder)
        return self._scorer.score(*args, **options)


def test_who_is_forgotten_while_a_batch_runs_is_not_in_its_files(settings, tmp_path: Path) -> None:  # noqa: F811
    told = _everyone(settings, Meanwhile(settings.folder), None).as_json
    (table,), (sheet,) = (list((settings.folder / batch.FOLDER).glob(f"*.{kind}")) for kind in ("parquet", "csv"))
    assert len(pd.read_parquet(table)) == told["customers"] - 1
    assert LEAVER not in set(pd.read_parquet(table)["customer_id"])
    assert LEAVER.encode() not in sheet.read_bytes()


def test_what_a_challenger_said_of_them_meanwhile_goes_too(log: ScoreLog, tmp_path: Path) -> None:
    """A batch writes what its challengers say into the score log, of rows that it had read before."""
    with without_who_goes(tmp_path, erase_from_batches, erase_from_score_log):
        Forgotten.new().blocking([LEAVER], request="1", at="2026-01-01").write(tmp_path)
    log.close()
    assert LEAVER.encode() not in segment(tmp_path).read_bytes()


def test_batches_are_written_anew_without_them(settings, tmp_path: Path) -> None:  # noqa: F811
    _everyone(settings, tiny_service.scorer(), None)
    folder = settings.folder
    (table,), (sheet,) = (list((folder / batch.FOLDER).glob(f"*.{kind}")) for kind in ("parquet", "csv"))
    before, lines = pd.read_parquet(table), sheet.read_bytes().splitlines()
    erased = erase_from_batches(folder, WHOM)
    assert (erased.rows, erased.files, erased.found) == (2, 2, {LEAVER})
    after = pd.read_parquet(table)
    pd.testing.assert_frame_equal(after, before[before["customer_id"] != LEAVER].reset_index(drop=True))
    assert sheet.read_bytes().splitlines() == [line for line in lines if LEAVER.encode() not in line]
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(after)
    gone = before.loc[before["customer_id"] == LEAVER, "score_id"].item()
    with pytest.raises(Erased):
        recall(folder, gone)
    assert recall(folder, after["score_id"].iloc[0]).row["customer_id"] == after["customer_id"].iloc[0]
    assert erase_from_batches(folder, WHOM) == NOTHING


def test_an_answer_asked_for_again(log: ScoreLog, tmp_path: Path) -> None:
    log.close()
    ids = read(tmp_path).set_index("customer_id")["score_id"]
    assert recall(tmp_path, ids[LEAVER]).row["vector"]
    erase_from_score_log(tmp_path, WHOM)
    with pytest.raises(Erased) as raised:
        recall(tmp_path, ids[LEAVER])
    assert (raised.value.code, raised.value.status) == ("erased", 410)
    assert "your own records" in raised.value.mend
    with pytest.raises(UnknownScore) as unknown:
        recall(tmp_path, "0" * 32)
    assert "score_log_days" in unknown.value.mend


def test_a_segment_that_was_pruned_is_followed_by_a_new_one(log: ScoreLog, tmp_path: Path) -> None:
    segment(tmp_path).unlink()
    log.append(rows()).result(timeout=10)
    log.close()
    assert len(read(tmp_path)) == 9
