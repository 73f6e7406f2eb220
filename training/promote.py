"""Who serves: `promote` lets the newest challenger serve if it passes the gate, `rollback` the champion before.

Both set the registry's alias and write `champion/<model>.json`, from which monitoring learns who serves, and add a
line to `champion/history.jsonl`. Start reading at `promote`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from churn.errors import ChurnError
from churn.settings import Settings
from features.atomic import write_json
from features.snapshots import read_snapshot
from features.tombstones import standing
from training.fit import raw_scores
from training.gate import PARITY, Rival, Verdict, judge, parity_check
from training.rows import Columns, Rows
from training.versions import Judged, NoChallenger, Registry, Version

HISTORY = "history.jsonl"


MENDS = {  # by whether parity is all that it lacks
    True: "prove its features with `churn features parity`, then `churn promote`",
    False: "give it more history or better features and train again",
}


class NotPromoted(ChurnError):
    """A challenger did not pass the gate; whoever served goes on serving."""

    exit_code = 10

    def __init__(self, version: Version, verdict: Verdict) -> None:
        super().__init__(
            f"{version.name} version {version.version} may not serve: " + "; ".join(verdict.reasons) + ".",
            mend=MENDS[verdict.failed == [PARITY]] + "; who served before goes on serving.",
        )
        self.verdict = verdict


class NothingBefore(ChurnError):
    """There is no champion before the present one."""

    exit_code = 13

    def __init__(self, name: str) -> None:
        super().__init__(
            f"No champion of {name!r} served before the present one.", mend="promote one with `churn promote`."
        )


@dataclass(frozen=True)
class Promotion:
    """Who serves now, and why."""

    version: Version
    verdict: dict[str, Any]
    record: dict[str, Any]


def promote(
    model: str, registry: Registry, settings: Settings, *, parity: Mapping[str, Any] | None = None
) -> Promotion:
    """Let the newest challenger of a model serve, if it passes the gate.

    Args:
        model: churn or reactivation.
        registry: where the versions are.
        settings: whose model.
        parity: the certificate that on-line rows equal off-line rows; without one nobody is promoted. It is
            attached to the version in the registry.

    Raises:
        NoChallenger: nothing was trained.
        NotPromoted: the gate refused it; the alias stays where it was.
    """
    version = registry.newest(settings.model_name(model))
    if parity is not None:
        registry.certify(version.name, version.version, parity)
    verdict = gate(version, registry, settings, parity=parity)
    if not verdict.passed:
        raise NotPromoted(version, verdict)
    return _serve(version, registry, settings, "promote", verdict.as_json())


def gate(
    version: Version, registry: Registry, settings: Settings, *, parity: Mapping[str, Any] | None = None
) -> Verdict:
    """Hold a version to the gate, on the test rows it was judged on."""
    snapshot = read_snapshot(standing(settings.folder / version.facts["test_snapshot"]))
    rows = Rows.of(snapshot.frame, Columns.of(snapshot.manifest), version.bundle.model)
    serving = registry.champion(version.name)
    rival: Rival | str | None = None
    if serving is not None and serving != version.version:
        rival = _rival(registry.get(version.name, serving), version, snapshot.cutoffs[0], rows)
    metrics: Any = version.bundle.metrics
    proven = parity_check(parity, version.bundle.feature_set_hash, version.bundle.definition_id)
    return judge(metrics, rows, _probability(version.sibling, rows), rival, proven, seed=settings.training.seed)


def rollback(model: str, registry: Registry, settings: Settings) -> Promotion:
    """Let the champion before the present one serve again.

    Raises:
        NothingBefore: there was none.
    """
    name = settings.model_name(model)
    now = registry.champion(name)
    before = _before([one for one in history(settings) if one["name"] == name])
    if now is None or not before:
        raise NothingBefore(name)
    checks = [{"name": "rollback", "state": "passed", "why": f"version {now} was taken back"}]
    return _serve(registry.get(name, before[-1]), registry, settings, "rollback", {"passed": True, "checks": checks})


def history(settings: Settings) -> list[dict[str, Any]]:
    """Promotions and rollbacks, oldest first: at, act, model, name, version, model_hash."""
    path = settings.folder / "champion" / HISTORY
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def newest_or_none(model: str, registry: Registry, settings: Settings) -> Version | None:
    """The newest version of a model, or None where none was trained."""
    try:
        return registry.newest(settings.model_name(model))
    except NoChallenger:
        return None


def _before(acts: list[dict[str, Any]]) -> list[int]:
    """The champions that a rollback can still go back to, oldest first; each rollback uses one up."""
    reigns: list[int] = []
    for act in acts:
        if act["act"] == "promote":
            reigns += [int(act["version"])] if int(act["version"]) not in reigns[-1:] else []
        else:
            reigns.pop()
    return reigns[:-1]


def _rival(champion: Version, challenger: Version, first_test: datetime, rows: Rows) -> Rival | str:
    """The champion as a rival on the challenger's rows, or why the two cannot be compared.

    It is judged as it serves where it knew nothing of the test's outcomes, else by its sibling.
    """
    ours, theirs = challenger.bundle, champion.bundle
    if ours.definition_id != theirs.definition_id:
        return f"version {champion.version} answers another question (definition {theirs.definition_id})"
    if ours.feature_set_hash != theirs.feature_set_hash:
        return f"version {champion.version} reads other features (set {theirs.feature_set_hash})"
    known_until = champion.facts.get("known_until")
    serves = known_until is not None and datetime.fromisoformat(known_until) <= first_test
    judged = Judged(champion.bundle, champion.booster) if serves else champion.sibling
    return Rival(f"version {champion.version}", _probability(judged, rows))


def _probability(judged: Judged, rows: Rows) -> Any:
    return judged.bundle.probability(raw_scores(judged.booster, judged.bundle.prepare(rows.X)))


def _serve(version: Version, registry: Registry, settings: Settings, act: str, verdict: dict[str, Any]) -> Promotion:
    bundle, folder = version.bundle, settings.folder / "champion"
    record = {
        "model": bundle.model,
        "name": version.name,
        "version": version.version,
        "model_hash": version.hash,
        "snapshot_hash": bundle.snapshot_hash,
        "snapshot_path": version.learned_snapshot,
        "test_snapshot_path": version.facts["test_snapshot"],
        "promoted_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "definition_id": bundle.definition_id,
        "feature_set_hash": bundle.feature_set_hash,
        "metrics": bundle.metrics,
        "gate": verdict,
        "bundle": json.loads(bundle.to_json()),
    }
    registry.crown(version.name, version.version)
    write_json(folder / f"{bundle.model}.json", record)
    kept = ("model", "name", "version", "model_hash")
    _remember(folder / HISTORY, {"at": record["promoted_at"], "act": act} | {key: record[key] for key in kept})
    return Promotion(version, verdict, record)


def _remember(path: Path, line: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, sort_keys=True) + "\n")
