"""What `churn serve` last saw of the registry, as its workers tell it: when it was asked, and whom it refuses.

    serving/registry.json    written by serving/registry_watch.py, read for /readyz and the meters

Start reading at `RegistryState`.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Gauge

from features.atomic import write_json
from serving.admission import BrokenModel

FILE = Path("serving") / "registry.json"


@dataclass(frozen=True)
class Refused:
    """A version that has the alias and does not serve, and why."""

    model: str
    version: str
    reason: str
    problem: str
    mend: str

    @classmethod
    def of(cls, model: str, error: BrokenModel) -> "Refused":
        """The refusal of a version."""
        return cls(model, error.version, error.reason, error.problem, error.mend)


@dataclass(frozen=True)
class RegistryState:
    """What is known of the registry.

    Args:
        checked_at: when it last answered, by the wall clock; None where it never did.
        problem: the code of what keeps it from answering now; None while it does.
        refused: versions that have the alias and do not serve.
    """

    checked_at: datetime | None = None
    problem: str | None = None
    refused: tuple[Refused, ...] = ()

    def write(self, folder: Path) -> None:
        """Tell the workers."""
        told = asdict(self) | {"checked_at": self.checked_at and self.checked_at.isoformat(timespec="seconds")}
        write_json(folder / FILE, told)

    def told(self) -> dict[str, Any]:
        """As `/readyz` has it."""
        return {
            "answers": self.problem is None and self.checked_at is not None,
            "problem": self.problem,
            "champion_checked_at": self.checked_at.isoformat() if self.checked_at else None,
            "refused": [{"model": one.model, "version": one.version, "reason": one.reason} for one in self.refused],
        }


def read(folder: Path) -> RegistryState:
    """What was told last; nothing where nobody told."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        at = told["checked_at"] and datetime.fromisoformat(told["checked_at"]).astimezone(UTC)
        return RegistryState(at, told["problem"], tuple(Refused(**one) for one in told["refused"]))
    except (OSError, ValueError, KeyError, TypeError):
        return RegistryState()


class RegistryMeters:
    """The meters of the registry, as one worker tells them.

    Args:
        registry: of Prometheus.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._refused = Gauge(
            "churn_refused_versions", "Versions that have the alias and do not serve, by the reason.",
            ["model", "reason"], registry=registry, multiprocess_mode="livemax",
        )  # fmt: skip
        self._up = Gauge(
            "churn_registry_up", "Whether the registry of models answers `churn serve`.", registry=registry,
            multiprocess_mode="livemin",
        )  # fmt: skip
        self._checked = Gauge(
            "churn_champion_checked_timestamp_seconds", "When the registry last said who is champion.",
            registry=registry, multiprocess_mode="livemax",
        )  # fmt: skip
        self._told = set[tuple[str, str]]()

    def tell(self, state: RegistryState) -> None:
        """Say what is known."""
        refused = {(one.model, one.reason) for one in state.refused}
        for labels in self._told | refused:
            self._refused.labels(*labels).set(labels in refused)
        self._told |= refused
        self._up.set(state.problem is None and state.checked_at is not None)
        if state.checked_at:
            self._checked.set(state.checked_at.timestamp())
