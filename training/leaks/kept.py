"""A hunt on disk, `leaks/report.json` and `.html`, and what it says of a model: for the gate and the card.

    a feature that the model reads was named     failed, whatever log it was: a fresh hunt takes the name away
    named for a frozen snapshot alone            a fault of those that learned from that snapshot, of no other
    same features, definition and log            passed
    the same sources, other days of the log      passed, and how many days lie between is said
    anything else                                not required: it says nothing of this model; hunt again

Start reading at `standing_of`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from churn.settings import Settings
from features.atomic import write_json, write_text
from training.gate_verdict import Check, failed, skipped
from training.leaks.hunt import Hunt
from training.leaks.page import page

FOLDER, REPORT = "leaks", "report.json"
LEAKS: Final = "leaks"
AGAIN: Final = ("run `churn leaks` again", "请重新运行 `churn leaks`")
OTHER: Final = {  # what a hunt was made on: in English and Chinese
    "feature_set_hash": ("other features", "另一组特征"),
    "definition_id": ("another definition", "另一个流失定义"),
    "sources": ("a log of other sources", "来自其他数据源的日志"),
}


@dataclass(frozen=True)
class Learned:
    """What a model learned from, as far as a hunt must know.

    Args:
        features: that it reads; a suspicious feature that it does not read is no fault of it.
        feature_set_hash, definition_id: of its bundle.
        log_hash, observed_until: of its log. sources: `mapping_hash` of it.
        snapshot_hash: of the rows that it was fitted to.
    """

    features: tuple[str, ...]
    feature_set_hash: str
    definition_id: str
    log_hash: str
    observed_until: datetime
    sources: str
    snapshot_hash: str = ""


def keep_hunt(found: Hunt, settings: Settings) -> Path:
    """Write a hunt; returns the page."""
    folder = settings.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / REPORT, found.as_json())
    write_text(folder / "report.html", page(found, settings))
    return folder / "report.html"


def read_hunt(folder: Path) -> dict[str, Any] | None:
    """The newest hunt in the artifacts of a business; None where none was made."""
    path = folder / FOLDER / REPORT
    if not path.exists():
        return None
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


def mapping_hash(sources: Sequence[Mapping[str, Any]]) -> str:
    """Names how the sources of a log were read, whatever they held that day: `sources` of its manifest."""
    told = json.dumps([one.get("mapping") for one in sources], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def standing_of(told: Mapping[str, Any] | None, learned: Learned | None) -> Check:
    """What the newest hunt says of a model, as a condition of the gate.

    Args:
        told: the hunt, as `read_hunt` gives it; None where none was made.
        learned: what the model learned from; may be None where there is no hunt.
    """
    if told is None or learned is None:
        why = "no hunt for leaks was made of its features: `churn leaks`"
        return skipped(LEAKS, why, "尚未对其特征做泄漏排查：`churn leaks`")
    others = [words for name, words in OTHER.items() if told.get(name) != getattr(learned, name)]
    en, zh = " and ".join(one[0] for one in others), "、".join(one[1] for one in others)
    named = [name for name in told["suspicious_features"] if name in learned.features]
    named = [name for name in named if name not in _of_another_snapshot(told, learned)]
    if named:
        return _named(named, (en, zh))
    if others:
        ends = str(told["observed_until"])[:10]
        why = f"the newest hunt for leaks was made on {en} (log until {ends}): {AGAIN[0]}"
        return skipped(LEAKS, why, f"最近一次泄漏排查基于{zh}（日志截至 {ends}）：{AGAIN[1]}")
    at = len(told["cutoffs"])
    on, on_zh = _log(told, learned)
    why = f"a hunt for leaks at {at} cutoffs{on} found none of its features suspicious"
    return Check(LEAKS, "passed", why, f"{on_zh}在 {at} 个截止时点做的泄漏排查未发现其特征可疑")


def _of_another_snapshot(told: Mapping[str, Any], learned: Learned) -> set[str]:
    """What was named for nothing but a frozen snapshot that this model did not learn from."""
    ones = [one for one in told.get("suspicions", ()) if one["level"] == "suspicious"]
    if told.get("frozen_snapshot") in (None, learned.snapshot_hash):
        return set()
    frozen, others = set[str](), set[str]()
    for one in ones:
        (frozen if one["check"] == "not_as_known" else others).update(one["features"])
    return frozen - others


def _named(named: Sequence[str], other: tuple[str, str]) -> Check:
    """A name stays until a fresh hunt takes it away: training on other days or features proves nothing."""
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    shown = f"{', '.join(named[:3])}{more} (leaks/report.html)"
    stale, stale_zh = "", ""
    if other[0]:
        stale, stale_zh = f"; that hunt was made on {other[0]}: {AGAIN[0]}", f"；该排查基于{other[1]}：{AGAIN[1]}"
    why = f"it learned from features that know too much: {shown}{stale}"
    zh = f"所用特征可能泄漏未来信息：{', '.join(named[:3])} 等 {len(named)} 项（leaks/report.html）{stale_zh}"
    return failed(LEAKS, why, zh)


def _log(told: Mapping[str, Any], learned: Learned) -> tuple[str, str]:
    """On which days of the log, where they are not those that the model learned from."""
    if told["log_hash"] == learned.log_hash:
        return "", ""
    days = (learned.observed_until - datetime.fromisoformat(told["observed_until"])).days
    if days < 0:
        return f" of the log {-days} days later", f"基于晚 {-days} 天的日志，"
    return f" of the log as it was {days} days before", f"基于 {days} 天前的日志，"
