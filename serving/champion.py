"""The champions: from MLflow's alias `champion` to models this process can ask.

    registry: churn-<slug>@champion, reactivation-<slug>@champion --look--> models/<hash>/ --appoint, load--> Champion

`look` asks the registry and copies what may serve (serving/admission.py says what may). `churn serve` appoints it;
workers `load` what was appointed, when they start and when it changes. They need no MLflow, so they start fast, and
one that is started anew gets the model its siblings have. Start reading at `look`.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from churn import bundle as bundles
from churn.bundle import LABELS, Bundle
from churn.errors import NoChampion
from churn.explanation import Explainer
from churn.grade import in_answer
from churn.settings import Settings
from churn.treeshap import FAST_NODES, TreeShap
from features.atomic import write_json
from features.registry_place import may_exist, reach
from features.signing_key import key_of
from serving import archive
from serving.admission import BrokenModel, Held, admit, promoted, served_by_store
from serving.archive import BOOSTER, BUNDLE
from serving.champion_registry import UnreadableFiles, aliased, download

MODELS = tuple(LABELS)  # churn, reactivation
CHAMPIONS, SHADOWS = Path("serving") / "champions.json", Path("serving") / "shadows.json"


@dataclass(frozen=True)
class Champion:
    """One model, ready to be asked. Immutable; threads may share it."""

    version: str
    model_hash: str
    bundle: Bundle
    trees: TreeShap

    @cached_property
    def explainer(self) -> Explainer:
        """What tells its contributions as reasons."""
        return Explainer.of(self.bundle)

    @cached_property
    def graded(self) -> dict[str, dict[str, Any]]:
        """What its answers say of itself, by language."""
        return {one: in_answer(self.bundle.learner, self.bundle.grade, one) for one in ("en", "zh")}


@dataclass(frozen=True)
class Looked:
    """What the registry has: by model who may serve, and who has the alias and may not."""

    held: Mapping[str, Held]
    refused: Mapping[str, BrokenModel]


def fetch(settings: Settings) -> dict[str, Held]:
    """Copy the champions of a business from the registry; what is not registered is left out.

    Raises:
        NoChampion: neither model has one. BrokenModel: one is not what was promoted.
        RegistryDown: the registry does not answer.
    """
    found = look(settings)
    for error in found.refused.values():
        raise error
    if not found.held:
        raise NoChampion(settings.business.slug)
    return dict(found.held)


def look(settings: Settings, *, on_line: str | None = None) -> Looked:
    """Ask the registry for every champion, and copy those that may serve.

    Args:
        settings: whose.
        on_line: the features that the store holds; None: not asked about.

    Raises:
        RegistryDown: it does not answer.
    """
    held, refused = dict[str, Held](), dict[str, BrokenModel]()
    if not may_exist(settings):  # MLflow would make one
        return Looked(held, refused)
    reach(settings)
    for model in MODELS:
        number = aliased(settings, settings.model_name(model))
        if number is None:
            continue
        try:
            found = promoted(settings, model, number)
            copy_of(settings, found, vouched_for=model)
            served_by_store(found, on_line)
        except BrokenModel as error:
            refused[model] = error
        else:
            held[model] = found
    return Looked(held, refused)


def appoint(folder: Path, held: Mapping[str, Held], beside: Mapping[str, Held] | None = None) -> None:
    """Let the workers of the service load these, and those that score beside them."""
    for file, models in ((CHAMPIONS, held), (SHADOWS, beside or {})):
        write_json(folder / file, {model: asdict(one) for model, one in models.items()})


def load(settings: Settings, *, known: Mapping[str, Champion] | None = None) -> dict[str, Champion]:
    """The champions that were appointed, by model; each is held to the gate's verdict once more.

    Args:
        settings: whose.
        known: those that were loaded before, and need not be read again.

    Raises:
        NoChampion: none was appointed. BrokenModel: a copy has changed since, or the gate did not let it in.
    """
    held, known, key = appointed(settings.folder), known or {}, key_of(settings)
    if not held:
        raise NoChampion(settings.business.slug)
    exact, missing = settings.serving.exact_reasons, {model: one for model, one in held.items() if model not in known}
    new = read(settings.folder, missing, exact=exact)
    for model, one in new.items():
        admit(held[model], model, one.bundle, key)
    return {model: known.get(model) or new[model] for model in held}


def appointed(folder: Path, *, beside: bool = False) -> dict[str, Held]:
    """Who was appointed, or who scores beside them; nobody where that was never written, or cannot be read."""
    try:
        told = json.loads((folder / (SHADOWS if beside else CHAMPIONS)).read_text(encoding="utf-8"))
        return {model: Held(**one) for model, one in told.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):  # `churn serve` appoints anew
        return {}


def intact(settings: Settings, model: str, held: Held) -> bool:
    """Whether the copy of an appointed champion is what was promoted, and may serve; reads no tree."""
    try:
        _, bundle = _texts(archive.folder_of(settings.folder, held.model_hash), held.version, held.model_hash)
        admit(held, model, bundle, key_of(settings))
    except BrokenModel:
        return False
    return True


def read(folder: Path, held: Mapping[str, Held], *, exact: bool = False) -> dict[str, Champion]:
    """Champions from their copies, by model; `exact` as `read_champion` has it.

    Raises:
        BrokenModel: a copy has changed since.
    """
    return {
        model: read_champion(
            archive.folder_of(folder, one.model_hash), version=one.version, model_hash=one.model_hash, exact=exact
        )
        for model, one in held.items()
    }


def read_champion(folder: Path, *, version: str, model_hash: str, exact: bool = False) -> Champion:
    """A champion from the folder that holds its booster and bundle.

    Args:
        folder: where.
        version: its registered name and version.
        model_hash: of what was promoted.
        exact: contributions to 1e-9 log-odds, `[serving] exact_reasons`; else within 3e-6, and faster.

    Raises:
        BrokenModel: a file is missing, or they have another hash.
        BundleError, UnreadableTrees: their content cannot be used.
    """
    booster, bundle = _texts(folder, version, model_hash)
    return Champion(
        version, model_hash, Bundle.from_json(bundle), TreeShap.from_text(booster, nodes=None if exact else FAST_NODES)
    )


def _texts(folder: Path, version: str, expected: str) -> tuple[str, str]:
    found = {name: list(folder.rglob(name)) for name in (BOOSTER, BUNDLE)}
    for name, paths in found.items():
        if len(paths) != 1:
            raise BrokenModel(version, f"it has {len(paths)} files {name}")
    booster, bundle = (found[name][0].read_text(encoding="utf-8") for name in (BOOSTER, BUNDLE))
    actual = bundles.model_hash(bundle, booster)
    if actual != expected:
        raise BrokenModel(version, f"it was registered as {expected[:12]} and is {actual[:12]}")
    return booster, bundle


def copy_of(settings: Settings, held: Held, *, vouched_for: str | None = None) -> None:
    """Copy a version from the registry into the archive, held to its hash.

    Args:
        settings: whose.
        held: which.
        vouched_for: as a champion of which model; None: it answers nobody, and needs no verdict.

    Raises:
        BrokenModel: its files are missing, or others. RefusedVersion: the gate did not let it in.
    """
    name, _, number = held.version.rpartition("/")
    with tempfile.TemporaryDirectory() as scratch:
        try:
            downloaded = download(settings.registry_uri, name, number, scratch)
        except UnreadableFiles as error:
            raise BrokenModel(held.version, f"its files cannot be read ({error})", "unreadable_files") from error
        booster, bundle = _texts(downloaded, held.version, held.model_hash)
    if vouched_for:
        admit(held, vouched_for, bundle, key_of(settings))
    archive.keep(settings, held.version, held.model_hash, booster, bundle)
