"""The archive of models: whoever answered, kept as they were, so that an answer of the past can be made again.

    models/<model_hash>/    booster.txt, bundle.json, and archived.json: what they were when they were kept

A copy is made when a champion or a challenger in shadow is fetched, and never changed by another that comes to serve;
`churn prune` takes it by `[retention] models_days`. `archived.json` holds a digest of each file, what the features were
made of and what churn meant, so that features can be computed again when snapshot and settings are gone or others.
Knows no registry. Start reading at `keep`.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from churn.bundle import model_hash as hash_of
from churn.settings import Settings
from features.atomic import whole_folder, write_json, write_text
from features.snapshots import MANIFEST_FILE, SHORT
from features.tombstones import standing

FOLDER = Path("models")
BOOSTER, BUNDLE, NOTE = "booster.txt", "bundle.json", "archived.json"
FILES = (BOOSTER, BUNDLE)
HASH = re.compile(r"[0-9a-f]{64}")
OF_FEATURES = ("hash", "alive", "settings")  # of a manifest's feature_set: what makes it again


@dataclass(frozen=True)
class Archived:
    """A model as the archive holds it.

    Args:
        folder: where.
        note: what archived.json says; empty where it cannot be read.
        altered: its files that are not what they were; all of them and more where their hash is not the model's.
    """

    folder: Path
    note: Mapping[str, Any]
    altered: tuple[str, ...]

    @property
    def learned(self) -> Mapping[str, Any] | None:
        """What its features were made of (`feature_set`) and what churn meant (`lifecycle`); None: nobody noted it."""
        return self.note.get("learned")


def folder_of(folder: Path, model_hash: str) -> Path:
    """Where the copy of a model lies, in the artifacts of a business."""
    return folder / FOLDER / model_hash


def keep(settings: Settings, version: str, model_hash: str, booster: str, bundle: str) -> Path:
    """Archive a model whose texts were held to their hash; where that was done before, only note that it was used.

    A copy that has changed since is put right: these texts are the ones that were promoted.

    Args:
        settings: whose.
        version: registered name and version.
        model_hash: of both texts.
        booster: the trees as text.
        bundle: the rest of the model.
    """
    target, texts = folder_of(settings.folder, model_hash), {BOOSTER: booster, BUNDLE: bundle}
    digests = {name: _digest(text.encode()) for name, text in texts.items()}
    if not target.exists():
        with whole_folder(target) as copy:
            for name, text in texts.items():
                (copy / name).write_text(text, encoding="utf-8")
            write_json(copy / NOTE, _note(settings, version, model_hash, digests, json.loads(bundle)))
    for name, text in texts.items():
        if _digest_of(target / name) != digests[name]:
            write_text(target / name, text)
    held = look(settings.folder, model_hash)
    if held is None or not held.learned or held.note.get("files") != digests:
        write_json(target / NOTE, _note(settings, version, model_hash, digests, json.loads(bundle)))
    os.utime(target / NOTE)  # when it was last fetched: what retention counts from
    return target


def look(folder: Path, model_hash: str) -> Archived | None:
    """What the archive holds of a model; None where it was never there, or was pruned.

    Args:
        folder: the artifacts of the business.
        model_hash: as an answer names it.
    """
    place = folder_of(folder, model_hash)
    if not place.is_dir():
        return None
    note = _read(place / NOTE)
    told = note.get("files")
    digests = told if isinstance(told, dict) else {}
    altered = [name for name in FILES if name in digests and _digest_of(place / name) != digests[name]]
    if not altered and _hash_of(place) != model_hash:
        altered = list(FILES)
    return Archived(place, note, tuple(altered))


def copies(folder: Path) -> list[Path]:
    """The folders of all models of the archive; whatever else lies there (a registry's files, say) is none."""
    return sorted(path for path in (folder / FOLDER).glob("*") if HASH.fullmatch(path.name))


def every(folder: Path) -> Iterator[Archived]:
    """All models of the archive, by their notes alone: nothing is held to its hash."""
    for place in copies(folder):
        yield Archived(place, _read(place / NOTE), ())


def learned_of(settings: Settings, held: Archived) -> Mapping[str, Any] | None:
    """What the features of an archived model were made of, by its snapshot; None where that is gone."""
    bundle = _read(held.folder / BUNDLE)
    return _learned(settings, bundle) if {"snapshot_hash", "feature_set_hash"} <= bundle.keys() else None


def last_used(place: Path) -> datetime:
    """When a model was last fetched to serve or to score."""
    note = place / NOTE
    return datetime.fromtimestamp((note if note.exists() else place).stat().st_mtime, UTC)


def _note(
    settings: Settings, version: str, model_hash: str, digests: Mapping[str, str], bundle: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "version": version,
        "model_hash": model_hash,
        "archived_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": dict(digests),
        "learned": _learned(settings, bundle),
        "record": _read(settings.folder / "champion" / f"{bundle['model']}.json") or None,
    }


def _learned(settings: Settings, bundle: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the features of a model were made of, from its snapshot's manifest; None where that is gone."""
    snapshot = settings.folder / "snapshots" / str(bundle["snapshot_hash"])[:SHORT]
    manifest = _read(standing(snapshot) / MANIFEST_FILE)
    told = manifest.get("feature_set")
    if not isinstance(told, dict) or told.get("hash") != bundle["feature_set_hash"]:
        return None
    return {
        "feature_set": {name: told[name] for name in OF_FEATURES if name in told},
        "lifecycle": manifest["definition"],
    }


def _hash_of(place: Path) -> str | None:
    try:
        return hash_of(*((place / name).read_text(encoding="utf-8") for name in (BUNDLE, BOOSTER)))
    except (OSError, ValueError):
        return None


def _digest_of(path: Path) -> str | None:
    try:
        return _digest(path.read_bytes())
    except FileNotFoundError:
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
