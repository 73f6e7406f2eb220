"""`churn leaks`: which features know what nobody knew at their cutoff? A page, JSON and an exit code."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cli.console import say, step
from cli.outcome import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from churn.settings import Settings
    from training.leaks.hunt import Hunt

WATCH = 21  # somebody should look
APART = (
    "{model}: test rows are told from training rows with AUC {auc:.3f}, without calendar {without_calendar:.3f}",
    "{model}：区分测试行与训练行的 AUC 为 {auc:.3f}，不含日历特征为 {without_calendar:.3f}",
)
UNTOLD = ("not checked: ", "未检查：")
PASSED, FOUND = ("Nothing suspicious.", "未发现可疑特征。"), ("{} suspicions.", "{} 处可疑。")


def leaks(settings: "Settings", cutoff: str | None = None) -> Outcome:
    """Hunt for leaks in the log, at the training cutoffs of the newest fold or of that of a test cutoff."""
    from cli.opened import midnight_of, open_log
    from features.engines import engine_of
    from training.folding import choose_fold
    from training.leaks.hunt import hunt
    from training.leaks.kept import keep_hunt, mapping_hash

    with step("reading the event log"):
        log = open_log(settings)
    frozen, frozen_hash = _frozen(settings, log.features.hash)
    day = log.lifecycle.calendar.day_of(midnight_of(cutoff, log.lifecycle)) if cutoff else None
    with engine_of(settings) as engine:
        found = hunt(
            log.parts, log.features, log.lifecycle, choose_fold(log.manifest, settings, day),
            observed_until=log.manifest.observed_until, log_hash=log.manifest.log_hash, seed=settings.training.seed,
            sources=mapping_hash(log.manifest.sources), frozen=frozen, engine=engine,
            progress=lambda text: say(f"  {text}"),
        )  # fmt: skip
    found = replace(found, frozen=frozen_hash)
    path = keep_hunt(found, settings)
    return Outcome(_told(found, path, settings.business.language), found.as_json(), 0 if found.passed else WATCH)


def stands(settings: "Settings", as_json: Any) -> bool:
    """Whether a hunt is the newest one still: the one that the gate reads."""
    from training.leaks.kept import read_hunt

    return bool(read_hunt(settings.folder) == as_json)


def _told(found: "Hunt", path: "Path", language: str) -> str:
    """For people: what was found."""
    is_zh = language == "zh"
    lines = [f"{one.level}: {one.kind}: {one.says(language)}\n  {one.mend(language)}" for one in found.suspicions]
    lines += [APART[is_zh].format(model=model, **one.as_json()) for model, one in found.apart.items()]
    lines += [f"{UNTOLD[is_zh]}{one[is_zh]}" for one in found.untold]
    lines.append(f"{PASSED[is_zh] if found.passed else FOUND[is_zh].format(len(found.suspicious))} {path}")
    return "\n".join(lines)


def _frozen(settings: "Settings", feature_set_hash: str) -> "tuple[pd.DataFrame | None, str]":
    """The rows that the churn champion learned from, where it reads today's features, and their hash."""
    from features.snapshots import NoSnapshot, read_snapshot
    from features.tombstones import standing

    champion = settings.folder / "champion" / "churn.json"
    if not champion.exists():
        return None, ""
    told = json.loads(champion.read_text(encoding="utf-8"))
    if told["feature_set_hash"] != feature_set_hash:
        return None, ""
    try:
        return read_snapshot(standing(settings.folder / told["snapshot_path"])).frame, str(told["snapshot_hash"])
    except NoSnapshot:
        return None, ""
