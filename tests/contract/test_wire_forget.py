"""`DELETE /v1/customers/{id}` over the wire: who may ask, what is answered, and that no log names the customer."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from starlette.testclient import TestClient

from cli.app import assemble
from cli.log_lines import log_as_json
from features.file_lock import Busy
from serving.app import Desk
from serving.forget import ForgetDesk
from serving.refusals import UnknownCustomer
from tests import tiny_service

ERASER, SCORER = "e" * 40, "s" * 40
LEAVER = "客 7/b"


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


KEYS = (f"dpo:erase+read:{digest(ERASER)}", f"crm:score:{digest(SCORER)}")


class Erasing:
    """Forgets those whom it knows."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def __call__(self, customer_id: str, keep_out: bool) -> dict[str, Any]:
        self.asked.append((customer_id, keep_out))
        if customer_id == "secret-8":
            raise RuntimeError
        if customer_id == "busy":
            raise Busy(Path("artifacts"))
        if customer_id != LEAVER and not keep_out:
            raise UnknownCustomer
        return {"request": "r1"}


@pytest.fixture
def erasing() -> Erasing:
    return Erasing()


@pytest.fixture
def asked(tmp_path: Path, erasing: Erasing) -> Iterator[TestClient]:
    desk = Desk(tiny_service.settings(tmp_path, api_keys=KEYS))
    forget = ForgetDesk()
    forget.open(erasing)
    with TestClient(assemble(desk, forget=forget), base_url="http://127.0.0.1") as opened:
        opened.headers["Authorization"] = f"Bearer {ERASER}"
        yield opened


def test_the_receipt_is_the_answer(asked: TestClient, erasing: Erasing) -> None:
    answer = asked.delete("/v1/customers/%E5%AE%A2%207%2Fb")
    assert (answer.status_code, answer.json()) == (200, {"request": "r1"})
    assert erasing.asked == [(LEAVER, False)]


def test_nobody_knows_them(asked: TestClient, erasing: Erasing) -> None:
    answer = asked.delete("/v1/customers/nobody")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_customer")
    assert "keep_out=true" in answer.json()["error"]["mend"]
    assert "nobody" not in answer.text
    assert asked.delete("/v1/customers/nobody?keep_out=true").status_code == 200
    assert erasing.asked[-1] == ("nobody", True)


def test_it_takes_a_scope_of_its_own(asked: TestClient, erasing: Erasing) -> None:
    assert asked.delete("/v1/customers/x", headers={"Authorization": f"Bearer {SCORER}"}).status_code == 403
    assert asked.delete("/v1/customers/x", headers={"Authorization": "Bearer other"}).status_code == 401
    assert erasing.asked == []
    assert asked.put("/v1/customers/x").status_code == 405


def test_busy_is_told_so(asked: TestClient) -> None:
    answer = asked.delete("/v1/customers/busy")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")


def test_a_desk_that_is_closed_is_not_ready(tmp_path: Path) -> None:
    with TestClient(assemble(Desk(tiny_service.settings(tmp_path))), base_url="http://127.0.0.1") as closed:
        assert closed.delete("/v1/customers/x").json()["error"]["code"] == "not_ready"


def test_neither_log_nor_metrics_name_them(asked: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    asked.delete("/v1/customers/secret-7")
    guard: Any = asked.app
    guard.flush()
    told = asked.get("/metrics").text + "".join(capsys.readouterr())
    assert "secret-7" not in told
    assert '"route":"/v1/customers/{customer_id}"' in told
    assert json.dumps("secret-7") not in told


def test_what_nobody_foresaw_is_logged_without_values(
    asked: TestClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A traceback with its local variables would name customers and tell the secrets of the settings."""
    log_as_json()
    monkeypatch.setattr("serving.guard.log", structlog.get_logger("serving"))
    assert asked.delete("/v1/customers/secret-8").status_code == 500
    told = "".join(capsys.readouterr())
    structlog.reset_defaults()
    assert "RuntimeError" in told
    assert "secret-8" not in told
    assert "api_keys" not in told
