"""A worker takes over what was appointed: between two requests, whole, or not at all."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from churn.errors import ChurnError
from churn.settings import Settings
from serving import archive, champion, registry_state
from serving.admission import BrokenModel, Held
from serving.app import Desk, counter_of
from serving.champion import appoint
from serving.registry_state import Refused, RegistryState
from serving.swap import Swapping
from tests import tiny_service
from tests.tiny_service import NOW


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    """A business whose first churn model is appointed; it needs no registry."""
    settings = tiny_service.settings(tmp_path, rate_limit_per_minute=0)
    (settings.folder / "log").mkdir(parents=True)
    appoint(settings.folder, {"churn": held(settings, 1)})
    return settings


@pytest.fixture
def desk(shop: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A worker's desk, open."""
    from churn.clock import StoppedClock

    monkeypatch.setattr("serving.app.clock_of", lambda _: StoppedClock(NOW))
    found = Desk(shop)
    found.open(counter_of(shop, tiny_service.store()))
    yield found
    found.close()


def held(shop: Settings, number: int, model: str = "churn") -> Held:
    """A version in the archive, let in by the gate."""
    booster, bundle = tiny_service.version_texts(model, number)
    tiny_service.let_in(shop, model, number, booster, bundle)
    record = json.loads((shop.folder / "champion" / f"{model}.json").read_text())
    found = Held(f"{record['name']}/{number}", record["model_hash"], record["warrant"])
    archive.keep(shop, found.version, found.model_hash, booster, bundle)
    return found


def version(desk: Desk) -> str:
    return desk.champions["churn"].version


def test_a_new_champion_answers_the_next_request(shop: Settings, desk: Desk) -> None:
    swapped: list[str] = []
    swapping = Swapping(shop, desk, swapped=lambda: swapped.append(version(desk)))
    assert not swapping.step()
    for number in (2, 3, 1):
        appoint(shop.folder, {"churn": held(shop, number)})
        assert swapping.step()
        (answer,) = desk.counter.answers(["C1"], "en", 1)
        assert answer.score.model_version == f"churn-tiny/{number}" == swapped[-1]
    assert not swapping.step()
    assert len(swapped) == 3


def test_a_model_that_joins_leaves_the_other_as_it_is(shop: Settings, desk: Desk) -> None:
    swapping, before = Swapping(shop, desk), desk.champions["churn"]
    appoint(shop.folder, {"churn": held(shop, 1), "reactivation": held(shop, 2, "reactivation")})
    assert swapping.step()
    assert desk.champions["churn"] is before, "it was not read again"
    assert desk.champions["reactivation"].version == "reactivation-tiny/2"


def test_who_is_being_answered_keeps_the_champion_to_the_end(shop: Settings, desk: Desk) -> None:
    counter = desk.counter
    appoint(shop.folder, {"churn": held(shop, 2)})
    Swapping(shop, desk).step()  # it saw the file before: nothing changed since
    swapping = Swapping(shop, desk)
    appoint(shop.folder, {"churn": held(shop, 3)})
    swapping.step()
    (under_way,), (later,) = counter.answers(["C1"], "en", 1), desk.counter.answers(["C1"], "en", 1)
    assert under_way.score.model_version == "churn-tiny/1"
    assert later.score.model_version == "churn-tiny/3"


@pytest.mark.parametrize("fault", ["no verdict", "another's verdict", "changed copy", "no copy"])
def test_what_may_not_serve_leaves_who_served(fault: str, shop: Settings, desk: Desk) -> None:
    swapping, two = Swapping(shop, desk), held(shop, 2)
    copy = archive.folder_of(shop.folder, two.model_hash) / "bundle.json"
    if fault == "no verdict":
        two = Held(two.version, two.model_hash)
    elif fault == "another's verdict":
        two = Held(two.version, two.model_hash, held(shop, 3).warrant)
    elif fault == "changed copy":
        copy.write_text(copy.read_text().replace("0.2857", "0.2858"))
    else:
        copy.unlink()
    appoint(shop.folder, {"churn": two})
    for _ in range(2):  # it is asked for again, and refused again
        with pytest.raises(BrokenModel) as told:
            swapping.step()
    assert isinstance(told.value, ChurnError)
    assert version(desk) == "churn-tiny/1"
    (answer,) = desk.counter.answers(["C1"], "en", 1)
    assert answer.score.probability is not None


def test_challengers_in_shadow_begin_and_end_without_a_restart(shop: Settings, desk: Desk) -> None:
    swapping, two = Swapping(shop, desk), held(shop, 2)
    standing = shop.folder / "champion" / "churn.shadow"
    standing.write_text(json.dumps({"name": "churn-tiny", "version": 2, "model_hash": two.model_hash}))
    appoint(shop.folder, {"churn": held(shop, 1)}, {"churn": two})
    assert swapping.step()
    first = desk.counter.shadows
    assert first is not None
    assert len(first.rows(desk.counter.answers(["C1"], "en", 0))) == 1
    appoint(shop.folder, {"churn": held(shop, 1)})
    assert swapping.step()
    first.offer(desk.counter.answers(["C1"], "en", 0), desk.counter.log)  # a request that was under way
    assert first.left_out == 1


def test_what_is_known_of_the_registry_is_told_to_who_may_read(shop: Settings, desk: Desk) -> None:
    from cli.app import assemble

    swapping = Swapping(shop, desk)
    refused = Refused.of("churn", BrokenModel("churn-tiny/9", "it is broken"))
    RegistryState(NOW, None, (refused,)).write(shop.folder)
    swapping.step()
    asked = TestClient(assemble(desk), base_url="http://127.0.0.1")
    told = asked.get("/readyz").json()["registry"]
    assert told == {
        "answers": True, "problem": None, "champion_checked_at": NOW.isoformat(),
        "refused": [{"model": "churn", "version": "churn-tiny/9", "reason": "changed_artifact"}],
    }  # fmt: skip
    assert _meter(asked, 'churn_refused_versions{model="churn",reason="changed_artifact"}') == 1
    assert _meter(asked, "churn_registry_up") == 1
    assert _meter(asked, "churn_champion_checked_timestamp_seconds") == NOW.timestamp()
    RegistryState(NOW, "registry_down").write(shop.folder)
    swapping.step()
    told = asked.get("/readyz").json()["registry"]
    assert (told["answers"], told["champion_checked_at"], told["refused"]) == (False, NOW.isoformat(), [])
    assert _meter(asked, 'churn_refused_versions{model="churn",reason="changed_artifact"}') == 0
    assert _meter(asked, "churn_registry_up") == 0


def test_meters_say_who_answers_no_longer(shop: Settings, desk: Desk) -> None:
    from cli.app import assemble

    swapping = Swapping(shop, desk)
    appoint(shop.folder, {"churn": held(shop, 2)})
    swapping.step()
    asked = TestClient(assemble(desk), base_url="http://127.0.0.1")
    assert _meter(asked, 'churn_champion_info{model="churn",version="churn-tiny/1"}') == 0
    assert _meter(asked, 'churn_champion_info{model="churn",version="churn-tiny/2"}') == 1


def test_the_thread_takes_over_and_ends(shop: Settings, desk: Desk) -> None:
    done = threading.Event()
    swapping = Swapping(shop, desk, swapped=done.set, every_s=0.01)
    swapping.start()
    appoint(shop.folder, {"churn": held(shop, 2)})
    assert done.wait(10)
    swapping.close()
    assert version(desk) == "churn-tiny/2"
    appoint(shop.folder, {"churn": held(shop, 3)})
    assert version(desk) == "churn-tiny/2"
    assert registry_state.read(shop.folder) == RegistryState()
    assert champion.appointed(shop.folder)["churn"].version == "churn-tiny/3"


def _meter(asked: TestClient, name: str) -> float:
    (line,) = [line for line in asked.get("/metrics").text.splitlines() if line.startswith(f"{name} ")]
    return float(line.rsplit(" ", 1)[1])
