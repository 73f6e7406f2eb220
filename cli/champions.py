"""`churn promote | rollback | history | shadow`: who serves, who scores beside it, and who said so."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from churn.errors import ChurnError
from cli.console import say, table
from cli.outcome import Outcome
from cli.single_flight import in_turn
from cli.training import MODELS, models_of

if TYPE_CHECKING:
    from churn.settings import Settings
    from training.promote import NotPromoted
    from training.versions import Version

COLUMNS = ("at", "act", "name", "version", "instead_of", "who", "model_hash", "why")
UNDER_WAY = "under-way"  # training/crowning.py, which costs more to import than to look
WIDEST = 60  # characters of a reason in the table; all of it in --json


def promote(settings: "Settings", model: str | None, *, is_afresh: bool = False) -> Outcome:
    """Let the newest challengers serve, if they pass the gate; refused where none may."""
    from training.versions import NoChallenger

    done, refused, told = crowned(settings, models_of(model), is_afresh=is_afresh)
    if refused and not done:
        raise refused[0]
    if not done:
        raise NoChallenger(settings.model_name(models_of(model)[0]))
    return Outcome(text="\n".join(told), as_json=done, exit_code=refused[0].exit_code if refused else 0)


def crowned(
    settings: "Settings", models: Sequence[str], *, is_afresh: bool = False
) -> "tuple[list[dict[str, Any]], list[NotPromoted], list[str]]":
    """Judge the newest challengers of models together: the records of those who serve now, the refusals, all in words.

    Raises:
        ChurnError: one could not be judged; what the other's verdict brought stands.
    """
    from features.registry_place import may_exist
    from monitoring.stops import lift
    from training.promote import NotPromoted, Promotion, newest_or_none, promote_together
    from training.registry import MlflowRegistry
    from training.shadow import path_of
    from training.versions import NoChallenger

    if models and not may_exist(settings):  # MLflow would make one
        raise NoChallenger(settings.model_name(models[0]))
    registry, as_of = MlflowRegistry(settings), now_of(settings)
    found = {one: newest_or_none(one, registry, settings) for one in models}
    proofs = {one: _certificate(settings, version) for one, version in found.items() if version is not None}
    told = [f"No {one} model was trained." for one, version in found.items() if version is None]
    with in_turn(settings.folder, "churn promote"):  # a verdict that is being made would bring a lifted stop back
        results = promote_together(proofs, registry, settings, is_afresh=is_afresh, as_of=as_of)
        done = {one: result.record for one, result in results.items() if isinstance(result, Promotion)}
        for one in done:
            lift(settings.folder, one)
    for one, record in done.items():
        path_of(settings, one).unlink(missing_ok=True)
        told += [f"{record['name']} version {record['version']} serves now.", *_checks(record, settings)]
    told += _archived(settings) if done else []
    errors = [result for result in results.values() if isinstance(result, ChurnError)]
    refused = [error for error in errors if isinstance(error, NotPromoted)]
    for error in errors:
        if not isinstance(error, NotPromoted):
            raise error
    return list(done.values()), refused, [*told, *map(str, refused)]


def rollback(settings: "Settings", model: str | None) -> Outcome:
    """Let the champion before this one serve again, of each model that has one."""
    from features.registry_place import may_exist
    from monitoring.stops import lift
    from training.registry import MlflowRegistry
    from training.taking_back import NothingBefore
    from training.taking_back import rollback as take_back

    if not may_exist(settings):
        raise NothingBefore(settings.model_name(models_of(model)[0]))
    before, registry = _features_read(settings), MlflowRegistry(settings)
    missing, done = [], dict[str, dict[str, Any]]()
    with in_turn(settings.folder, "churn rollback"):
        for one in models_of(model):
            if one in done:  # it went back with the other: champions read one set of features
                continue
            try:
                went = take_back(one, registry, settings, as_of=now_of(settings))
            except NothingBefore as error:
                missing.append(error)
                continue
            for back in went:
                lift(settings.folder, back.record["model"])
                done[back.record["model"]] = back.record
    if not done:
        raise missing[0]
    records = list(done.values())
    text = [
        f"{one['name']} version {one['version']} serves again: {one['gate']['checks'][0]['why']}." for one in records
    ]
    text += [*_other_features(before, _features_read(settings)), *_archived(settings)]
    return Outcome(text="\n".join(text), as_json=records)


def _archived(settings: "Settings") -> list[str]:
    """Keep the trees of who serves where monitoring finds them, before anybody is scored; what could not be kept.

    Who serves is settled by then: `churn serve` and `churn score` try it again.
    """
    from serving.champion import look

    try:
        errors: list[Exception] = list(look(settings).refused.values())
    except (ChurnError, OSError) as error:
        errors = [error]
    return [f"Its trees are not in the archive yet, so monitoring sees less: {error}" for error in errors]


def _features_read(settings: "Settings") -> dict[str, str]:
    """The hash of the features that each champion reads."""
    from cli.retraining import champions

    return {model: str(one["feature_set_hash"]) for model, one in champions(settings).items()}


def _other_features(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What is to be done where champions read other features than before, or than each other."""
    told = []
    if any(now[model] != before.get(model) for model in now):
        told.append("They read other features than who served: write these on line with `churn features materialise`.")
    if len(set(now.values())) > 1:
        told.append(
            "churn and reactivation read different features now, and the store holds those of churn: reactivation "
            "answers feature_set_changed until it goes back too (`churn rollback --model reactivation`) or both are "
            "trained on the same (`churn retrain`)."
        )
    return told


def history(settings: "Settings", *, is_verified: bool = False) -> Outcome:
    """Who served when, let by whom and why; held to its chain where that is asked for.

    Raises:
        TamperedHistory: it is not what was written.
        RegistryDown: with `is_verified`, the registry does not say what it keeps.
    """
    from training.history import TamperedHistory, faults, path_of, read

    rows = read(settings)
    short = "why_zh" if settings.business.language == "zh" else "why"
    shown = [
        {name: row.get(name) for name in COLUMNS}
        | {"model_hash": row["model_hash"][:12], "why": _cut(str(row.get(short) or ""))}
        for row in rows
    ]
    text = table(shown, COLUMNS) if rows else "Nobody was promoted yet."
    if not is_verified:
        return Outcome(text=text, as_json=rows)
    found = faults(rows, settings, _kept(settings), _beside(settings))
    if found:
        raise TamperedHistory(path_of(settings), found)
    return Outcome(f"{text}\n\nThe chain of {len(rows)} lines holds.", {"lines": rows, "faults": []})


def heal(settings: "Settings") -> None:
    """Finish or forget a change of who serves that was cut short; silent where there is none."""
    if not (settings.folder / "champion" / UNDER_WAY).exists():
        return
    from features.registry_place import RegistryDown
    from training.crowning import PromotionUnderWay, alone
    from training.crowning import heal as finish
    from training.registry import MlflowRegistry

    try:
        with alone(settings):
            said = finish(MlflowRegistry(settings), settings)
    except PromotionUnderWay:  # nothing was cut short: it is being done
        return
    except RegistryDown:  # what needs no registry need not wait for it
        said = "A change of who serves was cut short; it is finished or forgotten once the registry answers again."
    if said:
        say(said)


def now_of(settings: "Settings") -> datetime | None:
    """What time it is by the business's clock; None where there is no log to tell."""
    from churn.clock import clock
    from features.log import NoLog, read_log_manifest

    try:
        observed_until = read_log_manifest(settings.folder).observed_until
    except NoLog:
        return None
    return clock(settings.business.clock, observed_until).now()


def _checks(record: dict[str, Any], settings: "Settings") -> list[str]:
    said = "why_zh" if settings.business.language == "zh" else "why"
    return [f"  {check['name']}: {check['state']}, {check[said]}" for check in record["gate"]["checks"]]


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _kept(settings: "Settings") -> dict[str, str]:
    """The hash of the act after which each champion serves, as champion/<model>.json has it."""
    found = {}
    for model in MODELS:
        path = settings.folder / "champion" / f"{model}.json"
        if path.exists():
            found[model] = str(json.loads(path.read_text(encoding="utf-8")).get("history_hash") or "")
    return found


def _beside(settings: "Settings") -> set[str]:
    """The hashes of acts that the registry keeps beside the versions of both models."""
    from features.registry_place import may_exist
    from training.crowning import kept_beside
    from training.registry import MlflowRegistry

    if not may_exist(settings):
        return set()
    registry = MlflowRegistry(settings)
    return set().union(*(kept_beside(registry, settings.model_name(model)) for model in MODELS))


def _certificate(settings: "Settings", version: "Version") -> dict[str, Any] | None:
    """The parity certificate of this feature set, definition and store, where one was made."""
    from features.parity import read_certificate

    bundle = version.bundle
    return read_certificate(settings.folder, bundle.feature_set_hash, bundle.definition_id, settings.store.online)
