"""MLflow down in mid-run, and several trainings at once: clear errors, no half version, the champion as it was."""

import multiprocessing
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from churn.bundle import Bundle
from churn.model_sections import ModelRegistry
from churn.settings import Settings
from cli.settings import settings as settings_told
from features.registry_place import RegistryDown, may_exist, reach, shown
from serving import champion
from tests import tiny_service
from tests.command_line import files_no_longer_than
from training.registry import MlflowRegistry, MovedArtifacts
from training.registry_words import UnusableArtifacts
from training.versions import Files, Version

pytestmark = pytest.mark.slow

NAME = "churn-tiny"
DEAD = "postgresql://churn:very-secret@127.0.0.1:1/none"


def model() -> tuple[Bundle, str]:
    booster, bundle = tiny_service.texts("churn")
    return Bundle.from_json(bundle), booster


def register(settings: Settings, registry: MlflowRegistry | None = None) -> Version:
    """One training's worth of registry: a run above, the model below it."""
    registry = registry or MlflowRegistry(settings)
    bundle, booster = model()
    with registry.together("train"):
        return registry.register(NAME, bundle, booster, {"results": [], "params": {}}, Files({"card.md": "a card"}))


@pytest.fixture
def sqlite(tmp_path: Path) -> Settings:
    return tiny_service.settings(tmp_path)


@pytest.fixture
def postgres(tmp_path: Path, postgres_database: str) -> Settings:
    usual = tiny_service.settings(tmp_path)
    return usual.model_copy(update={"registry": ModelRegistry(url=postgres_database, artifacts=str(tmp_path / "far"))})


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.server)])
def settings(request: pytest.FixtureRequest) -> Settings:
    found: Settings = request.getfixturevalue(request.param)
    return found


def train_apart(settings: str, into: Any) -> None:
    """What each of several processes does that meet a database nobody has opened yet."""
    into.put(register(Settings.model_validate_json(settings)).version)


@pytest.mark.parametrize("at_once", [2, pytest.param(6, marks=pytest.mark.nightly)])
def test_trainings_at_once_on_a_new_database_each_get_a_version(at_once: int, settings: Settings) -> None:
    spawn = multiprocessing.get_context("spawn")
    into = spawn.Queue()
    processes = [spawn.Process(target=train_apart, args=(settings.model_dump_json(), into)) for _ in range(at_once)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=300)
    assert [process.exitcode for process in processes] == [0] * at_once
    assert sorted(into.get() for _ in processes) == list(range(1, at_once + 1))
    registry = MlflowRegistry(settings)
    assert registry.newest(NAME).hash == registry.get(NAME, 1).hash
    assert registry.challenger(NAME) in range(1, at_once + 1)
    runs = registry.client.search_runs([registry.runs.experiment])
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len(runs) == 2 * at_once


@pytest.mark.server
def test_serving_reads_the_registry_that_the_settings_name(postgres: Settings) -> None:
    registry = MlflowRegistry(postgres)
    version = register(postgres, registry)
    registry.crown(NAME, version.version)
    tiny_service.let_in(postgres, "churn", version.version, *tiny_service.texts("churn"))
    assert champion.fetch(postgres)["churn"].model_hash == version.hash
    assert not (postgres.folder / "mlflow.db").exists()
    assert list((Path(postgres.registry_artifacts.removeprefix("file://"))).rglob("booster.txt"))


@pytest.mark.server
def test_a_server_that_ends_our_sessions_is_asked_anew(postgres: Settings, postgres_url: str) -> None:
    """A restart of PostgreSQL between two steps of a training is not noticed."""
    registry = MlflowRegistry(postgres)
    database = postgres.registry_uri.rpartition("/")[2]
    with registry.together("train"), psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,))
        bundle, booster = model()
        assert registry.register(NAME, bundle, booster, {}, Files()).version == 1


@pytest.fixture
def gone(postgres: Settings, postgres_url: str) -> Iterator[MlflowRegistry]:
    """A registry with a champion whose database is taken away in mid-run, and comes back."""
    registry = MlflowRegistry(postgres)
    registry.crown(NAME, register(postgres, registry).version)
    database = postgres.registry_uri.rpartition("/")[2]
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,))
        yield registry
        admin.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
        assert registry.champion(NAME) == registry.latest(NAME) == 1


@pytest.mark.server
def test_a_database_that_is_gone_in_mid_run_is_told(gone: MlflowRegistry, postgres: Settings) -> None:
    bundle, booster = model()
    for asked in (
        lambda: gone.register(NAME, bundle, booster, {}, Files()),
        lambda: gone.newest(NAME),
        lambda: gone.champion(NAME),
        lambda: gone.crown(NAME, 1),
        lambda: gone.annotate(NAME, 1, tags={"gate": "passed"}),
        lambda: MlflowRegistry(postgres),
        lambda: champion.fetch(postgres),
    ):
        with pytest.raises(RegistryDown) as told:
            asked()
        assert "CHURN_REGISTRY__URL" in told.value.mend
        assert "goes on serving" in told.value.mend


def test_a_server_that_is_not_there_is_told_at_once_and_without_the_secret(tmp_path: Path) -> None:
    settings = tiny_service.settings(tmp_path).model_copy(update={"registry": ModelRegistry(url=DEAD)})
    assert may_exist(settings)
    for ask in (MlflowRegistry, reach, champion.fetch):
        with pytest.raises(RegistryDown) as told:
            ask(settings)
        assert "127.0.0.1:1" in str(told.value)
        assert "very-secret" not in str(told.value)
    assert shown(settings.registry_uri) == "postgresql+psycopg://churn:***@127.0.0.1:1/none"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://churn:mellon@db/models",
        "postgresql+psycopg://churn:open@mellon@db/models",  # the @ should have been %40
        "postgresql+psycopg://db/models?user=churn&password=mellon&sslmode=require",
        "postgresql+psycopg://db/models?sslpassword=mellon",
    ],
)
def test_no_form_of_a_secret_in_a_url_is_shown(url: str, tmp_path: Path) -> None:
    settings = tiny_service.settings(tmp_path).model_copy(update={"registry": ModelRegistry(url=url)})
    outcome = settings_told(settings)
    for text in (shown(url), str(RegistryDown(settings, f"no {url}")), outcome.text, str(outcome.as_json)):
        assert "mellon" not in text
        assert "db/models" in text or "@db" in text


def _unchanged(settings: Settings) -> None:
    registry = MlflowRegistry(settings)
    assert registry.champion(NAME) == registry.latest(NAME) == 1
    assert registry.get(NAME, 1).booster == model()[1]
    assert len(registry.client.search_model_versions(f"name = '{NAME}'")) == 1


def test_a_folder_that_may_not_be_written_leaves_no_half_version(sqlite: Settings) -> None:
    registry = MlflowRegistry(sqlite)
    registry.crown(NAME, register(sqlite, registry).version)
    files = sqlite.folder / "mlruns"
    moved = files.rename(files.with_name("aside"))
    files.write_text("a file where the folder should be")  # as root, a folder without permissions may be written
    try:
        with pytest.raises(UnusableArtifacts) as told:
            register(sqlite, registry)
    finally:
        files.unlink()
        moved.rename(files)
    assert "[registry] artifacts" in told.value.mend
    _unchanged(sqlite)


def test_a_disk_that_is_full_leaves_no_half_version(sqlite: Settings) -> None:
    registry = MlflowRegistry(sqlite)
    registry.crown(NAME, register(sqlite, registry).version)
    with files_no_longer_than(1024), pytest.raises((UnusableArtifacts, RegistryDown)):
        register(sqlite, registry)
    _unchanged(sqlite)


def test_a_version_without_its_hash_is_none(sqlite: Settings) -> None:
    """As a program of another hand, or an older one that was killed, would leave it."""
    registry = MlflowRegistry(sqlite)
    register(sqlite, registry)
    registry.client.create_model_version(NAME, "file:///nowhere")
    assert registry.latest(NAME) == 1
    assert registry.newest(NAME).version == 1


def test_runs_that_a_kill_left_open_are_ended_by_the_next(sqlite: Settings) -> None:
    registry = MlflowRegistry(sqlite)
    with registry.together("train"):
        (run,) = registry.client.search_runs([registry.runs.experiment])
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        registry.client.set_tag(run.info.run_id, "process", f"{gone.pid}@{socket.gethostname()}")
        other = MlflowRegistry(sqlite)
        with other.together("train"):
            status = {
                one.info.run_id: one.info.status for one in registry.client.search_runs([registry.runs.experiment])
            }
    assert status.pop(run.info.run_id) == "KILLED"
    assert set(status.values()) == {"RUNNING"}, "who lives is left alone"


def test_artifacts_do_not_move_silently(sqlite: Settings, tmp_path: Path) -> None:
    MlflowRegistry(sqlite)
    moved = sqlite.model_copy(update={"registry": ModelRegistry(artifacts=str(tmp_path / "other"))})
    with pytest.raises(MovedArtifacts) as told:
        MlflowRegistry(moved)
    assert "set [registry] artifacts back" in told.value.mend
