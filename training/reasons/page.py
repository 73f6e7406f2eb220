"""The page of a model's reasons: what it looks at, and how far that can be trusted. One file, two languages, no script.

Start reading at `page`.
"""

import base64
from collections.abc import Mapping
from html import escape
from typing import Final

from churn.bundle import Bundle
from churn.page import both, frame, part, table
from churn.reasons import CAUSES, GROUPS
from churn.settings import Settings
from training.reasons.counted import Share
from training.reasons.hits import HitRates
from training.reasons.report import OTHER_WORDS, Reasons

TOP: Final = 15
CASES: Final = {"complaint": ("complaints", "投诉"), "support_ticket": ("tickets", "工单")}
MODELS: Final = {"churn": ("reasons of the churn model", "流失模型的原因"), "reactivation": (
    "reasons of the reactivation model", "回归模型的原因")}  # fmt: skip
STATED_NOTE: Final = (
    (
        "Stated reasons stand beside modelled ones and are never merged: the one is what somebody said, the other "
        "what a score rests on."
    ),
    "自述原因与模型原因并列展示，从不合并：前者是客户所说，后者是评分依据。",
)
FOOTER: Final = (
    (
        "An association, not a cause: changing what is named need not change what happens. docs/reasons.md says "
        "how each figure is made. Made by churn explain."
    ),
    "相关并非因果：改变所列因素未必改变结果。各数字的算法见 docs/reasons.md。由 churn explain 生成。",
)
STYLE: Final = "img{max-width:100%;background:#fff;border-radius:6px}"


def page(found: Reasons, bundle: Bundle, settings: Settings, pictures: Mapping[str, bytes]) -> str:
    """The page of a model's reasons."""
    business, first = settings.business, found.groups[0]
    images = "".join(
        f'<p><img alt="{escape(name)}" src="data:image/png;base64,{base64.b64encode(one).decode()}"></p>'
        for name, one in pictures.items()
    )
    hits = _hits(found.hits) if found.hits else ""
    return frame(
        f"{business.name}: reasons",
        language=business.language,
        tone="fine" if found.deletion.passed and found.deletion.told_passed else "warning",
        heading=f"{escape(business.name)} · {both(*MODELS[found.model])}",
        says=both(
            f"Most of all its scores rest on {_group(first.code)[0]} ({first.share:.0%} of all movement).",
            f"评分主要依据：{_group(first.code)[1]}（占全部影响的 {first.share:.0%}）。",
        ),
        as_of=both(
            f"Version {found.version}, model {found.model_hash[:12]}; {found.rows:,} test rows explained.",
            f"版本 {found.version}，模型 {found.model_hash[:12]}；解释了 {found.rows:,} 行测试数据。",
        ),
        body=[
            part(
                ("What its scores rest on, by group of reasons", "评分依据：按原因类别"),
                f"<section>{_by_group(found)}</section>",
            ),
            part(("Feature by feature", "各项特征"), f"<section>{_by_feature(found, bundle)}</section>{images}"),
            part(("How far the reasons can be trusted", "原因的可信程度"), f"<section>{_tests(found)}</section>"),
            part(
                ("What customers said themselves", "客户自述的原因"),
                f"<section>{_said(found)}</section>{_open(found)}{hits}", note=STATED_NOTE,
            ),
        ],
        footer=FOOTER,
        style=STYLE,
    )  # fmt: skip


def _by_group(found: Reasons) -> str:
    names = [
        ("group", "类别"),
        ("share of movement", "影响占比"),
        ("mean size, log-odds", "平均幅度（对数几率）"),
        ("raises the chance of", "提高可能性的客户"),
        ("strongest for", "最强原因的客户"),
    ]
    rows = [
        [both(*_group(one.code)), f"{one.share:.1%}", f"{one.log_odds:.3f}", f"{one.raises:.0%}", f"{one.first:.1%}"]
        for one in found.groups
    ]
    return table([both(*name) for name in names], rows)


def _by_feature(found: Reasons, bundle: Bundle) -> str:
    head = [
        both("feature", "特征"), both("mean size, log-odds", "平均幅度（对数几率）"), both("more of it", "数值越大"),
        both("gain of trees", "树的增益"), both("meaning", "含义"),
    ]  # fmt: skip
    rows = []
    for one in found.features[:TOP]:
        text = bundle.texts.get(one.feature)
        meaning = both(text.en, text.zh) if text else ""
        rows.append(
            [
                f"<code>{escape(one.feature)}</code>",
                f"{one.log_odds:.3f}",
                _way(one.direction),
                f"{one.gain:.1%}",
                meaning,
            ]
        )
    return table(head, rows)


def _way(direction: float | None) -> str:
    if direction is None or abs(direction) < 0.1:
        return "–"
    up = direction > 0
    return (
        both("higher chance" if up else "lower chance", "可能性更高" if up else "可能性更低") + f" ({direction:+.2f})"
    )


def _tests(found: Reasons) -> str:
    gone = found.deletion
    rows = [
        [
            both(
                "Deletion: taking the top group away moves the score more than a random one, in",
                "删除检验：去掉首要类别比去掉随机类别更能改变评分，占",
            ),
            _share(gone.beats_random) + (" ✓" if gone.passed else " ✗"),
        ],
        [
            both(
                "the same for the group told first, where one is clear",
                "首先告知的类别（有明确原因时）同上，占",
            ),
            _share(gone.told_beats_random) + (" ✓" if gone.told_passed else " ✗"),
        ],
        [both("no other group moves it more, in", "没有其他类别影响更大，占"), _share(gone.most)],
        [
            both("Sums equal the raw score; off by at most", "各项之和等于原始评分；最大误差"),
            f"{found.off:.1e}",
        ],
    ]
    if found.stability:
        stays, ranks = found.stability, ", ".join(f"{one:.2f}" for one in found.stability.rank_correlation)
        rows += [
            [both("Stability: rank correlation of groups under refit", "稳定性：重新拟合后类别排序的相关系数"), ranks],
            [both("customers whose top group stays", "首要类别不变的客户"), _share(stays.same_top)],
            [both("of those where it stands out clearly", "其中首要类别明显突出的客户"), _share(stays.clear_same_top)],
        ]
    return table([both("test", "检验"), both("found", "结果")], rows)


def _said(found: Reasons) -> str:
    if not found.stated:
        return f"<p>{both('Nobody stated a reason in this log.', '日志中无客户自述原因。')}</p>"
    rows = [[both(*_cause(code)), f"{count:,}"] for code, count in list(found.stated.items())[:TOP]]
    rest = list(found.stated.values())[TOP:]
    if rest:
        rows.append([both(f"{len(rest):,} others", f"其余 {len(rest):,} 种"), f"{sum(rest):,}"])
    return table([both("last stated", "最近一次自述"), both("customers", "客户数")], rows)


def _open(found: Reasons) -> str:
    """Cases that nobody has solved, at the newest test cutoff."""
    told = []
    for kind, one in found.open_cases.items():
        en, zh = CASES[kind]
        if one is None:
            words = (
                f"Open {en}: unknown, the log tells no solution.",
                f"未解决的{zh}：未知，日志从未记录解决。",
            )
        elif not one.cases:
            words = f"Open {en}: none.", f"未解决的{zh}：无。"
        else:
            words = (
                f"Open {en}: {one.cases:,} of {one.customers:,} customers, the oldest for {one.oldest_days:.0f} days.",
                f"未解决的{zh}：{one.cases:,} 件，涉及 {one.customers:,} 位客户，最久已 {one.oldest_days:.0f} 天。",
            )
        told.append(f"<p>{both(*words)}</p>")
    return "".join(told)


def _hits(found: HitRates) -> str:
    head = [both("of customers who then left", "随后流失的客户中"), both("hits", "命中率")]
    rows = [
        [both("strongest group of the model", "模型的最强类别"), _share(found.top)],
        [both("strongest that raises the chance", "最强的提高可能性的类别"), _share(found.top_raising)],
        [both("of those, no mere symptom", "其中非表面症状的类别"), _share(found.top_cause)],
        [both("largest beside its usual size", "相对其通常幅度最突出的类别"), _share(found.unusual)],
        [both("a group at random", "随机类别"), f"{found.random:.1%}"],
        [both("a group at random, no symptom", "随机的非症状类别"), f"{found.random_cause:.1%}"],
        [
            both(
                f"always the group that is right most often: {_group(found.commonest_group)[0]}",
                f"总是说最常正确的类别：{_group(found.commonest_group)[1]}",
            ),
            _share(found.commonest),
        ],
    ]
    return f"<section>{table(head, rows)}</section>{_why(found)}"


def _why(found: HitRates) -> str:
    """Where naming one cause for all is right more often, that: it is what a reader must know before acting."""
    if found.commonest.share <= max(found.top.share, found.top_raising.share, found.unusual.share):
        return ""
    en, zh = _group(found.commonest_group)
    told = both(
        f"Naming always {en} is right more often: these reasons say what gives a customer away, not why they leave.",
        f"总是说“{zh}”反而更常正确：这些原因说明客户因何被识别，而非为何离开。",
    )
    return f"<p>{told}</p>"


def _share(one: Share) -> str:
    low, high = one.interval
    return f"{one.share:.1%} [{low:.1%}, {high:.1%}], n {one.n:,}"


def _group(code: str) -> tuple[str, str]:
    return (GROUPS[code].en, GROUPS[code].zh) if code in GROUPS else (code, code)


def _cause(code: str) -> tuple[str, str]:
    if code == OTHER_WORDS:
        return "other words, each of a few customers", "其他说法，各仅少数客户使用"
    return (CAUSES[code].en, CAUSES[code].zh) if code in CAUSES else (code, code)
