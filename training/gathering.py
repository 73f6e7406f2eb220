"""The evidence for a verdict: challenger, champion, rule and base rate asked about the same test rows.

    test snapshot of the challenger --> rows
    challenger: its judged sibling      champion: as it serves where it knew nothing of the test's outcomes, else its
    sibling      rule and base rate: fitted to what the challenger's sibling learned from

Reads snapshots and the registry; decides nothing. Start reading at `gather`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from churn.calendar import from_us
from churn.errors import ImmatureError
from churn.events import FloatArray
from churn.metrics_profit import Stakes
from churn.settings import Settings
from features.snapshots import Snapshot, read_snapshot
from features.tombstones import standing
from training.baseline import BaseRate, RecencyRule
from training.evidence import Evidence, Rival, Unlike
from training.fit import raw_scores
from training.footprint import footprint
from training.gate_verdict import Check, some_of
from training.learning import rows_of
from training.lost import lost
from training.rows import Rows
from training.slices import slices
from training.versions import Judged, Registry, Version


class ImmatureTest(ImmatureError):
    """The rows that a challenger should be judged on have too few known outcomes."""

    def __init__(self, name: str, version: int, why: str) -> None:
        super().__init__(
            f"{name} version {version} cannot be judged: its test cutoffs have {why} whose outcome is known.",
            mend="ingest a longer log and train again (`churn train`), or lower [training] min_rows and min_positives "
            "knowing what that costs; whoever served goes on serving.",
        )


def gather(
    version: Version, registry: Registry, settings: Settings, *, others: Sequence[Check] = (), is_afresh: bool = False
) -> Evidence:
    """Ask everybody about the challenger's test rows.

    Args:
        version: the challenger.
        registry: where champion and challenger are.
        settings: whose.
        others: conditions that were looked at elsewhere.
        is_afresh: a person said that the champion is no measure.

    Raises:
        ImmatureTest: too few outcomes of its test cutoffs are known.
        NoSnapshot, ChangedSnapshot: what it learned from or was judged on is gone, or was changed.
    """
    model, sibling = version.bundle.model, version.sibling
    test, learned = (_snapshot(settings, version.facts[f"{role}_snapshot"]) for role in ("test", "train"))
    rows = rows_of(test, model, settings, is_test=True)
    why = rows.why_too_few(**_floors(version, settings))
    if why:
        raise ImmatureTest(version.name, version.version, why)
    learn, serving = rows_of(learned, model, settings), registry.champion(version.name)
    other = None if serving == version.version else serving
    return Evidence(
        rows=rows,
        probability=_probability(sibling, rows.X),
        rivals={
            "recency_rule": RecencyRule.fit(learn, model).probability(rows),
            "base_rate": BaseRate.fit(learn).probability(rows),
        },
        learner=version.bundle.learner,
        champion=None if other is None else _champion(registry.get(version.name, other), version, rows, settings),
        is_champion=serving == version.version,
        is_afresh=is_afresh,
        segments={f"{one.dimension} {one.name}": one.mask for one in slices(rows)},
        stakes=Stakes.of(settings.costs) if model == "churn" else None,
        footprint=footprint(version.bundle, version.booster, rows.X),
        others=tuple(others),
    )


def known_until(version: Version) -> datetime:
    """Up to when what serves knew what became of customers."""
    told = version.facts.get("known_until")
    return datetime.fromisoformat(told) if told else version.bundle.trained_at


def _floors(version: Version, settings: Settings) -> dict[str, int]:
    """Rows to judge by: [training]'s for LightGBM; the rule and BG/NBD serve the smallest shops, whatever they have."""
    if version.bundle.learner != "lightgbm":
        return {"min_rows": 2, "min_positives": 1}
    return {"min_rows": settings.training.min_rows, "min_positives": settings.training.min_positives}


def _champion(champion: Version, challenger: Version, rows: Rows, settings: Settings) -> Rival | Unlike:
    """The champion as a rival on the challenger's rows, or why the two cannot be compared."""
    ours, theirs, name = challenger.bundle, champion.bundle, f"version {champion.version}"
    if ours.definition_id != theirs.definition_id:
        why = f"{name} answers another question (definition {theirs.definition_id})"
        return Unlike(why, f"{name} 回答的是另一个问题（定义 {theirs.definition_id}）", is_other_question=True)
    others = _others(champion, challenger, settings)
    if others:
        then, now = (_feature_set(settings, one) for one in (champion, challenger))
        why = f"{name} reads features that are gone or have changed: {some_of(others)}"
        zh = f"{name} 使用的特征已消失或已改变：{some_of(others)}"
        gone = tuple(lost(theirs.features, then, now, settings.lifecycle))
        return Unlike(why, zh, is_other_question=False, reads_others=True, lost=gone)
    asked = _unaware(champion, from_us(int(np.min(rows.cutoff_us))))
    if asked is None:
        why = f"{name} learned from outcomes of these test cutoffs"
        return Unlike(why, f"{name} 学习过这些测试时点的结果", is_other_question=False)
    places = [rows.columns.names.index(one) for one in theirs.features]
    age = known_until(challenger) - known_until(champion)
    told, is_other = _probability(asked, rows.X[:, places]), theirs.feature_set_hash != ours.feature_set_hash
    return Rival(name, told, age_days=age.total_seconds() / 86_400, reads_others=is_other)


def _unaware(champion: Version, first_test: datetime) -> Judged | None:
    """What of a champion knew no outcome of the test: the model as it serves, its sibling, or neither."""
    told = champion.facts.get("known_until")
    if told is not None and datetime.fromisoformat(told) <= first_test:
        return Judged(champion.bundle, champion.booster)
    judged_until = champion.facts.get("judged_known_until")
    if judged_until is not None and datetime.fromisoformat(judged_until) > first_test:
        return None
    return champion.sibling


def _others(champion: Version, challenger: Version, settings: Settings) -> list[str]:
    """Features of the champion that the challenger's rows do not have, or that mean something else there."""
    if champion.bundle.feature_set_hash == challenger.bundle.feature_set_hash:
        return []
    now, then = (_formulas(settings, one) for one in (challenger, champion))
    return [one for one in champion.bundle.features if one not in now or now[one] != then.get(one)]


def _formulas(settings: Settings, version: Version) -> dict[str, Any]:
    listed = _feature_set(settings, version)
    known = {one["name"]: one.get("formula") for one in listed.get("features", ())}
    return {name: known.get(name) for name in listed["names"]}


def _feature_set(settings: Settings, version: Version) -> dict[str, Any]:
    found: dict[str, Any] = _snapshot(settings, version.facts["train_snapshot"]).manifest["feature_set"]
    return found


def _snapshot(settings: Settings, folder: str) -> Snapshot:
    return read_snapshot(standing(settings.folder / folder))


def _probability(judged: Judged, X: FloatArray) -> FloatArray:
    return judged.bundle.probability(raw_scores(judged.booster, judged.bundle.prepare(X)))
