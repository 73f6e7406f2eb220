"""What a model was made from and with: enough to make it again, bit by bit, and to tell who made it.

Reads a challenger, the settings and the environment; returns JSON. `churn reproduce` goes by it. Start at `manifest`.
"""

import getpass
import hashlib
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from churn.settings import Settings
from features.provenance import made_by
from features.snapshots import Snapshot
from training.challenger import Challenger
from training.learning import recipe_for
from training.tuned import read_tuned

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "all.lock"
SECTIONS = ("definition", "stages", "features", "training", "costs", "cluster", "fairness")  # what a model depends on
MANIFEST = "manifest.json"
OPTED_OUT = "opted_out_customers"


def manifest(challenger: Challenger, settings: Settings) -> dict[str, Any]:
    """What a challenger was made from.

    Returns:
        model_hash; snapshots by role (hash, path, rows, cutoffs, observed_until, log_hash); settings (the sections that
        a model depends on); seed; recipe, the learner's parameters, and how they were found (`tuned`; null: they are
        the fixed ones); params; environment (see `environment`).
    """
    return {
        "model": challenger.model,
        "model_hash": challenger.hash,
        "snapshots": snapshots(challenger, settings),
        "settings": _learned_by(settings),
        "business": settings.business.model_dump(include={"slug", "timezone", "clock"}),
        "seed": settings.training.seed,
        "recipe": asdict(recipe_for(challenger.model, challenger.train, settings)),
        "tuned": tuned(challenger, settings),
        "params": json.loads(json.dumps(challenger.params, default=str)),
        "environment": environment(),
    }


def snapshots(challenger: Challenger, settings: Settings) -> dict[str, dict[str, Any]]:
    """The snapshots of a challenger by role: whole (where there is one), train, test."""
    roles = {"whole": challenger.whole, "train": challenger.train, "test": challenger.test}
    return {role: _told(one, settings) for role, one in roles.items() if one is not None}


def is_of(told: Mapping[str, Any], frozen: Mapping[str, Snapshot], settings: Settings) -> bool:
    """Whether a manifest tells what a training would make now: of the same snapshots, by the same settings and program.

    Args:
        told: the manifest of a version.
        frozen: snapshots by role.
        settings: whose.
    """
    hashes = {role: one["hash"] for role, one in told.get("snapshots", {}).items()}
    made = told.get("environment", {})
    return (
        hashes == {role: one.hash for role, one in frozen.items()}
        and told.get("settings") == _learned_by(settings)
        and all(made.get(name) == now for name, now in made_by().items())
    )


def tuned(challenger: Challenger, settings: Settings) -> dict[str, Any] | None:
    """How the recipe of a challenger was found: trials, and log losses of the best and the fixed; None: it is fixed."""
    found, train = read_tuned(settings.folder, challenger.model), challenger.train
    if found is None or not found.fits(settings.definition.id, known_until=train.observed_until):
        return None
    return {"trials": found.trials, "snapshot_hash": found.snapshot_hash, "found": found.found}


def tags(told: Mapping[str, Any]) -> dict[str, str]:
    """What versions are looked for by, from their manifest."""
    made = told["environment"]
    marked = {f"{role}_snapshot": one["hash"] for role, one in told["snapshots"].items()}
    named = {name: str(made[name]) for name in ("commit", "dirty", "lock_hash", "packages_hash", "who")}
    return {**marked, **named, "seed": str(told["seed"])}


@lru_cache(maxsize=1)
def environment() -> dict[str, Any]:
    """By whom and with what a model is made here.

    Returns:
        version and commit of this project, dirty (the checkout differs from it; null where there is none), lock_hash
        (of requirements/all.lock), packages and packages_hash, python, machine, who.
    """
    packages = {one.metadata["Name"]: one.version for one in distributions()}
    listed = dict(sorted(packages.items()))
    return {
        **made_by(),
        "dirty": _dirty(),
        "lock_hash": hashlib.sha256(LOCK.read_bytes()).hexdigest() if LOCK.exists() else None,
        "packages": listed,
        "packages_hash": hashlib.sha256(json.dumps(listed).encode()).hexdigest(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "who": account(),
    }


def _learned_by(settings: Settings) -> dict[str, Any]:
    sections: dict[str, Any] = json.loads(settings.model_dump_json(include=set(SECTIONS)))
    return sections


def _told(snapshot: Snapshot, settings: Settings) -> dict[str, Any]:
    said = snapshot.manifest
    return {
        "hash": snapshot.hash,
        "path": str(snapshot.path.absolute().relative_to(settings.folder)),
        "rows": len(snapshot),
        **({OPTED_OUT: said[OPTED_OUT]} if OPTED_OUT in said else {}),
        **{key: said[key] for key in ("cutoffs", "observed_until", "log_hash")},
    }


def _dirty() -> bool | None:
    """Whether the checkout that runs differs from its commit."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return None
    command = [git, "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no"]
    return bool(subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip())


def account() -> str:
    """Who runs this: the account's name, or its number in a container that has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
