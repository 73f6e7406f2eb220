"""Who may serve: the version that has the alias, if promotion let in exactly it and the store holds its features.

    alias, champion/<model>.json, its signed verdict, its files, the features on line --admit--> Held, or RefusedVersion

A promotion, a rollback and a return come through this one door, and nothing else does: not an alias moved by hand, a
changed file, a verdict of another artifact or a forged one. Start reading at `promoted` and `admit`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churn.bundle import Bundle
from churn.errors import ChurnError, DataError
from churn.settings import Settings
from churn.warrant import Artifact, Warrant, fault
from features.current_file import NoCurrent, read_manifest

GO_BACK = "go back to the champion before it (`churn rollback`), or train and promote again."
MENDS = {
    "no_verdict": "let it pass the gate: `churn promote`; an alias set by hand serves nobody.",
    "no_key": "put champion/verdicts.key, or the file of [gate] signing_key_file, back from a backup.",
    "alias_moved": "ask who moved it (`churn history --verify`); `churn rollback` or `churn promote` sets it again.",
    "forged_verdict": "find out who wrote it and whether the key has changed (`churn history --verify`), then let "
    "the version pass the gate again: `churn promote`.",
    "verdict_of_another": "find out who changed it (`churn history --verify`), then promote again: `churn promote`.",
    "other_features": "write its features on line: `churn features materialise`.",
    "changed_artifact": GO_BACK,
    "unreadable_files": "see that the place of the registry's files answers ([registry] artifacts), or " + GO_BACK,
}


class BrokenModel(DataError):
    """A registered model is not what was promoted: files are missing or have changed."""

    def __init__(self, version: str, fault: str, reason: str = "changed_artifact") -> None:
        super().__init__(
            f"The champion {version} cannot be served: {fault}.", mend=MENDS.get(reason, MENDS["no_verdict"])
        )
        self.version, self.reason = version, reason


class RefusedVersion(BrokenModel):
    """A version has the alias, and the gate did not let in exactly it; or the store holds other features."""


class NobodyAdmitted(ChurnError):
    """Versions have the alias, and none of them may serve."""

    exit_code = 13

    def __init__(self, business: str, refused: Mapping[str, BrokenModel]) -> None:
        mends = dict.fromkeys(error.mend for error in refused.values())
        super().__init__(
            f"No champion of {business!r} may serve. " + " ".join(error.problem for error in refused.values()),
            mend=" ".join(mends),
        )


@dataclass(frozen=True)
class Held:
    """A model that may serve: under which name it was registered, its hash, and the word that let it in."""

    version: str
    model_hash: str
    warrant: Warrant | None = None


def promoted(settings: Settings, model: str, number: int) -> Held:
    """The version that has the alias, as `churn promote` wrote it down.

    Raises:
        RefusedVersion: promote wrote down nothing, or another.
    """
    name, record = settings.model_name(model), settings.folder / "champion" / f"{model}.json"
    version = f"{name}/{number}"
    try:
        written = json.loads(record.read_text(encoding="utf-8"))
        held = Held(f"{written['name']}/{written['version']}", str(written["model_hash"]), written.get("warrant"))
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefusedVersion(version, f"{record.name} of its promotion cannot be read", "no_verdict") from error
    if held.version != version:
        why = f"the alias was not set by `churn promote`, which promoted {held.version}"
        raise RefusedVersion(version, why, "alias_moved")
    return held


def admit(held: Held, model: str, bundle: str | Bundle, key: bytes | None) -> None:
    """Let in a version whose files have its hash.

    Args:
        held: it, with the verdict that came with it.
        model: churn or reactivation.
        bundle: its own, as text or as read.
        key: the gate's.

    Raises:
        RefusedVersion: the gate did not let in exactly this artifact.
    """
    told: Mapping[str, Any] = json.loads(bundle) if isinstance(bundle, str) else vars(bundle)
    name, _, number = held.version.rpartition("/")
    artifact = Artifact(
        model, name, int(number), held.model_hash, str(told["feature_set_hash"]), str(told["definition_id"])
    )
    found = fault(held.warrant, key, artifact)
    if found is None and told["model"] != model:
        raise RefusedVersion(held.version, f"it is a {told['model']} model", "verdict_of_another")
    if found is not None:
        raise RefusedVersion(held.version, found.why, found.code)


def served_by_store(held: Held, on_line: str | None) -> None:
    """See that the on-line store holds exactly the features that a version reads.

    Args:
        held: it; its warrant names them.
        on_line: the set that was written on line last; None where rows come from elsewhere: then each row tells.

    Raises:
        RefusedVersion: it holds others.
    """
    needs = (held.warrant or {}).get("feature_set_hash")
    if on_line is not None and needs != on_line:
        why = f"it reads the features {needs}, and on line are {on_line}"
        raise RefusedVersion(held.version, why, "other_features")


def on_line(folder: Path) -> str | None:
    """The hash of the features that were written on line last; None where nobody wrote any from here."""
    try:
        return str(read_manifest(folder / "features")["feature_set"]["hash"])
    except NoCurrent:
        return None
