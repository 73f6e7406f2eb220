"""`GET /v1/scores/{score_id}` as a caller sees it."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from httpx import ASGITransport, AsyncClient
from starlette.testclient import TestClient

from churn.sections import Serving
from churn.settings import Settings
from cli.app import assemble
from serving.app import Desk
from serving.asgi import application
from serving.replay_desk import MOST_WAITING, ReplayDesk
from serving.replay_schemas import Input, Inputs, Replay
from serving.scorer import Answer
from tests import replayed_shop
from tests.contract.test_wire import same_as_golden
from tests.replayed_shop import AS_OF

KEY_HASH = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"  # of "key"


@pytest.fixture(scope="module")
def business(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Answer]:
    held = replayed_shop.shop(tmp_path_factory.mktemp("wire"))
    model = replayed_shop.trained(held)
    return held, replayed_shop.answered(held, model, replayed_shop.rows_at(held, model.features, AS_OF)[:1])[0]


@pytest.fixture(scope="module")
def client(business: tuple[Settings, Answer]) -> Iterator[TestClient]:
    with TestClient(assemble(Desk(business[0])), base_url="http://127.0.0.1") as made:
        yield made


def test_an_answer_comes_back(client: TestClient, business: tuple[Settings, Answer]) -> None:
    _, answer = business
    path = f"/v1/scores/{answer.score.score_id}"
    got = client.get(path)
    assert got.status_code == 200
    assert got.headers["content-type"] == "application/json"
    told = got.json()
    assert list(told) == ["score_id", "equal", "differs", "replayed", "told", "inputs"]
    assert told["equal"]
    assert told["replayed"]["probability"] == told["told"]["probability"] == answer.score.probability
    assert list(told["inputs"]) == ["line", "model", "definition", "features"]
    assert all(list(one) == ["state", "problem", "names"] for one in told["inputs"].values())
    in_chinese = client.get(path, params={"language": "zh", "top_reasons": "1"}).json()["replayed"]["reasons"]
    by_header = client.get(path, headers={"Accept-Language": "zh-CN,zh;q=0.9"}).json()["replayed"]["reasons"]
    assert in_chinese == by_header[:1]
    assert in_chinese[0]["text"] != told["replayed"]["reasons"][0]["text"]


def kinds(value: Any) -> Any:
    """An answer with the kind of each value in its place: numbers and hashes are those of a model made here."""
    if isinstance(value, dict):
        return {name: kinds(one) for name, one in value.items()}
    if isinstance(value, list):
        return [kinds(one) for one in value[:1]]
    return type(value).__name__


def test_golden_replay(client: TestClient, business: tuple[Settings, Answer]) -> None:
    """Names and kinds of all fields, of one that comes back, and of one whose model is gone."""
    held, answer = business
    path, models = f"/v1/scores/{answer.score.score_id}?language=en&top_reasons=1", held.folder / "models"
    whole = client.get(path).json()
    models.rename(models.with_name("aside"))
    gone = client.get(path).json()
    models.with_name("aside").rename(models)
    assert (gone["equal"], gone["replayed"], gone["inputs"]["model"]["state"]) == (False, None, "missing")
    same_as_golden("replay.json", {"answer": kinds(whole), "inputs_without_its_model": gone["inputs"]})


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/scores/{'0' * 32}", 404, "unknown_score"),
        ("/v1/scores/C000123", 404, "unknown_score"),
        ("/v1/scores/%2e%2e%2f", 404, "unknown_route"),
        (f"/v1/scores/{'0' * 32}?top_reasons=11", 422, "invalid_request"),
        (f"/v1/scores/{'0' * 32}?top_reasons=x", 422, "invalid_request"),
        (f"/v1/scores/{'0' * 32}?language=fr", 422, "invalid_request"),
        (f"/v1/scores/{'0' * 32}?top=1", 422, "invalid_request"),
        (f"/v1/scores/{'0' * 32}?language=", 422, "invalid_request"),
        (f"/v1/scores/{'0' * 32}?language=en&language=zh", 422, "invalid_request"),
    ],
)
def test_what_is_refused(client: TestClient, path: str, status: int, code: str) -> None:
    got = client.get(path)
    assert (got.status_code, got.json()["error"]["code"]) == (status, code)
    assert got.json()["error"]["mend"]


def test_it_takes_a_key_that_may_score(business: tuple[Settings, Answer], tmp_path: Path) -> None:
    held, answer = business
    keyed = Serving(api_keys=(f"pages:read:{KEY_HASH}",))
    with TestClient(assemble(Desk(held.model_copy(update={"serving": keyed})))) as asked:
        path = f"/v1/scores/{answer.score.score_id}"
        assert asked.get(path).status_code == 401
        got = asked.get(path, headers={"Authorization": "Bearer key"})
        assert (got.status_code, got.json()["error"]["code"]) == (403, "forbidden")


def test_one_at_a_time_and_few_wait(business: tuple[Settings, Answer]) -> None:
    """While answers of the past are made again, others are answered; whoever comes too many is sent away at once."""
    held, _ = business
    going, at_once, most = threading.Event(), 0, 0

    def slow(score_id: str, _language: str, _top: int) -> Replay:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        assert going.wait(20)
        at_once -= 1
        one = Input("as_written")
        inputs = Inputs(line=one, model=one, definition=one, features=one)
        return Replay(score_id=score_id, equal=True, differs=[], replayed=None, told=None, inputs=inputs)

    desk = ReplayDesk(held, slow)
    app = assemble(Desk(held))
    app._app = application(desk.routes())
    statuses: list[int] = []

    async def ask(client: AsyncClient) -> None:
        got = await client.get(f"/v1/scores/{'0' * 32}")
        statuses.append(got.status_code)
        if got.status_code == 503:
            assert got.headers["retry-after"] == "5"
            assert got.json()["error"]["code"] == "replays_busy"
            if statuses.count(503) == 2:
                going.set()

    async def run() -> None:
        asking = AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1")
        async with asking, anyio.create_task_group() as group:
            for _ in range(MOST_WAITING + 2):
                group.start_soon(ask, asking)

    anyio.run(run)
    assert sorted(statuses) == [200] * MOST_WAITING + [503, 503]
    assert most == 1
