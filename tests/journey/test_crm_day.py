"""A day of a CRM: over HTTP with keys, from the first score to a customer who is forgotten.

Every answer of the service is held to the document that the service itself publishes.
"""

import os
import time
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from churn.settings import Settings, load
from cli.opened import features_of
from features.log import read_log_manifest
from features.log_reading import read_events
from features.snapshots import freeze
from serving.webhooks.signing import VARIABLE
from tests import live_shop, replayed_shop, tiny_service
from tests.command_line import churn
from tests.crm import NAME, Crm, key_of, quote
from tests.running_service import LIVE, running
from tests.searching import naming
from tests.webhook_receiver import SECRET, endpoint, wait_until

pytestmark = pytest.mark.slow

TOML = f"""
artifacts = "artifacts"
[business]
slug = "{tiny_service.SLUG}"
timezone = "Asia/Shanghai"
clock = "log"
[serving]
watch_registry_seconds = 0.2
rate_limit_per_minute = 0
[webhooks]
urls = ["{{url}}"]
allow_http = true
allow_private = true
"""


def promote(held: Settings, number: int) -> None:
    """Train a version on the shop's own features, register it, and let it serve with a signed verdict."""
    from mlflow import MlflowClient

    features, until = features_of(held, read_log_manifest(held.folder)), replayed_shop.AS_OF
    snapshot = freeze(
        read_events(held.folder), features, held.lifecycle, [until.replace(year=2024, month=8 + number)],
        observed_until=until, log_hash="log", folder=held.folder,
    )  # fmt: skip
    booster, bundle = replayed_shop.fitted(held, features, snapshot.manifest["hash"], number)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's, of MLflow
        registry = MlflowClient(tracking_uri=held.registry_uri, registry_uri=held.registry_uri)
        if number == 1:
            registry.create_experiment(held.business.slug, artifact_location=(held.folder / "mlruns").as_uri())
            registry.create_registered_model(NAME)
        run = registry.create_run(registry.get_experiment_by_name(held.business.slug).experiment_id).info
        registry.log_text(run.run_id, booster, "model/artifacts/booster.txt")
        registry.log_text(run.run_id, bundle, "model/artifacts/bundle.json")
        version = registry.create_model_version(NAME, f"{run.artifact_uri}/model", run.run_id)
        registry.set_registered_model_alias(NAME, "champion", version.version)
    tiny_service.let_in(held, "churn", number, booster, bundle)


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crm]:
    """A shop that was scored last night, with a key for the CRM and a receiver of its webhooks."""
    folder = tmp_path_factory.mktemp("day")
    with endpoint() as hooks:
        live_shop.settings(folder)  # writes the file of the source
        config = folder / "churn.toml"
        config.write_text(TOML.format(url=hooks.url) + LIVE, encoding="utf-8")
        held = load(config, environ={})
        assert churn("ingest", config=config).code == 0
        promote(held, 1)
        for command in ("features materialise", "score --all"):
            said = churn(*command.split(), config=config)
            assert said.code == 0, said
        key = key_of(config, "create", "crm", "--scope", "score", "--scope", "events", "--scope", "read")
        with running(config, environ={VARIABLE: SECRET} | dict(os.environ)) as service:
            service.ready()
            made = Crm(service, hooks, key)
            made.document = made.ask("GET", "/openapi.json")[1]
            yield made


def test_a_day_of_a_crm(crm: Crm) -> None:
    everybody, cursor = crm.changed(None)
    who = next(
        one["customer_id"] for one in everybody
        if one["customer_id"].startswith("客") and one["probability"] is not None and one["stage"] != "loyal"
    )  # fmt: skip
    first = crm.score(who, **{"Accept-Language": "zh-CN,zh;q=0.9"})
    assert (first["model_version"], first["served_from"]) == (f"{NAME}/1", "nightly")
    assert all(one["text"] for one in first["reasons"])
    buys(crm, who, first)
    cursor = hears_of_it(crm, who, first, cursor)
    looks_closer(crm, who)
    asks_why(crm, who, first)
    asks_too_often(crm, who)
    changes_its_key(crm)
    forgets(crm, who, first, cursor)
    said = crm.service.log.read_text(encoding="utf-8")
    assert "Traceback" not in said
    assert who not in said


def bought(crm: Crm, who: str, number: int) -> dict[str, Any]:
    """An order at the till, at the end of the log."""
    until = str(read_log_manifest(crm.service.settings.folder).observed_until)
    order = {"event_type": "order", "amount": 90.0 + number, "event_timestamp": until}
    return order | {"customer_id": who, "event_id": f"till-{number}"}


def buys(crm: Crm, who: str, first: dict[str, Any]) -> None:
    """Live events count in the very next score, once."""
    events = {"events": [bought(crm, who, number) for number in range(6)]}
    status, told, _ = crm.ask("POST", "/v1/events", events)
    assert (status, told["accepted"], told["refresh"]) == (202, 6, "done")
    assert crm.ask("POST", "/v1/events", events)[1]["duplicate"] == 6
    second = crm.score(who)
    assert (second["served_from"], second["stage"]) == ("fresh", "loyal")
    assert second["probability"] != first["probability"]


def hears_of_it(crm: Crm, who: str, first: dict[str, Any], cursor: str) -> str:
    """The feed and a signed letter tell of the change, and of nobody else; the cursor of next time."""
    wait_until(lambda: crm.changed(cursor)[0] != [])
    news, cursor = crm.changed(cursor)
    assert [(one["customer_id"], one["stage"]) for one in news] == [(who, "loyal")]
    wait_until(lambda: crm.hooks.got != [])
    (letter,) = crm.hooks.told  # checks the signature
    assert (letter["customer_id"], letter["from"]["stage"], letter["to"]["stage"]) == (who, first["stage"], "loyal")
    return cursor


def looks_closer(crm: Crm, who: str) -> None:
    """One customer in one view, and what if they do nothing until summer."""
    status, view, _ = crm.ask("GET", f"/v1/customers/{quote(who)}?language=en")
    assert (status, view["stage"], view["history"][0]["now"]["stage"]) == (200, "loyal", "loyal")
    idle = {"customers": [{"customer_id": who, "events": []}], "as_of": "2025-06-30T00:00:00+08:00"}
    status, told, _ = crm.ask("POST", "/v1/what-if", idle)
    assert status == 200, told
    imagined = told["answers"][0]["score"]
    assert imagined["what_if"] is True
    assert imagined["stage"] != "loyal"


def asks_why(crm: Crm, who: str, first: dict[str, Any]) -> None:
    """After two promotions the first score of the day is made again, by the model that made it."""
    for number in (2, 3):
        promote(crm.service.settings, number)
        crm.serves(number)
    assert crm.score(who)["model_version"] == f"{NAME}/3"
    status, again, _ = crm.ask("GET", f"/v1/scores/{first['score_id']}?language=zh")
    assert (status, again["equal"], again["differs"]) == (200, True, [])
    same = ("probability", "band", "reasons", "action", "stage", "model_version")
    assert {name: again["replayed"][name] for name in same} == {name: first[name] for name in same}


def asks_too_often(crm: Crm, who: str) -> None:
    """A key with a limit of its own is told when to ask again; the CRM's goes on."""
    often = key_of(crm.service.config, "create", "often", "--scope", "score", "--rate", "10/min")
    wait_until(lambda: crm.ask("GET", "/v1/models", key=often)[0] == 403)
    asked = [crm.ask("POST", "/v1/score", {"customer_ids": [who]}, often) for _ in range(20)]
    assert {status for status, *_ in asked} == {200, 429}
    assert all(int(headers["Retry-After"]) > 0 for status, _, headers in asked if status == 429)
    assert crm.score(who)["probability"] is not None


def changes_its_key(crm: Crm) -> None:
    """The old key is good for nothing, the new one for the same."""
    old, crm.key = crm.key, key_of(crm.service.config, "rotate", "crm", "--grace", "0h")
    wait_until(lambda: crm.ask("GET", "/v1/models", key=old)[0] == 401)
    assert crm.ask("GET", "/v1/models")[0] == 200


def forgets(crm: Crm, who: str, first: dict[str, Any], cursor: str) -> None:
    """Whoever is forgotten is in no file, no answer, no feed and no letter, and does not come back."""
    path, folder = f"/v1/customers/{quote(who)}", crm.service.settings.folder
    late = bought(crm, who, 7)
    assert crm.ask("DELETE", path)[0] == 403
    eraser = key_of(crm.service.config, "create", "eraser", "--scope", "erase")
    wait_until(lambda: crm.ask("GET", "/v1/models", key=eraser)[0] == 403)
    status, receipt, _ = crm.ask("DELETE", path, key=eraser)
    assert status == 200, receipt
    assert naming(folder, who) == set()
    status, told, _ = crm.ask("GET", f"/v1/scores/{first['score_id']}")
    assert (status, told["error"]["code"]) == (410, "erased")
    assert crm.score(who)["abstention"]["code"] == "erased"
    assert crm.ask("GET", path)[0] == 404
    status, told, _ = crm.ask("POST", "/v1/events", {"events": [late]})
    assert (status, told["events"][0]["code"]) == (422, "forgotten_customer")
    time.sleep(1.5)  # the background would have told of them by now
    assert crm.changed(cursor)[0] == []
    assert who not in {one["customer_id"] for one in crm.changed(None)[0]}
    assert len(crm.hooks.got) == 1
    assert naming(folder, who) == set()
