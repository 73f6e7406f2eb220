"""`churn mlflow` and `churn reproduce`: MLflow's own pages on the right store, and a model made again.

MLflow runs as a process of its own on loopback, without usage reports and without the job workers that nobody here
asks for (they take more than a gigabyte). The address of the store goes to it by its environment: a command line, which
every process of the machine may read, holds no secret.
"""

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from cli.console import say, step
from cli.outcome import Outcome
from cli.started import say_when_up

if TYPE_CHECKING:
    from churn.settings import Settings

HOST = "127.0.0.1"
ENDED = (0, -15, -2)  # by itself, or by whoever asked it to


def mlflow(settings: "Settings", *, port: int) -> int:
    """Run MLflow's pages until somebody ends them.

    Args:
        settings: whose runs and models.
        port: of this machine; 0: any free one.

    Raises:
        NoChallenger: nothing was trained yet. RegistryDown: the store does not answer. PortTaken: the port is.
    """
    from cli.server import end_with_us, free_port
    from features.registry_place import may_exist, shown
    from training.registry import MlflowRegistry
    from training.versions import NoChallenger

    if not may_exist(settings):
        raise NoChallenger(settings.model_name("churn"))
    with step("opening the model registry"):
        MlflowRegistry(settings)
    port = free_port(HOST, port, "churn mlflow")
    say(f"  store {shown(settings.registry_uri)}, files in {shown(settings.registry_artifacts)}")
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"]
    pages = subprocess.Popen(command, env=environment(settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end_with_us(pages)
    url = f"http://{HOST}:{port}"
    say_when_up(pages, f"{url}/health", f"MLflow on {url}/ (Ctrl-C ends it)")
    return 0 if pages.wait() in ENDED else 1


def environment(settings: "Settings") -> dict[str, str]:
    """What MLflow's server is told: where the store is, and nothing to anybody else."""
    return os.environ | {
        "MLFLOW_BACKEND_STORE_URI": settings.registry_uri,
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": settings.registry_artifacts,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }


def reproduce(settings: "Settings", model: str, version: int | None) -> Outcome:
    """Make a version again from its manifest; the newest where none is named.

    Raises:
        NotReproduced: it is another model.
    """
    from features.engines import engine_of
    from features.registry_place import may_exist
    from training.registry import MlflowRegistry
    from training.reproduce import reproduce as make_again
    from training.versions import NoChallenger

    name = settings.model_name(model)
    if not may_exist(settings):
        raise NoChallenger(name)
    registry = MlflowRegistry(settings)
    number = version or registry.latest(name)
    if number is None:
        raise NoChallenger(name)
    with engine_of(settings) as engine:
        made = make_again(name, number, registry, settings, progress=lambda text: say(f"  {text}"), engine=engine)
    lines = [f"{name} version {number} was made again from its manifest: the same hash, {made.model_hash[:12]}."]
    if made.differ:
        lines.append(f"Other than then, without a difference: {', '.join(made.differ)}.")
    as_json = {"name": name, "version": number, "model_hash": made.model_hash, "differ": made.differ}
    return Outcome("\n".join(lines), as_json)
