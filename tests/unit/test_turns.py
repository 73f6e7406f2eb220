"""Two who judge, or change who serves, take turns."""

import threading
from pathlib import Path

import pytest

from cli.single_flight import TURN, AlreadyRunning, in_turn


def test_of_two_that_judge_the_second_waits_for_its_turn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []

    def second() -> None:
        with in_turn(tmp_path, "churn promote"):
            said.append("second")

    with in_turn(tmp_path, "churn monitor"):
        with pytest.raises(AlreadyRunning) as told, in_turn(tmp_path, "churn monitor", patience_s=0):
            pass
        assert "`churn monitor` (process " in told.value.problem
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.3)
        said.append("first")
    waiting.join()
    assert said == ["first", "second"]
    assert "waiting for its end" in capsys.readouterr().err


def test_whoever_can_write_no_lock_goes_on_without(tmp_path: Path) -> None:
    (tmp_path / TURN / "in the way").mkdir(parents=True)
    with in_turn(tmp_path, "churn monitor"), in_turn(tmp_path, "churn monitor", patience_s=0):
        pass
    with in_turn(tmp_path / "no business", "churn monitor"):
        assert not (tmp_path / "no business").exists()
