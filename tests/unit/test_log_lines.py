"""Lines of the service's log: an error's place is told, not what it said."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog
import uvicorn

from cli.log_lines import log_as_json


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    logging.getLogger("uvicorn.access").disabled = False


def test_a_traceback_names_no_customer(capsys: pytest.CaptureFixture[str]) -> None:
    log_as_json()
    log = structlog.get_logger("test_log_lines")
    try:
        try:
            {}["C000123"]
        except KeyError as error:
            error.add_note("asked for C000123")
            raise ExceptionGroup("of C000123", [ValueError("C000123"), error]) from error
    except ExceptionGroup as error:
        log.exception("request.failed", exc_info=error)
    out = capsys.readouterr().out
    line = json.loads(out)
    assert "C000123" not in out.replace('{}["C000123"]', "")
    assert [one["exc_type"] for one in line["exception"]] == ["ExceptionGroup"]
    assert [group[0]["exc_type"] for group in line["exception"][0]["exceptions"]] == ["ValueError", "KeyError"]
    assert line["exception"][0]["frames"][-1]["name"] == "test_a_traceback_names_no_customer"
    assert line["level"] == "error"


class Full:
    """A stdout whose disk is full."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


def test_a_full_disk_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    log_as_json()
    monkeypatch.setattr(sys, "stdout", Full())
    structlog.get_logger("any").info("request.answered")


def test_a_server_started_by_hand_writes_no_paths(capsys: pytest.CaptureFixture[str]) -> None:
    """uvicorn sets its logging up before it loads the application."""
    uvicorn.Config("cli.app:asgi", log_level="info").configure_logging()
    access = logging.getLogger("uvicorn.access")
    log_as_json()
    access.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:5", "GET", "/v1/customers/C000123", "1.1", 200)
    assert "C000123" not in "".join(capsys.readouterr())
