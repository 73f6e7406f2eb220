"""The front page of a run: what is wrong since when, key figures over the runs, what cannot be judged yet, who serves.

Start reading at `sections`; `says` is the sentence on top.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from html import escape

from churn.calendar import Calendar
from churn.page import Two, both, both_code, table
from monitoring.findings import Findings
from monitoring.history import Run
from monitoring.ledger.realised import Realised
from monitoring.reason import Reason
from monitoring.section import Section, shown_at
from monitoring.site.keys import OF_BUSINESS, OF_MODELS, tiles
from monitoring.site.light import MODELS, badge
from monitoring.verdict import Verdict

SHOWN = 120  # newest runs that a figure's way is drawn of
ALL_WELL: Two = ("No reason to do anything.", "无需采取任何行动。")
UNSERVED: Two = (
    "Nobody is scored for this. `churn history` says why the newest model may not serve; `churn promote` asks again.",
    "目前没有客户获得此项评分。`churn history` 说明最新模型为何未上线；`churn promote` 可再次申请。",
)
PAGES: dict[str, Two] = {
    "data": ("the data", "数据"), "drift": ("what moved", "偏移"), "performance": ("what came true", "实际表现"),
    "business": ("the business", "业务"), "model": ("the model", "模型"), "history": ("the runs before", "历次运行"),
    "index": ("below", "下文"),
}  # fmt: skip


def says(summary: Two, findings: Sequence[Findings], ledgers: Sequence[Realised]) -> Two:
    """The sentence on top: what and what to do, which `summary` says, and what that rests on."""
    asked, matured = sum(one.rows for one in findings), sum(one.n for one in ledgers if one.state == "mature")
    sure = (
        f"Judged on {asked:,} customers and {matured:,} answers whose outcome is known.",
        f"依据：{asked:,} 位客户，{matured:,} 个已知结果的评分。",
    )
    if not matured:
        sure = (
            f"Judged on {asked:,} customers; no answer is old enough yet to be held against its outcome.",
            f"依据：{asked:,} 位客户；尚无评分到期可与实际结果对照。",
        )
    return f"{summary[0]} {sure[0]}", f"{summary[1]}{sure[1]}"


def sections(
    findings: Sequence[Findings],
    verdicts: Sequence[Verdict],
    whole: Verdict,
    ledgers: Sequence[Realised],
    past: Sequence[Run],
    pages: dict[str, str],
    calendar: Calendar,
    currency: str,
) -> Iterator[Section]:
    """The parts of the front page.

    Args:
        findings: of each model.
        verdicts: in the same order.
        whole: of the business.
        ledgers: what became of the answers of every model version.
        past: the runs, oldest first, this one last.
        pages: model to the file of its Evidently report.
        calendar: whose days people are told.
        currency: of its money.
    """
    for verdict in verdicts:
        yield Section(
            "index", "verdict", ("What to do", "结论与处理"), _verdict(verdict, calendar), model=verdict.model
        )
    for model in MODELS:
        if model not in {one.model for one in verdicts}:
            said = both_code(*UNSERVED)
            yield Section("index", "unserved", ("No model serves", "没有模型上线"), f"<p>{said}</p>", model=model)
    if whole.reasons:
        title: Two = ("The business as a whole", "整体业务")
        yield Section("index", "verdict", title, _verdict(whole, calendar))
    figures = "".join(_figures(past, [one.champion.model for one in findings], currency))
    if figures:
        yield Section("index", "figures", ("Key figures", "关键指标"), figures)
    yield Section("index", "waiting", ("Not judged yet", "尚未判断"), _waiting(ledgers, calendar))
    yield Section("index", "champions", ("Who serves", "当前模型"), _champions(findings, pages, calendar))
    untold = [one for each in (*verdicts, whole) for one in each.reasons if one.code.startswith("untold_")]
    if untold:
        rows = "".join(f"<li>{both_code(*one.what, one.mend)}</li>" for one in untold)
        yield Section("index", "untold", ("What could not be looked at", "未能查看的部分"), f"<ul>{rows}</ul>")


def _verdict(verdict: Verdict, calendar: Calendar) -> str:
    head = f'<p class="{verdict.outcome}">{badge(verdict.outcome)} {escape(verdict.version)}</p>'
    if not verdict.reasons:
        return f"{head}<p>{both(*ALL_WELL)}</p>"
    alike: dict[tuple[str, Two], list[Reason]] = {}
    for one in verdict.reasons:
        alike.setdefault((one.outcome, one.mend), []).append(one)
    rows = "".join(_alike(verdict, outcome, mend, alarms, calendar) for (outcome, mend), alarms in alike.items())
    return f'{head}<ul class="reasons">{rows}</ul>'


def _alike(verdict: Verdict, outcome: str, mend: Two, alarms: Sequence[Reason], calendar: Calendar) -> str:
    """Alarms that ask for the same, and once what they ask for."""
    told = "".join(f"<p>{_alarm(verdict, one, calendar)}</p>" for one in alarms)
    return f'<li class="{outcome}">{told}<p>{both_code(*mend)}</p></li>'


def _alarm(verdict: Verdict, one: Reason, calendar: Calendar) -> str:
    where, page = shown_at(one.evidence, verdict.model or None), one.evidence.partition(".html")[0]
    link = PAGES.get(page, PAGES["index"])
    against = both(f"{one.number:g} against {one.threshold:g}", f"{one.number:g}，门槛 {one.threshold:g}")
    since = verdict.since.get(one.code)
    return (
        f'<b>{both(*one.what)}</b> <span class="figure">{against}</span> '
        f'<a href="{escape(where)}">{both(f"See {link[0]}", f"查看{link[1]}")}</a> '
        f"{_since(calendar.day_of(since.at), since.runs) if since else ''}"
    )


def _since(day: date, runs: int) -> str:
    if runs <= 1:
        said = ("New in this run.", "本次运行新出现。")
    else:
        said = (f"Since {day}, {runs} runs in a row.", f"自 {day} 起，已连续 {runs} 次运行。")
    return f'<span class="since">{both(*said)}</span>'


def _figures(past: Sequence[Run], models: Sequence[str], currency: str) -> Iterator[str]:
    for model in (*models, None):
        told = tiles(past[-SHOWN:], OF_MODELS if model else OF_BUSINESS, model, currency)
        if told:
            name = MODELS.get(model, (model, model)) if model else ("business", "业务")
            yield f'<h3>{both(*name)}</h3><div class="tiles">{told}</div>'


def _waiting(ledgers: Sequence[Realised], calendar: Calendar) -> str:
    rows = [
        [
            escape(one.version), f"{one.immature:,}",
            f"{calendar.day_of(one.first_mature_at)}" if one.first_mature_at else "–",
        ]
        for one in ledgers
        if one.immature
    ]  # fmt: skip
    if not rows:
        return f"<p>{both('No answer is waiting for its outcome.', '没有等待结果的评分。')}</p>"
    head = [both("model", "模型"), both("immature answers", "未成熟评分"), both("first judged on", "最早可判断")]
    return f'<div class="scroll">{table(head, rows)}</div>'


def _champions(findings: Sequence[Findings], pages: dict[str, str], calendar: Calendar) -> str:
    head = [
        both("model", "模型"), both("trained on", "训练日期"), both("grade", "等级"),
        both("customers now", "当前客户"), both("age of features", "特征时效"), "",
    ]  # fmt: skip
    rows = [
        [
            f'<a href="model.html#{escape(one.champion.model)}-card">{escape(one.champion.version)}</a>',
            f"{calendar.day_of(one.champion.bundle.trained_at)}",
            _grade(one),
            f"{one.rows:,}",
            _age(one),
            f'<a href="{escape(pages[one.champion.model])}">Evidently</a>' if one.champion.model in pages else "",
        ]
        for one in findings
    ]
    return f'<div class="scroll">{table(head, rows)}</div>'


def _grade(one: Findings) -> str:
    grade = one.champion.bundle.grade
    if grade is None:
        return "–"
    return both("none", "无") if grade.letter == "none" else grade.letter


def _age(one: Findings) -> str:
    if one.age is None:
        return both("not known", "未知")
    hours = one.age.total_seconds() / 3600
    return both(f"{hours:,.0f} h", f"{hours:,.0f} 小时")
