"""PostgreSQL goes down in the middle of a promotion: nothing is half-promoted, and the next command finishes it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from churn.bundle import Bundle
from churn.model_sections import ModelRegistry
from churn.settings import Settings
from cli.champions import heal as finish
from features.registry_place import RegistryDown
from serving import champion
from tests import tiny_service
from training import history
from training.crowning import INTENT, alone, heal, kept_beside, steps
from training.gate_verdict import Verdict
from training.promote import warrant_of
from training.registry import MlflowRegistry
from training.versions import Files

pytestmark = [pytest.mark.slow, pytest.mark.server]
NAME = "churn-tiny"
FACTS = {"train_snapshot": "snapshots/a", "test_snapshot": "snapshots/b"}


@pytest.fixture
def settings(tmp_path: Path, postgres_database: str) -> Settings:
    usual = tiny_service.settings(tmp_path)
    return usual.model_copy(update={"registry": ModelRegistry(url=postgres_database, artifacts=str(tmp_path / "far"))})


@pytest.fixture
def registry(settings: Settings) -> MlflowRegistry:
    """Two versions, of which the first serves."""
    found = MlflowRegistry(settings)
    booster, bundle = tiny_service.texts("churn")
    for _ in range(2):
        found.register(NAME, Bundle.from_json(bundle), booster, dict(FACTS), Files())
    assert list(promotion(found, settings, 1))[-1] == "done"
    return found


def promotion(registry: MlflowRegistry, settings: Settings, number: int) -> Iterator[str]:
    """The acts of a promotion, one by one."""
    version = registry.get(NAME, number)
    line = history.compose("promote", version, settings, verdict=Verdict((), "first").as_json())
    record = {"name": NAME, "model": "churn", "version": number, "model_hash": version.hash}
    record |= {"history_hash": line["hash"], "warrant": warrant_of(version, line, settings)}
    return steps({"record": record, "line": line}, registry, settings)


@contextmanager
def gone(settings: Settings, postgres_url: str) -> Iterator[None]:
    """The database of the registry is taken away, and comes back."""
    database = settings.registry_uri.rpartition("/")[2]
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,))
        yield
        admin.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")


@pytest.mark.parametrize("until", ["intent", "alias", "record", "history"])
def test_an_outage_in_the_middle_is_told_and_ended_when_the_database_is_back(
    until: str, registry: MlflowRegistry, settings: Settings, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    acts = promotion(registry, settings, 2)
    while next(acts) != until:
        pass
    with gone(settings, postgres_url):
        with pytest.raises(RegistryDown) as told:
            list(acts)
        assert "CHURN_REGISTRY__URL" in told.value.mend
        assert (settings.folder / "champion" / INTENT).exists()
        with alone(settings), pytest.raises(RegistryDown):  # the next command, while it is still down
            heal(registry, settings)
        finish(settings)  # as each command does first: what needs no registry goes on
        assert "once the registry answers again" in capsys.readouterr().err
        assert (settings.folder / "champion" / INTENT).exists()
    with alone(settings):
        said = heal(registry, settings)
    assert said is not None
    expected = 1 if until == "intent" else 2
    record = json.loads((settings.folder / "champion" / "churn.json").read_text(encoding="utf-8"))
    lines = history.read(settings)
    assert (registry.champion(NAME), record["version"], lines[-1]["version"]) == (expected,) * 3
    assert len(lines) == expected
    assert kept_beside(registry, NAME) == {line["hash"][:12] for line in lines}
    assert history.faults(lines, settings, {"churn": record["history_hash"]}, kept_beside(registry, NAME)) == []
    assert champion.fetch(settings)["churn"].model_hash == record["model_hash"]
    assert not (settings.folder / "champion" / INTENT).exists()
