"""The score log: whole lines or none, bit by bit, through kills, full disks and many callers."""

import json
import os
import subprocess
import sys
import textwrap
from concurrent.futures import wait
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.tables import INSTANT, SCORES, check
from serving import score_log
from serving.refusals import ScoreLogUnavailable
from serving.score_log import FOLDER, ScoreLog, packed, read, unpacked
from tests import tiny_service

ROOT = Path(__file__).parents[3]
IDS = [row.customer_id for row in tiny_service.rows()] + ["nobody"]


def rows() -> list[score_log.Row]:
    """One answer of each kind."""
    answers = tiny_service.scorer().score(IDS, tiny_service.store().rows(IDS), language="en", top=3)
    return [answer.log_row() for answer in answers]


def test_what_is_written_is_read_as_scores(tmp_path: Path) -> None:
    log, written = ScoreLog(tmp_path), rows()
    log.append(written).result(timeout=10)
    log.close()
    frame = check(SCORES, read(tmp_path))
    assert frame["customer_id"].tolist() == IDS
    assert frame["probability"].iloc[0] == written[0]["probability"]
    assert str(frame["cutoff"].dtype) == INSTANT
    assert frame["cutoff"].iloc[0] == pd.Timestamp(tiny_service.AS_OF)
    assert frame["abstention"].iloc[-1] == "unknown_customer"
    assert frame["horizon_days"].isna().tolist() == [False] * 3 + [True] * 6


def test_every_line_has_the_columns_of_scores_in_order(tmp_path: Path) -> None:
    log = ScoreLog(tmp_path)
    log.append(rows()).result(timeout=10)
    log.close()
    (segment,) = (tmp_path / FOLDER).iterdir()
    assert segment.name.startswith(f"{os.getpid()}-")
    assert all(list(json.loads(line)) == [*SCORES.names, "seal"] for line in segment.read_text().splitlines())


def test_a_vector_is_kept_bit_by_bit() -> None:
    awkward = np.array([np.nan, -0.0, np.inf, 5e-324, 0.1 + 0.2, -1e300])
    assert unpacked(packed(awkward)).tobytes() == awkward.tobytes()


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    log = ScoreLog(tmp_path)
    log.append(rows()).result(timeout=10)
    log.close()
    (segment,) = (tmp_path / FOLDER).iterdir()
    whole = segment.read_bytes()
    for cut in (1, 40, len(whole.splitlines()[-1])):
        segment.write_bytes(whole[:-cut])
        assert read(tmp_path)["customer_id"].tolist() == IDS[:-1]


def test_an_empty_log_is_an_empty_table(tmp_path: Path) -> None:
    assert check(SCORES, read(tmp_path)).empty


def test_a_promise_is_kept_only_by_what_is_on_disk(tmp_path: Path) -> None:
    log, (first, *_) = ScoreLog(tmp_path), rows()
    promises = [log.append([first | {"score_id": str(number)}]) for number in range(200)]
    _, left = wait(promises, timeout=30)
    assert not left
    assert read(tmp_path)["score_id"].tolist() == [str(number) for number in range(200)]
    log.close()


def test_after_the_end_nothing_is_promised(tmp_path: Path) -> None:
    log = ScoreLog(tmp_path)
    log.close()
    with pytest.raises(ScoreLogUnavailable):
        log.append(rows()).result(timeout=10)


def test_a_full_disk_breaks_the_promise_and_leaves_whole_lines(tmp_path: Path) -> None:
    """In a process of its own whose files may not grow past a limit; then the limit is lifted."""
    script = """
        import resource, sys
        from pathlib import Path
        from serving.refusals import ScoreLogUnavailable
        from serving.score_log import ScoreLog, read
        folder = Path(sys.argv[1])
        log, row = ScoreLog(folder), {"score_id": "x", "customer_id": "C" * 300}
        log.append([row]).result()
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))
        try:
            log.append([row, row]).result()
        except ScoreLogUnavailable as error:
            assert "free some space" in error.mend, error
            print("refused", len(read(folder)), end=" ")
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        log.append([row]).result()
        log.close()
        print("whole", len(read(folder)))
        assert all(path.read_bytes().endswith(b"\\n") for path in (folder / "scores/log").iterdir())
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout, ended.stderr) == ("refused 1 whole 2\n", "")


def test_a_killed_process_leaves_what_it_promised(tmp_path: Path) -> None:
    script = """
        import os, signal, sys
        from pathlib import Path
        from serving.score_log import ScoreLog
        log = ScoreLog(Path(sys.argv[1]))
        for number in range(20):
            log.append([{"score_id": str(number)}]).result()
        os.kill(os.getpid(), signal.SIGKILL)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)]
    subprocess.run(command, cwd=ROOT, timeout=60, check=False)
    assert read(tmp_path)["score_id"].tolist() == [str(number) for number in range(20)]


def test_a_line_that_the_disk_has_spoilt_spoils_no_other(tmp_path: Path) -> None:
    log = ScoreLog(tmp_path)
    log.append([{"score_id": "a"}]).result()
    log.append([{"score_id": "b"}]).result()
    log.close()
    (segment,) = (tmp_path / FOLDER).glob("*.jsonl")
    first, second = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(first + b"\0" * 100 + b"\n\xff\xfe\n5\n" + first[:9] + b"\n" + second + b"\0" * 4096)
    assert list(read(tmp_path)["score_id"]) == ["a", "b"]


def test_whatever_goes_wrong_while_it_writes_is_told_and_the_next_lines_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = ScoreLog(tmp_path)

    def broken(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(log, "_write", broken)
        with pytest.raises(ScoreLogUnavailable, match="MemoryError"):
            log.append([{"score_id": "a"}]).result(5)
    log.append([{"score_id": "b"}]).result(5)
    log.close()
    assert list(read(tmp_path)["score_id"]) == ["b"]
