"""The service's own log: JSON lines, and no line that cannot be written stops who wrote it."""

import json
import sys

import pytest
import structlog

from cli.log_lines import log_as_json


class Full:
    """A stdout whose disk is full."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


@pytest.fixture(autouse=True)
def as_json() -> None:
    log_as_json()


def test_a_line_is_a_json_object_and_holds_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        int("C1")
    except ValueError:
        structlog.get_logger("any").exception("request.failed", request_id="7")
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["request_id"]) == ("request.failed", "error", "7")
    assert told["exception"][0]["exc_type"] == "ValueError"


def test_a_full_disk_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Full())
    structlog.get_logger("any").info("request.answered")
