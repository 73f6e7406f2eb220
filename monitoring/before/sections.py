"""What the site shows of answers whose outcomes are not known yet: estimates beside what came, and early signs.

Start reading at `sections`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import exp, isnan

from churn.estimate_band import ALONE, Cohort, Estimate, banded
from churn.page import Two, both, table
from monitoring.before.found import Early, Estimated
from monitoring.findings import Findings
from monitoring.section import Section
from monitoring.site.plots import Limit, Series, line

NAMES: dict[str, Two] = {
    "roc_auc": ("ROC AUC", "ROC AUC"),
    "log_loss": ("log loss, nats a customer", "对数损失（每位客户，nat）"),
    "brier": ("Brier score", "Brier 分数"),
    "rate": ("share for whom it comes true", "应验比例"),
    "profit": ("profit per customer of contacting where it pays", "只联系划算者时的每客户利润"),
}
DRAWN = ("roc_auc", "rate")
BLIND: Two = (
    (
        "An estimate from the scores alone: it holds as long as they mean what they say. It cannot see that customers "
        "changed behind unchanged scores, so it decides nothing. Dashed: estimate, with the band that holds 9 of 10 "
        "cohorts; solid: what came."
    ),
    (
        "仅由评分推算的估计值：只有评分名副其实时才成立。客户行为变了而评分不变时它看不出来，因此不作为任何结论的依据。"
        "虚线：估计值及覆盖十分之九批次的区间；实线：实际结果。"
    ),
)
EARLY: Two = (
    (
        "Of customers asked about each Monday, how many were active in the first days, over what their scores let "
        "expect. A change of behaviour shows long before the horizon is over; festivals of every year are allowed for."
    ),
    (
        "每周一应评分的客户中，头几天实际活跃人数与按评分预期人数之比。"
        "远早于观察期结束即可看出行为变化；每年都有的节日已计入。"
    ),
)


def sections(findings: Sequence[Findings]) -> Iterator[Section]:
    """Estimates and early signs, model by model."""
    for found in findings:
        model = found.champion.model
        if found.estimate is not None:
            title = ("Before outcomes are known: estimates", "结果未知之前：估计值")
            yield Section("performance", "estimates", title, _estimates(found, found.estimate), BLIND, model)
        if found.early is not None:
            title = ("Before outcomes are known: early signs", "结果未知之前：早期信号")
            yield Section("performance", "early", title, _early(found.early), EARLY, model)


def _estimates(found: Findings, told: Estimated) -> str:
    pictures = "".join(_picture(found, told, name) for name in DRAWN)
    if told.abstains is not None:
        return f"<p>{both('No estimate: ', '无估计值：')}{both(*told.abstains.why)}</p>{_grid(pictures)}"
    rows = [[both(*NAMES[name]), *_cells(name, one)] for name, one in told.figures.items()]
    head = [both("figure", "指标"), both("estimate", "估计值"), both("band (9 of 10)", "区间（十之九）")]
    some = next(iter(told.figures.values()))
    return f"<p>{_stands_on(told, some)}</p>{table([*head, both('by chance alone', '仅随机')], rows)}{_grid(pictures)}"


def _stands_on(told: Estimated, some: Estimate) -> str:
    n, cohorts, worth = f"{told.n:,}", some.cohorts, f"{some.independent:.1f}"
    if some.is_learned:
        return both(
            f"Of {n} customers of now. The band was learned from {cohorts} past cohorts, worth {worth} that do not "
            "overlap.",
            f"基于当前 {n} 位客户。区间由过去 {cohorts} 个批次学得，相当于 {worth} 个互不重叠的批次。",
        )
    return both(
        f"Of {n} customers of now. Too few past cohorts ({cohorts}) say how wide the band must be: it rests on what is "
        "assumed beforehand (log-odds 0.3 off, or a fifth flatter), which is wide.",
        f"基于当前 {n} 位客户。过去的批次太少（{cohorts} 个），区间宽度取自预设"
        "（对数几率偏 0.3 或斜率平五分之一），偏宽。",
    )


def _cells(name: str, one: Estimate) -> list[str]:
    digits = 2 if name == "profit" else 4
    return [
        f"{one.value:,.{digits}f}",
        f"{one.low:,.{digits}f} – {one.high:,.{digits}f}",
        f"± {one.chance:,.{digits}f}",
    ]


def _picture(found: Findings, told: Estimated, name: str) -> str:
    """Estimates of past cohorts as they would have been told then, what came of them, and the estimate of now."""
    past = [one for one in told.past if name in one.realised]
    now = told.figures.get(name)
    if not past:
        return ""
    bundle = found.champion.bundle
    waits_days = bundle.gap_days + bundle.horizon_days
    bands = [_as_told_then(name, one, told, waits_days) for one in past] + ([now] if now else [])
    ends = list(zip(*((one.value, one.low, one.high) for one in bands), strict=True))
    words, nothing_yet = ("estimate", "估计值"), [None] * (len(bands) - len(past))
    estimate = Series(words, ends[0], low=ends[1], high=ends[2], tone="then", is_estimate=True)
    came = Series(("what came", "实际"), [*(one.realised[name] for one in past), *nothing_yet], tone="now")
    labels: list[str | Two] = [_day(one.cutoff) for one in past]
    labels += [("now", "现在")] * len(nothing_yet)
    return line([estimate, came], labels, title=NAMES[name], as_percent=name == "rate")


def _as_told_then(name: str, one: Cohort, told: Estimated, waits_days: float) -> Estimate:
    """A past cohort's estimate, its band from what had matured before it."""
    then, own = (
        [other for other in some if other.cutoff + timedelta(days=waits_days) <= one.cutoff]
        for some in (told.past, told.came)
    )
    mine = one.estimated[name]
    return banded(name, mine, told.usual.get(name, ALONE * mine.deviation), then, waits_days, own)


def _early(early: Early) -> str:
    picture = _weeks(early) if early.weeks else ""
    if early.abstains is not None or early.move is None or early.limit is None:
        why = early.abstains.why if early.abstains else ("", "")
        return f"<p>{both('Nothing can be told yet: ', '暂无法判断：')}{both(*why)}</p>{picture}"
    ratio, low, high = exp(early.move), exp(-early.limit), exp(early.limit)
    said = both(
        f"Activity of the last weeks is {ratio:.2f} times what is usual, given the scores; a quiet week stays between "
        f"{low:.2f} and {high:.2f}.",
        f"最近几周按评分折算的活跃度是往常的 {ratio:.2f} 倍；平稳的一周在 {low:.2f} 与 {high:.2f} 之间。",
    )
    return f"<p>{said}</p>{picture}"


def _weeks(early: Early) -> str:
    shown = early.weeks[-52:]
    moves = early.moves[-52:] if early.moves else ()
    week = Series(("each week", "每周"), [exp(one.sign) for one in shown], tone="then")
    series = [week]
    if moves:
        values = [None if isnan(one) else exp(one) for one in moves]
        series.append(Series(("last five weeks against the year before", "最近五周对比此前一年"), values, tone="now"))
    limits = []
    if early.limit is not None:
        limits = [Limit(exp(early.limit), ("limit", "界限")), Limit(exp(-early.limit), ("limit", "界限"))]
    title = (f"Activity within {early.days} days, actual over expected", f"{early.days} 天内活跃：实际 / 预期")
    return line(series, [_day(one.at) for one in shown], title=title, limits=limits, is_wide=True)


def _day(midnight: datetime) -> str:
    """The local day that a midnight of the business begins: the nearest one in UTC."""
    return f"{midnight + timedelta(hours=12):%Y-%m-%d}"


def _grid(pictures: str) -> str:
    return f'<div class="grid">{pictures}</div>' if pictures else ""
