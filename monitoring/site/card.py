"""The model card: what each champion is, what it learned from, how it was judged, its limits, and who served when.

Reads what the champion's file and its bundle hold, and the history of champions; knows no registry and no trees.
Start reading at `sections`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from churn.bundle import Bundle
from churn.grade import LEARNERS
from churn.page import Two, both, table
from churn.reasons import GROUPS
from monitoring.champion import Champion, path_of
from monitoring.section import Section

METRICS = ("roc_auc", "pr_auc", "log_loss", "brier", "ece", "lift_10")
HISTORY = Path("champion") / "history.jsonl"
SHOWN = 40  # acts, newest first
ACTS: dict[str, Two] = {
    "promote": ("promoted", "启用"), "rollback": ("rolled back to", "回退到"),
    "return": ("sent back to", "自动回退到"),
    "refused": ("refused", "未通过"), "shadow": ("in shadow", "影子运行"),
    "shadow_ended": ("left the shadow", "结束影子运行"),
}  # fmt: skip
STATES: dict[str, Two] = {
    "passed": ("passed", "通过"), "failed": ("failed", "未通过"), "not_required": ("not required", "不要求"),
}  # fmt: skip
LIMITS: Sequence[Two] = (
    (
        "It knows customers only through the event log; who has no qualifying event yet is not scored.",
        "它只通过事件日志了解客户；尚无有效事件的客户不评分。",
    ),
    (
        "It was judged on the past: a campaign, a price or a season it never saw can make it wrong.",
        "它以过去的数据检验：从未见过的活动、价格或季节可能使其失准。",
    ),
    (
        "Its reasons say what a score rests on, not what would happen if that changed.",
        "原因说明评分的依据，并不表示改变它会带来什么结果。",
    ),
    (
        (
            "Customers who are treated because of their score stay for that reason: a good campaign makes a good model "
            "look bad, unless some are held out."
        ),
        "因评分而受到干预的客户可能因此留下：若不留对照组，有效的活动会让好模型看起来变差。",
    ),
)


def sections(
    champions: Sequence[Champion], cutoffs: Mapping[str, Sequence[datetime]], folder: Path
) -> Iterator[Section]:
    """The card of each champion, and who served when.

    Args:
        champions: who serves.
        cutoffs: of the snapshot that each model learned from; empty where it cannot be read.
        folder: the artifacts of the business.
    """
    for champion in champions:
        bundle, model = champion.bundle, champion.model
        written = _written(path_of(folder, model))
        title: Two = ("What it is", "模型简介")
        yield Section("model", "card", title, _facts(champion, cutoffs.get(model, ()), written), model=model)
        yield Section("model", "backtest", ("How it was judged", "检验方式"), _judged(bundle), model=model)
        yield Section("model", "gate", ("What the gate said", "上线检查"), _gate(written), model=model)
        yield Section("model", "features", ("What it looks at", "所用特征"), _features(bundle), model=model)
    limits = "".join(f"<li>{both(*one)}</li>" for one in LIMITS)
    yield Section("model", "limits", ("Where not to trust it", "使用限制"), f"<ul>{limits}</ul>")
    yield Section("model", "serving", ("Who served when", "上线历史"), _served(folder))


def _written(path: Path) -> Mapping[str, Any]:
    """The champion's file; nothing where it cannot be read, which monitoring tells elsewhere."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _facts(champion: Champion, cutoffs: Sequence[datetime], written: Mapping[str, Any]) -> str:
    bundle = champion.bundle
    learner = LEARNERS[bundle.learner]
    rows = [
        [both("version", "版本"), escape(champion.version)],
        [both("it answers", "回答的问题"), _asked(bundle)],
        [both("learner", "学习器"), both(f"{learner[0]}, {bundle.trees} trees", f"{learner[1]}，{bundle.trees} 棵树")],
        [both("trained on", "训练日期"), f"{bundle.trained_at:%Y-%m-%d}"],
        [both("promoted on", "启用日期"), escape(str(written.get("promoted_at", "–"))[:10])],
        [both("learned from", "训练数据"), _learned(bundle, cutoffs)],
        [both("base rate", "基准比率"), f"{bundle.base_rate:.1%}"],
        [both("grade", "等级"), _grade(bundle)],
        [both("bands", "档位"), _bands(bundle)],
        [both("calibration", "校准"), escape(bundle.calibrator.kind)],
        [both("model hash", "模型哈希"), f"<code>{escape(champion.model_hash[:16])}</code>"],
        [both("definition", "流失定义"), f"<code>{escape(bundle.definition_id)}</code>"],
    ]
    return f'<div class="scroll facts">{table(["", ""], rows)}</div>'


def _asked(bundle: Bundle) -> str:
    days, gap = bundle.horizon_days, bundle.gap_days
    if bundle.model == "churn":
        return both(
            f"How likely is a customer who is not lapsed to have no qualifying event for {days} days, {gap} days on?",
            f"未流失客户在 {gap} 天后的 {days} 天内没有任何有效事件的概率",
        )
    return both(
        f"How likely is a lapsed customer to come back within {days} days, {gap} days on?",
        f"已流失客户在 {gap} 天后的 {days} 天内回归的概率",
    )


def _learned(bundle: Bundle, cutoffs: Sequence[datetime]) -> str:
    count = len(bundle.features)
    if not cutoffs:
        return both(f"{count} features; its snapshot cannot be read", f"{count} 个特征；训练快照无法读取")
    first, last = (f"{one:%Y-%m-%d}" for one in (min(cutoffs), max(cutoffs)))
    return both(
        f"{len(cutoffs)} cutoffs from {first} to {last}, {count} features",
        f"{len(cutoffs)} 个截止日（{first} 至 {last}），{count} 个特征",
    )


def _grade(bundle: Bundle) -> str:
    if bundle.grade is None:
        return "–"
    return both(bundle.grade.sentence(bundle.learner), bundle.grade.sentence(bundle.learner, "zh"))


def _bands(bundle: Bundle) -> str:
    medium, high = (f"{bundle.bands.get(name, 1.0):.0%}" for name in ("medium", "high"))
    return both(f"medium from {medium}, high from {high}", f"中：{medium} 起；高：{high} 起")


def _judged(bundle: Bundle) -> str:
    """Figures of the back-test, rivals beside it; the champion's row stands first."""
    told = {name: one for name, one in bundle.metrics.items() if isinstance(one, Mapping)}
    if not told:
        return f"<p>{both('Nobody wrote its back-test down.', '没有回测记录。')}</p>"
    order = sorted(told, key=lambda name: (name != bundle.learner, name))
    head = [
        both("learner", "学习器"),
        "n",
        both("base rate", "基准比率"),
        *(name.replace("_", " ") for name in METRICS),
    ]
    rows = [
        [f"<b>{escape(name)}</b>" if name == bundle.learner else escape(name), _number(told[name].get("n"), 0)]
        + [_number(told[name].get(one), 4) for one in ("base_rate", *METRICS)]
        for name in order
    ]
    note = (
        (
            "Tested on cutoffs after everything that fitted, stopped or calibrated it had matured; rivals learned from "
            "the same rows."
        ),
        "检验所用截止日均晚于训练、早停与校准所用结果的成熟时间；对照模型使用相同的数据。",
    )
    return f'<p class="quiet">{both(*note)}</p><div class="scroll">{table(head, rows)}</div>'


def _gate(written: Mapping[str, Any]) -> str:
    gate = written.get("gate")
    checks = gate.get("checks", ()) if isinstance(gate, Mapping) else ()
    if not checks:
        return f"<p>{both('It was let serve before checks were written down.', '启用时尚未记录检查结果。')}</p>"
    rows = [
        [
            escape(str(one["name"]).replace("_", " ")),
            both(*STATES.get(one["state"], (str(one["state"]),) * 2)),
            both(str(one["why"]), str(one["why_zh"])),
        ]
        for one in checks
    ]
    return f'<div class="scroll wraps">{table([both("check", "检查"), "", both("why", "依据")], rows)}</div>'


def _features(bundle: Bundle) -> str:
    by_group: dict[str, list[str]] = {}
    for name in bundle.features:
        by_group.setdefault(bundle.reasons.get(name, ""), []).append(name)
    rows = [
        [_group(code), str(len(names)), "<br>".join(_feature(bundle, name) for name in names)]
        for code, names in sorted(by_group.items(), key=lambda one: -len(one[1]))
    ]
    head = [both("group of reasons", "原因类别"), both("features", "特征数"), both("which", "特征")]
    said = both("Every feature with its meaning", "全部特征及含义")
    inside = f'<div class="scroll wraps">{table(head, rows)}</div>'
    few = ", ".join(f"{_group(code)} {len(names)}" for code, names in by_group.items())
    return f"<p>{few}</p><details><summary>{said}</summary>{inside}</details>"


def _group(code: str) -> str:
    group = GROUPS.get(code)
    return both(group.en, group.zh) if group else escape(code or "–")


def _feature(bundle: Bundle, name: str) -> str:
    text = bundle.texts.get(name)
    return f"<code>{escape(name)}</code> {both(text.en, text.zh) if text else ''}"


def _served(folder: Path) -> str:
    """Newest first; who did it is left to `churn history`."""
    path = folder / HISTORY
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    rows = [row for line in reversed(lines[-SHOWN:]) if (row := _act(line))]
    if not rows:
        return f"<p>{both('Nothing was written down.', '没有记录。')}</p>"
    head = [both("on", "日期"), both("what", "事项"), both("version", "版本"), ""]
    return f'<div class="scroll wraps">{table(head, rows)}</div>'


def _act(line: str) -> list[str]:
    try:
        told = json.loads(line)
        act = ACTS.get(told["act"], (told["act"], told["act"]))
        why = both(str(told.get("why", "")), str(told.get("why_zh", "")))
        folded = f"<details><summary>{both('why', '原因')}</summary>{why}</details>" if told.get("why") else ""
        when = f'<span class="quiet">{escape(told["at"][:10])}</span>'
        return [when, both(*act), f"<b>{escape(told['name'])}/{escape(str(told['version']))}</b>", folded]
    except (ValueError, KeyError, TypeError):  # `churn history --verify` says what is wrong with it
        return []


def _number(value: Any, digits: int) -> str:  # whatever a bundle holds
    return f"{value:,.{digits}f}" if isinstance(value, int | float) else "–"
