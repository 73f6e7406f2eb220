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
from churn.calendar import Calendar
from churn.grade import LEARNERS
from churn.page import Two, both, table
from monitoring.champion import Champion, path_of
from monitoring.section import Section
from monitoring.site.evidence import calibration, fairness, features, judged

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
CHECKS: dict[str, str] = {  # of the gate, as training/gate_verdict.py names them
    "beats_recency_rule": "优于沉默天数规则", "beats_base_rate": "优于平均比率", "against_champion": "对比现任模型",
    "calibration": "校准", "level": "总体水平", "segments": "客群", "ranking": "客群内排序", "footprint": "规模与时延",
    "parity": "在线离线一致", "leaks": "泄漏排查", "one_feature_set": "特征一致", "features_lost": "缺失特征",
    "returned": "曾被退回",
}  # fmt: skip
CALIBRATORS: dict[str, Two] = {
    "none": ("not needed", "不需要"), "platt": ("Platt scaling", "Platt 校准"), "beta": ("beta", "Beta 校准"),
    "isotonic": ("isotonic", "保序回归"),
}  # fmt: skip
USES: Sequence[Two] = (
    (
        "To choose whom to contact, and with what: who is likely to leave or to come back, how sure that is, and why.",
        "用于挑选联系对象与方式：谁可能流失或回归、把握多大、依据是什么。",
    ),
    (
        "Its probabilities may be added up: expected numbers of customers, break-even points of a campaign.",
        "概率可以相加：预期人数、活动的盈亏平衡点。",
    ),
    (
        "Not to set prices for one person, to refuse service, or to judge creditworthiness; it knows nothing of those.",
        "不得用于针对个人定价、拒绝服务或评估信用；模型并不了解这些。",
    ),
)
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
    champions: Sequence[Champion], cutoffs: Mapping[str, Sequence[datetime]], folder: Path, calendar: Calendar
) -> Iterator[Section]:
    """The card of each champion, and who served when.

    Args:
        champions: who serves.
        cutoffs: of the snapshot that each model learned from; empty where it cannot be read.
        folder: the artifacts of the business.
        calendar: whose days people are told.
    """
    for champion in champions:
        bundle, model = champion.bundle, champion.model
        written = _written(path_of(folder, model))
        shown = written.get("card") or {}
        parts: list[tuple[str, Two, str]] = [
            ("card", ("What it is", "模型简介"), _facts(champion, cutoffs.get(model, ()), written, calendar)),
            ("backtest", ("How it was judged", "检验方式"), judged(bundle) + calibration(shown)),
            ("gate", ("What the gate said", "上线检查"), _gate(written)),
            ("features", ("What it looks at", "所用特征"), features(bundle, shown)),
            ("fairness", ("Are groups of customers treated alike?", "各客户群体是否得到同等对待？"), fairness(shown)),
        ]
        yield from (Section("model", anchor, title, body, model=model) for anchor, title, body in parts)
    yield Section("model", "uses", ("What it is for", "适用范围"), _listed(USES))
    yield Section("model", "limits", ("Where not to trust it", "使用限制"), _listed(LIMITS))
    yield Section("model", "serving", ("Who served when", "上线历史"), _served(folder, calendar))


def _listed(sentences: Sequence[Two]) -> str:
    return "<ul>" + "".join(f"<li>{both(*one)}</li>" for one in sentences) + "</ul>"


def _written(path: Path) -> Mapping[str, Any]:
    """The champion's file; nothing where it cannot be read, which monitoring tells elsewhere."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _facts(champion: Champion, cutoffs: Sequence[datetime], written: Mapping[str, Any], calendar: Calendar) -> str:
    bundle = champion.bundle
    learner = LEARNERS[bundle.learner]
    rows = [
        [both("version", "版本"), escape(champion.version)],
        [both("it answers", "回答的问题"), _asked(bundle)],
        [both("learner", "学习器"), both(f"{learner[0]}, {bundle.trees} trees", f"{learner[1]}，{bundle.trees} 棵树")],
        [both("trained on", "训练日期"), f"{calendar.day_of(bundle.trained_at)}"],
        [both("promoted on", "启用日期"), _day(written.get("promoted_at"), calendar)],
        [both("learned from", "训练数据"), _learned(bundle, cutoffs, calendar)],
        [both("base rate", "基准比率"), f"{bundle.base_rate:.1%}"],
        [both("grade", "等级"), _grade(bundle)],
        [both("bands", "档位"), _bands(bundle)],
        [both("calibration", "校准"), both(*CALIBRATORS.get(bundle.calibrator.kind, (bundle.calibrator.kind,) * 2))],
        [both("model hash", "模型哈希"), f"<code>{escape(champion.model_hash[:16])}</code>"],
        [both("definition", "流失定义"), f"<code>{escape(bundle.definition_id)}</code>"],
    ]
    return f'<div class="scroll facts">{table(["", ""], rows)}</div>'


def _asked(bundle: Bundle) -> str:
    days, gap = bundle.horizon_days, bundle.gap_days
    when, when_zh = f"in the {days} days to come", f"今后 {days} 天内"
    if gap:
        when, when_zh = f"in the {days} days that begin {gap} days from now", f"{gap} 天后的 {days} 天内"
    if bundle.model == "churn":
        return both(
            f"How likely is a customer who is not lapsed to have no qualifying event {when}?",
            f"未流失客户在{when_zh}没有任何有效事件的概率",
        )
    return both(f"How likely is a lapsed customer to come back {when}?", f"已流失客户在{when_zh}回归的概率")


def _learned(bundle: Bundle, cutoffs: Sequence[datetime], calendar: Calendar) -> str:
    count = len(bundle.features)
    if not cutoffs:
        return both(f"{count} features; its snapshot cannot be read", f"{count} 个特征；训练快照无法读取")
    first, last = (calendar.day_of(one) for one in (min(cutoffs), max(cutoffs)))
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


def _gate(written: Mapping[str, Any]) -> str:
    gate = written.get("gate")
    checks = gate.get("checks", ()) if isinstance(gate, Mapping) else ()
    if not checks:
        return f"<p>{both('It was let serve before checks were written down.', '启用时尚未记录检查结果。')}</p>"
    rows = [
        [
            _check(str(one["name"])),
            both(*STATES.get(one["state"], (str(one["state"]),) * 2)),
            both(str(one["why"]), str(one["why_zh"])),
        ]
        for one in checks
    ]
    return f'<div class="scroll wraps">{table([both("check", "检查"), "", both("why", "依据")], rows)}</div>'


def _check(code: str) -> str:
    name = code.replace("_", " ")
    return both(name, CHECKS.get(code, name))


def _day(instant: Any, calendar: Calendar) -> str:  # whatever a file holds
    """The day of the business on which something happened."""
    try:
        return f"{calendar.day_of(datetime.fromisoformat(instant))}"
    except (TypeError, ValueError):
        return "–"


def _served(folder: Path, calendar: Calendar) -> str:
    """Newest first; who did it is left to `churn history`."""
    path = folder / HISTORY
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    rows = [row for line in reversed(lines[-SHOWN:]) if (row := _act(line, calendar))]
    if not rows:
        return f"<p>{both('Nothing was written down.', '没有记录。')}</p>"
    head = [both("on", "日期"), both("what", "事项"), both("version", "版本"), ""]
    return f'<div class="scroll wraps">{table(head, rows)}</div>'


def _act(line: str, calendar: Calendar) -> list[str]:
    try:
        told = json.loads(line)
        act = ACTS.get(told["act"], (told["act"], told["act"]))
        why = both(str(told.get("why", "")), str(told.get("why_zh", "")))
        folded = f"<details><summary>{both('why', '原因')}</summary>{why}</details>" if told.get("why") else ""
        when = f'<span class="quiet">{_day(told["at"], calendar)}</span>'
        return [when, both(*act), f"<b>{escape(told['name'])}/{escape(str(told['version']))}</b>", folded]
    except (ValueError, KeyError, TypeError):  # `churn history --verify` says what is wrong with it
        return []
