"""Make a registered model again from its manifest: same snapshots, same settings, same seed; the hash must be the same.

Reads the manifest that lies beside the version and the snapshots that it names; registers nothing. Start reading at
`reproduce`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from churn.errors import DataError
from churn.settings import Settings
from features.parts import HERE, Engine
from features.snapshots import Snapshot, read_snapshot
from features.tombstones import standing
from training.challenger import Model, train
from training.manifest import MANIFEST, SECTIONS, environment
from training.recipe import Recipe
from training.treated import KEPT
from training.versions import Registry


class NoManifest(DataError):
    """A version was registered before models had manifests."""

    def __init__(self, name: str, version: int) -> None:
        super().__init__(
            f"{name} version {version} has no manifest, so nobody can say what to make it from.",
            mend="train again: `churn train`; every model has had one since.",
        )


class SnapshotOfAnother(DataError):
    """A snapshot that a model stands on is no longer what it was."""

    def __init__(self, role: str, *, found: str, wanted: str) -> None:
        super().__init__(
            f"The {role} snapshot of the model has the hash {found[:12]} now; it learned from {wanted[:12]}.",
            mend="put the snapshot back from a backup; where a customer was forgotten since, the model cannot be made "
            "again: `churn retrain` makes one without them.",
        )


class NotReproduced(DataError):
    """A model that was made again from its manifest is another one."""

    def __init__(self, name: str, version: int, *, found: str, wanted: str, differ: Mapping[str, Any]) -> None:
        told = "; ".join(f"{what}: {was} then, {now} now" for what, (was, now) in differ.items())
        super().__init__(
            f"{name} version {version} has the hash {wanted[:12]}; made again it has {found[:12]}.",
            mend=f"make it where these are as they were: {told}."
            if told
            else "the environment is the same: report it as a fault, with both manifests.",
        )


@dataclass(frozen=True)
class Reproduced:
    """A model that was made again, and is the same.

    Args:
        name, version: which. model_hash: what both have.
        differ: what is not as it was and did not matter: then and now, by name.
    """

    name: str
    version: int
    model_hash: str
    differ: dict[str, tuple[Any, Any]]


def reproduce(
    name: str,
    version: int,
    registry: Registry,
    settings: Settings,
    *,
    progress: Callable[[str], None] = lambda _text: None,
    engine: Engine = HERE,
) -> Reproduced:
    """Make a version again.

    Args:
        name: registered name.
        version: its number.
        registry: where it is.
        settings: whose; what the manifest says of definition, features and training goes before them.
        progress: told what is going on.
        engine: where the trees grow.

    Raises:
        NoChallenger: there is no such version. NoManifest: it is older than manifests.
        NoSnapshot, ErasedSnapshot, ChangedSnapshot, SnapshotOfAnother: what it learned from is gone or another.
        NotReproduced: it is another model.
    """
    text = registry.annotation(name, version, MANIFEST)
    if text is None:
        raise NoManifest(name, version)
    told = json.loads(text)
    then = _settings(settings, told)
    read = {role: _snapshot(role, one, settings) for role, one in told["snapshots"].items()}
    model = cast("Model", told["model"])
    recipe = _recipe(told)
    made = train(
        model,
        read["train"],
        read["test"],
        then,
        whole=read.get("whole"),
        recipe=recipe,
        progress=progress,
        engine=engine,
    )
    differ = _differ(told["environment"])
    if made.hash != told["model_hash"]:
        raise NotReproduced(name, version, found=made.hash, wanted=told["model_hash"], differ=differ)
    return Reproduced(name, version, made.hash, differ)


def recipe_of(registry: Registry, name: str, version: int) -> Recipe | None:
    """The recipe that a version was fitted with; None where its manifest, or the version, is older than that."""
    text = registry.annotation(name, version, MANIFEST)
    return None if text is None else _recipe(json.loads(text))


def settings_of(registry: Registry, name: str, version: int, settings: Settings) -> Settings:
    """The settings with the sections that a version depends on as they were; as they are where it has no manifest."""
    text = registry.annotation(name, version, MANIFEST)
    return settings if text is None else _settings(settings, json.loads(text))


def _recipe(told: Mapping[str, Any]) -> Recipe | None:
    return Recipe(**told["recipe"]) if "recipe" in told else None


def _settings(settings: Settings, told: Mapping[str, Any]) -> Settings:
    """The settings with the sections that the model depends on as they were; threads and cluster as they are."""
    sections: dict[str, Any] = {}
    then = told["settings"] | {
        "training": {"treated_rows": KEPT} | told["settings"]["training"]
    }  # so before it was told
    for name in set(SECTIONS) & set(then):
        kind = type(getattr(settings, name))
        sections[name] = kind.model_validate(then[name])
    business = settings.business.model_copy(update=told["business"])
    return settings.model_copy(update=sections | {"business": business})


def _snapshot(role: str, about: Mapping[str, Any], settings: Settings) -> Snapshot:
    found = read_snapshot(standing(settings.folder / about["path"]))
    if found.hash != about["hash"]:
        raise SnapshotOfAnother(role, found=found.hash, wanted=about["hash"])
    return found


def _differ(then: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What of the environment is not as it was."""
    now = environment()
    plain = {
        key: (then.get(key), now[key])
        for key in ("version", "commit", "python", "machine", "lock_hash")
        if then.get(key) != now[key]
    }
    packages = {
        name: (then["packages"].get(name), now["packages"].get(name))
        for name in sorted({*then["packages"], *now["packages"]})
        if then["packages"].get(name) != now["packages"].get(name)
    }
    return plain | packages
