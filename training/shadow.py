"""A challenger that scores beside the champion and answers nobody: begun, ended, and who it is.

    champion/<model>.shadow    name, version, model_hash, since; serving reads it (serving/shadow.py)

It needs no gate, since nobody acts on what it says; it does need the features that are on line. It ends when a person
ends it or a version is promoted. Start reading at `begin`.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from churn.errors import DataError
from churn.settings import Settings
from features.atomic import write_json
from training import history
from training.crowning import alone, heal, keep
from training.gate_verdict import Check, Verdict
from training.versions import Registry, Version


class NoShadow(DataError):
    """No challenger scores in shadow."""

    def __init__(self, model: str) -> None:
        super().__init__(
            f"No {model} challenger scores in shadow.", mend="begin with `churn promote --shadow`, after `churn train`."
        )


class ServesAlready(DataError):
    """The newest version is the champion: there is nothing to compare."""

    def __init__(self, version: Version) -> None:
        super().__init__(
            f"{version.name} version {version.version} serves already; nothing newer could score beside it.",
            mend="train a challenger with `churn train`.",
        )


class OtherFeatures(DataError):
    """A challenger reads other features than the champion, so the rows on line are none that it can score."""

    def __init__(self, version: Version, champion: Version) -> None:
        super().__init__(
            f"{version.name} version {version.version} reads the features {version.bundle.feature_set_hash}; on line "
            f"are those of version {champion.version}, {champion.bundle.feature_set_hash}.",
            mend="judge it by the back-test instead (`churn promote`), or train it on the champion's features.",
        )


def path_of(settings: Settings, model: str) -> Path:
    """Where it is written who scores in shadow."""
    return settings.folder / "champion" / f"{model}.shadow"


def shadow(settings: Settings, model: str) -> dict[str, Any] | None:
    """Who scores in shadow; None: nobody."""
    path = path_of(settings, model)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def begin(model: str, registry: Registry, settings: Settings, *, as_of: datetime | None = None) -> dict[str, Any]:
    """Let the newest challenger score beside the champion.

    Raises:
        NoChallenger: nothing was trained. NoShadow: nobody serves, so there is nobody to stand beside.
        ServesAlready, OtherFeatures: it cannot.
    """
    with alone(settings):
        heal(registry, settings)
        version = registry.newest(settings.model_name(model))
        serving = registry.champion(version.name)
        if serving is None:
            raise NoShadow(model)
        if serving == version.version:
            raise ServesAlready(version)
        champion = registry.get(version.name, serving)
        if champion.bundle.feature_set_hash != version.bundle.feature_set_hash:
            raise OtherFeatures(version, champion)
        why = (f"it scores beside version {serving} and answers nobody", f"与版本 {serving} 并行评分，不对外回答")
        line = _line("shadow", version, settings, why, as_of)
        told = {key: line[key] for key in ("model", "name", "version", "model_hash", "as_of", "who")}
        told |= {"since": line["at"], "history_hash": line["hash"], "beside": serving}
        _write(registry, settings, line)
        write_json(path_of(settings, model), told)
    return told


def end(model: str, registry: Registry, settings: Settings, *, as_of: datetime | None = None) -> dict[str, Any]:
    """Let it score no more.

    Raises:
        NoShadow: nobody does.
    """
    with alone(settings):
        heal(registry, settings)
        told = shadow(settings, model)
        if told is None:
            raise NoShadow(model)
        path_of(settings, model).unlink()
        version = registry.get(str(told["name"]), int(told["version"]))
        _write(registry, settings, _line("shadow_ended", version, settings, ("a person ended it", "人工结束"), as_of))
    return told


def _line(
    act: str, version: Version, settings: Settings, why: tuple[str, str], as_of: datetime | None
) -> Mapping[str, Any]:
    verdict = Verdict((Check(act, "passed", *why),), act).as_json()
    return history.compose(act, version, settings, verdict=verdict, why=why, as_of=as_of)


def _write(registry: Registry, settings: Settings, line: Mapping[str, Any]) -> None:
    history.append(settings, dict(line))
    keep(registry, dict(line))
