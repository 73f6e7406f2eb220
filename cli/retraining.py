"""What retraining does beyond the commands of its steps: so that a run that broke off can go on where it stopped.

A step that is done again after a kill must not do twice what it had done by half: models that were registered are
taken up, promotions that are complete are left alone. Start reading at `cli/steps.py`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from churn.settings import Settings, expand
from cli.outcome import Outcome

if TYPE_CHECKING:
    from training.folding import FrozenFold
    from training.gate_verdict import Verdict

LEARNED_BY = {"definition", "stages", "features", "training", "costs", "cluster", "fairness"}
READ_BY = {"business", "definition", "source", "id_map", "ingest", "live"}
KEPT = 15  # done, but a challenger was refused for a reason that wants a look
NO_BETTER = "not better"  # how the gate begins to say so
Newest = Mapping[str, int]


def ingest(settings: Settings) -> Outcome:
    """The sources into the log; where only live events come in, the log stays."""
    from cli import ingest as room
    from features.log import read_log_manifest

    if settings.source:
        return room.ingest(settings)
    manifest = read_log_manifest(settings.folder)
    return Outcome("There is no [[source]]: the log stays as it is.", {"log_hash": manifest.log_hash})


def sources(settings: Settings) -> dict[str, Any]:
    """What an ingest goes by: each file with its size and time of change; of a database, the day."""
    import os

    from features.reading import files_of

    paths = [source.path for source in settings.source if source.path] + [settings.id_map.path or ""]
    files = [file for path in paths if path for file in files_of(settings.root, expand(path, os.environ))]
    told = [[str(file), file.stat().st_size, file.stat().st_mtime_ns] for file in files]
    databases = [day(settings) for source in settings.source if source.url]
    return {"settings": settings.model_dump(mode="json", include=READ_BY), "files": told, "databases": databases}


def learned_by(settings: Settings) -> dict[str, Any]:
    """What training goes by beside the log: settings and the program."""
    from features.provenance import made_by

    return {"settings": settings.model_dump(mode="json", include=LEARNED_BY), "made_by": made_by()}


def day(settings: Settings) -> str:
    """Today by the clock on the wall."""
    return str(settings.lifecycle.calendar.day_of(datetime.now(UTC)))


def freeze(settings: Settings, held: "list[FrozenFold]") -> Outcome:
    """Freeze what is learned from and judged on; the result names the snapshots, by role."""
    from cli.console import say
    from features.engines import engine_of
    from training.folding import freeze_fold

    with engine_of(settings) as engine:
        fold = freeze_fold(settings, whole=True, progress=lambda text: say(f"  {text}"), engine=engine)
    held.append(fold)
    frozen = {"train": fold.train, "test": fold.test, "whole": fold.whole}
    paths = {role: str(one.path.relative_to(settings.folder)) for role, one in frozen.items() if one is not None}
    told = ", ".join(f"{role} {len(one):,} rows" for role, one in frozen.items() if one is not None)
    return Outcome(f"Snapshots: {told}.", paths)


def train(settings: Settings, paths: Mapping[str, str], held: "Sequence[FrozenFold]", newest: Newest | None) -> Outcome:
    """Train on frozen snapshots; models that were registered since `newest` from the same are not trained again."""
    from cli import training
    from features.snapshots import read_snapshot
    from training.folding import FrozenFold

    if held:
        return training.train(settings, None, None, fold=held[-1], newest=newest)
    read = {role: read_snapshot(settings.folder / path) for role, path in paths.items()}
    return training.train(settings, None, None, fold=FrozenFold(**read), newest=newest)


def challengers(settings: Settings) -> dict[str, int]:
    """The newest version of each model that was trained, by name."""
    from churn.cohort import MODELS
    from features.registry_place import may_exist
    from training.registry import MlflowRegistry

    if not may_exist(settings):
        return {}
    registry = MlflowRegistry(settings)
    found = {name: registry.latest(name) for name in map(settings.model_name, MODELS)}
    return {name: number for name, number in found.items() if number is not None}


def promote(settings: Settings, newest: Newest | None) -> Outcome:
    """Let the challengers serve that pass the gate; what a run that broke off has promoted stays as it is.

    Returns:
        Who serves since now; exit code `KEPT` where a challenger was refused for more than being no better.

    Raises:
        NotPromoted: none may, and nobody serves.
    """
    from cli import champions as room

    done = _done_before(settings, newest)
    told = [f"{one['name']} version {one['version']} serves since the run that broke off." for one in done]
    serving, refused, said = room.crowned(settings, _waiting(settings, {one["model"] for one in done}))
    done, told = [*done, *serving], [*told, *said]
    if refused and not champions(settings):
        raise refused[0]
    wants_a_look = not all(_is_no_better(error.verdict) for error in refused)
    return Outcome("\n".join(told), done, KEPT if wants_a_look else 0)


def _is_no_better(verdict: "Verdict") -> bool:
    """Whether a challenger lacks nothing but a gain over who serves; one that is worse, or not comparable, does."""
    from training.promote import AGAINST

    return verdict.failed == [AGAINST] and verdict.reasons[0].startswith(NO_BETTER)


def _done_before(settings: Settings, newest: Newest | None) -> list[dict[str, Any]]:
    """What a run that broke off has promoted completely."""
    if newest is None:
        return []
    ours = [one for one in champions(settings).values() if int(one["version"]) > newest.get(str(one["name"]), 0)]
    return [one for one in ours if serve(settings, [one])]


def _waiting(settings: Settings, done: set[str]) -> list[str]:
    """The models that have a challenger nobody has judged in this run."""
    from churn.cohort import MODELS

    found = challengers(settings)
    return [model for model in MODELS if model not in done and settings.model_name(model) in found]


def serve(settings: Settings, promoted: Any) -> bool:
    """Whether these promotions are complete: record, alias and history say the same."""
    from training.history import SERVED
    from training.promote import history
    from training.registry import MlflowRegistry

    if not isinstance(promoted, list):  # refused: nothing was to be changed
        return True
    registry, written = MlflowRegistry(settings), champions(settings)
    last = {act["name"]: int(act["version"]) for act in history(settings) if act["act"] in SERVED}
    return all(
        written.get(one["model"], {}).get("version")
        == one["version"]
        == registry.champion(one["name"])
        == last.get(one["name"])
        for one in promoted
    )


def champions(settings: Settings) -> dict[str, dict[str, Any]]:
    """What is written of who serves, by model."""
    written = {path.stem: path for path in (settings.folder / "champion").glob("*.json")}
    return {model: json.loads(path.read_text(encoding="utf-8")) for model, path in written.items()}


def serving(settings: Settings) -> dict[str, str]:
    """The hash of the model that serves, by model."""
    return {model: str(one["model_hash"]) for model, one in champions(settings).items()}
