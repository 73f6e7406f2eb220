"""`/v1/features` and `/v1/models`: what the answers stand on, as promotion and the rows of now say it."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from features.atomic import write_json
from tests import tiny_service
from tests.contract.test_wire import same_as_golden, settled
from tests.tiny_service import FEATURES, champion, client

WINDOW = {"selection": {"kinds": ["*"]}, "operation": "count", "column": None, "days": 90}
RATIO = {"ratio": [WINDOW, WINDOW | {"days": 365}], "scale": 4}


@pytest.fixture
def asked(tmp_path: Path) -> TestClient:
    """A service whose promotion of the churn model, and whose rows of now, were written down."""
    folder = tiny_service.settings(tmp_path).folder
    gate = {"passed": True, "checks": [{"name": "beats_base_rate", "state": "passed", "why": "it beats it"}]}
    record = {"model_hash": champion("churn").model_hash, "promoted_at": "2024-12-02T08:00:00+00:00", "gate": gate}
    write_json(folder / "champion" / "churn.json", record)
    write_json(folder / "champion" / "reactivation.json", record)  # of another model: nobody's record
    formulas = dict(zip(FEATURES, (WINDOW | {"days": None}, WINDOW, RATIO), strict=False))
    told = [{"name": name, "formula": formula} for name, formula in formulas.items()]
    write_json(folder / "features" / "manifest.json", {"feature_set": {"features": told}})
    return client(tmp_path)


def test_golden_info(asked: TestClient) -> None:
    features, models = asked.get("/v1/features").json(), asked.get("/v1/models").json()
    same_as_golden("info.json", {"features": features, "models": settled(models)})


def test_what_the_manifest_and_the_promotion_say(asked: TestClient) -> None:
    by_name = {one["name"]: one for one in asked.get("/v1/features").json()["features"]}
    assert {name: one["window_days"] for name, one in by_name.items()} == dict(
        zip(FEATURES, (None, 90, 365, None), strict=True)
    )
    assert by_name["order_count_90d"]["group"] == "rhythm"
    assert by_name["order_count_90d"]["models"] == ["churn", "reactivation"]
    models = asked.get("/v1/models").json()["models"]
    assert models["churn"]["serves_since"] == "2024-12-02T08:00:00Z"
    assert models["churn"]["gate"]["checks"][0]["name"] == "beats_base_rate"
    assert (models["reactivation"]["serves_since"], models["reactivation"]["gate"]) == (None, None)


def test_one_model(asked: TestClient) -> None:
    assert asked.get("/v1/models/churn").json() == asked.get("/v1/models").json()["models"]["churn"]


def test_a_model_that_is_none(asked: TestClient, tmp_path: Path) -> None:
    answer = asked.get("/v1/models/nonsense")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_model")
    assert "/v1/models" in answer.json()["error"]["mend"]
    with client(tmp_path, answering=tiny_service.scorer(["churn"])) as alone:
        assert alone.get("/v1/models").json()["models"]["reactivation"] is None
        assert alone.get("/v1/models/reactivation").status_code == 404


def test_without_manifest_and_record_what_the_bundles_say(tmp_path: Path) -> None:
    with client(tmp_path) as asked:
        assert {one["window_days"] for one in asked.get("/v1/features").json()["features"]} == {None}
        assert asked.get("/v1/models/churn").json()["gate"] is None


@pytest.mark.parametrize("path", ["/v1/features?x=1", "/v1/models?x=1", "/v1/models/churn?x=1"])
def test_a_parameter_is_an_error(asked: TestClient, path: str) -> None:
    answer = asked.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
    assert "no parameters" in answer.json()["error"]["mend"]


def test_a_key_needs_the_scope(tmp_path: Path) -> None:
    import hashlib

    digest = hashlib.sha256(b"k").hexdigest()
    with client(tmp_path, api_keys=(f"crm:score:{digest}",)) as asked:
        for path in ("/v1/features", "/v1/models", "/v1/models/churn", "/v1/customers/C1"):
            assert asked.get(path, headers={"X-API-Key": "k"}).status_code == 403, path
        assert asked.get("/v1/scores", headers={"X-API-Key": "k"}).status_code == 200


def test_a_service_that_is_not_ready_says_so(tmp_path: Path) -> None:
    with client(tmp_path, opened=False) as closed:
        for path in ("/v1/features", "/v1/models", "/v1/models/churn"):
            assert closed.get(path).status_code == 503
