"""The page of a hunt for leaks: what is suspicious first, then what was looked at. One file, no script, two languages.

Start reading at `page`.
"""

from html import escape
from typing import Final

from churn.page import both, both_code, frame, part, table
from churn.settings import Settings
from training.leaks.adversarial import Adversarial
from training.leaks.hunt import Hunt
from training.leaks.suspicion import Suspicion

TONES: Final = {"suspicious": "error", "guarded": "advice", "look": "warning"}
BADGES: Final = {"suspicious": ("Suspicious", "可疑"), "guarded": ("Guarded", "已防住"), "look": ("Look", "留意")}
NAMES: Final = {"churn": ("churn", "流失"), "reactivation": ("reactivation", "回归")}
ALONE_NOTE: Final = (
    "ROC AUC of each feature alone, cross-fitted over customers, with no shape assumed; 0.5 is chance.",
    "各特征单独的 ROC AUC，按客户交叉拟合，不假设形状；0.5 为随机。",
)
FOLDS_NOTE: Final = (
    (
        "How well test rows are told from training rows, without looking at outcomes. 0.5: not at all. The "
        "strongest feature is taken away each time. Tenure and days since a dated campaign tell the day; look at "
        "what else is named."
    ),
    (
        "不看结果时，测试行与训练行可被区分的程度，0.5 为完全不可区分。每一步去掉最强的特征。"
        "客户时长与距某次活动的天数本身就暴露日期，请留意其他特征。"
    ),
)
FOOTER: Final = (
    "What each check can and cannot catch: docs/leaks.md. Made by churn leaks; report.json has the numbers.",
    "各项检查能发现与不能发现的问题见 docs/leaks.md。由 churn leaks 生成；report.json 含相同数字。",
)


def page(found: Hunt, settings: Settings) -> str:
    """The page of a hunt."""
    business, day_of = settings.business, settings.lifecycle.calendar.day_of
    first, last, end = (day_of(one) for one in (found.cutoffs[0], found.cutoffs[-1], found.observed_until))
    best = "".join(_best(model, ones) for model, ones in found.best.items())
    apart = "".join(_apart(model, one) for model, one in found.apart.items())
    untold = "".join(f"<li>{both_code(*one)}</li>" for one in found.untold)
    return frame(
        f"{business.name}: leaks",
        language=business.language,
        tone="fine" if found.passed else "error",
        heading=f"{escape(business.name)} · {both('hunt for leaks', '泄漏排查')}",
        says=_says(found),
        as_of=both(
            f"{len(found.cutoffs)} training cutoffs from {first} to {last}, "
            f"{found.share:.0%} of the log, which ends {end}.",
            f"{len(found.cutoffs)} 个训练截止时点，{first} 至 {last}，读取日志的 {found.share:.0%}，日志截至 {end}。",
        ),
        body=[
            f"<section>{_findings(found.suspicions)}</section>",
            part(("What tells most alone", "单项最有预测力的特征"), best, note=ALONE_NOTE),
            part(
                ("Are training and test rows of one world?", "训练行与测试行是否同属一个世界？"), apart, note=FOLDS_NOTE
            ),
            part(("What was not checked", "未检查的内容"), f"<ul>{untold}</ul>" if untold else "–"),
        ],
        footer=FOOTER,
    )


def _says(found: Hunt) -> str:
    if found.passed:
        return both("Nothing suspicious was found.", "未发现可疑特征。")
    names = ", ".join(found.features[:6]) or ", ".join(one.kind for one in found.suspicious)
    return both(f"Suspicious: {names}. Look before you trust the model.", f"可疑：{names}。请先核查再信任模型。")


def _findings(suspicions: tuple[Suspicion, ...]) -> str:
    items = []
    for one in suspicions:
        sentences = both_code(one.says("en"), one.says("zh"), (one.mend("en"), one.mend("zh")))
        names = ", ".join(f"<code>{escape(name)}</code>" for name in one.features[:8])
        badge = f'<span class="badge">{both(*BADGES[one.level])}</span>'
        items.append(
            f'<li class="{TONES[one.level]}">{badge}<code>{escape(one.kind)}</code> {sentences}<p>{names}</p></li>'
        )
    return f'<ul class="findings">{"".join(items)}</ul>'


def _best(model: str, ones: tuple[tuple[str, float], ...]) -> str:
    head = [both("feature", "特征"), "AUC"]
    rows = [[f"<code>{escape(name)}</code>", f"{auc:.3f}"] for name, auc in ones]
    return f"<h3>{both(*NAMES[model])}</h3><section>{table(head, rows)}</section>"


def _apart(model: str, one: Adversarial) -> str:
    head = [
        both("take away", "依次去掉"), both("AUC with it", "去掉前 AUC"), both("share of gain", "增益占比"),
        both("median, training", "训练中位数"), both("median, test", "测试中位数"),
    ]  # fmt: skip
    rows = [
        [f"<code>{escape(m.feature)}</code>", f"{m.auc:.3f}", f"{m.share:.0%}", _number(m.train), _number(m.test)]
        for m in one.movers
    ]
    rows.append([both("what is left", "其余"), f"{one.left:.3f}", "", "", ""])
    told = both(
        f"AUC {one.auc:.3f} with everything, {one.without_calendar:.3f} without what all customers of a day share.",
        f"全部特征 AUC {one.auc:.3f}；去掉同日所有客户相同的特征后为 {one.without_calendar:.3f}。",
    )
    return f"<h3>{both(*NAMES[model])}</h3><p>{told}</p><section>{table(head, rows)}</section>"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"
