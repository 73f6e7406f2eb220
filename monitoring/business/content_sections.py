"""What the site shows of satisfaction, of what becomes of complaints, and of leads. Start reading at `sections`."""

from collections.abc import Iterator

from churn.page import Two, both, table
from monitoring.business.funnel import ENTERED_DAYS, MATURE_DAYS, STEPS
from monitoring.business.hazards import Hazards
from monitoring.business.satisfaction import ASKED, CASES, WAIT_DAYS, Mean, Satisfaction
from monitoring.business.segments import Dimension
from monitoring.business.shown import shown
from monitoring.business.survival import Share
from monitoring.business.words import STAGE_WORDS, dimension_word, level_word
from monitoring.section import Section
from monitoring.site.plots import Bar, Series, bars, line

KIND_WORDS: dict[str, Two] = {
    "survey": ("surveys", "问卷"), "review": ("reviews", "评价"), "complaint": ("complaints", "投诉"),
    "support_ticket": ("support tickets", "客服工单"),
}  # fmt: skip
STEP_WORDS: dict[str, Two] = {
    "awareness": ("awareness", "认知"), "interest": ("interest", "兴趣"), "decision": ("decision", "决策"),
    "action": ("action: the first order", "行动：首单"),
}  # fmt: skip
SATISFACTION_NOTE: Two = (
    "Scores as customers gave them, by the stage in which they stood at that moment; means with an interval of 95 %.",
    "客户给出的评分，按其当时所处阶段；均值附 95% 区间。",
)
FUNNEL_NOTE: Two = (
    (
        f"Customers who entered in the {ENTERED_DAYS} days before the last {MATURE_DAYS}; those of the last "
        f"{MATURE_DAYS} "
        "days still have time."
    ),
    f"在最近 {MATURE_DAYS} 天之前的 {ENTERED_DAYS} 天内进入的客户；最近 {MATURE_DAYS} 天进入者尚未成熟。",
)
NO_FUNNEL: dict[str, Two] = {
    "no_lead_events": ("The log has no lead events, so there is no funnel.", "日志中没有线索类事件，无法绘制漏斗。"),
    "buyers_only": (
        (
            "Nearly all who entered ordered: this log knows hardly any leads that came to nothing, so "
            "conversion cannot be "
            "told."
        ),
        "进入者几乎全部下单：日志中缺少未转化的线索，无法判断转化率。",
    ),
    "too_few": ("Nobody entered in that time.", "该时段内无人进入。"),
}


def sections(found: Hazards) -> Iterator[Section]:
    """Parts of the business page."""
    told = _scores(found) + _cases(found.satisfaction)
    none = ("The log has no surveys, reviews, complaints or tickets.", "日志中没有问卷、评价、投诉或工单。")
    title = ("Satisfaction", "满意度")
    yield Section("business", "satisfaction", title, told or f"<p>{both(*none)}</p>", SATISFACTION_NOTE)
    yield Section("business", "funnel", ("From lead to first order", "从线索到首单"), _funnel(found), FUNNEL_NOTE)


def _scores(found: Hazards) -> str:
    told, pictures, more = found.satisfaction, "", ""
    for kind in ASKED:
        stages = told.by_stage(kind, least=found.min_cell)
        if not stages:
            continue
        en, zh = KIND_WORDS[kind]
        rows = [_bar(STAGE_WORDS[stage], one) for stage, one in stages.items()]
        pictures += bars(rows, title=(f"Mean score of {en}, by stage", f"{zh}平均分，按阶段"), as_percent=False)
        pictures += _over_time(told, kind, found.min_cell)
        more += "".join(_by_segment(found, kind, one) for one in told.segmentation.dimensions[1:])
    details = f"<details><summary>{both('By segment', '按细分')}</summary>{more}</details>" if more else ""
    return f'<div class="grid">{pictures}</div>{details}' if pictures else ""


def _bar(name: Two, one: Mean) -> Bar:
    said = f"{one.value:.2f} (n {one.n:,})"
    return Bar(name, one.value, one.low, one.high, told=(said, said))


def _over_time(told: Satisfaction, kind: str, least: int) -> str:
    quarters = told.quarters(kind, least=least)
    if len(quarters) < 2:
        return ""
    en, zh = KIND_WORDS[kind]
    means = list(quarters.values())
    series = Series((en, zh), [one.value for one in means], [one.low for one in means], [one.high for one in means])
    return line([series], list(quarters), title=(f"Mean score of {en}, by quarter", f"{zh}平均分，按季度"))


def _by_segment(found: Hazards, kind: str, dimension: Dimension) -> str:
    rows = []
    for name, one in found.satisfaction.by_segment(kind, dimension, least=found.min_cell):
        word = level_word(dimension.name, name, found.satisfaction.segmentation, found.currency)
        rows.append([both(*word), f"{one.value:.2f} ({one.low:.2f}–{one.high:.2f})", f"{one.n:,}"])
    words, asked = dimension_word(dimension.name), KIND_WORDS[kind]
    head = [
        both(f"{asked[0]}, {words[0]}", f"{asked[1]}，{words[1]}"),
        both("mean score", "平均分"),
        both("answers", "份数"),
    ]
    return f'<div class="scroll">{table(head, rows)}</div>' if rows else ""


def _cases(told: Satisfaction) -> str:
    rows = []
    for kind in CASES:
        spells = told.solved.get(kind)
        if spells is None or not spells.count:
            continue
        answered, solved = told.done_within(kind, "answered"), told.done_within(kind, "solved")
        rows.append([both(*KIND_WORDS[kind]), f"{spells.count:,}", _share(answered), _share(solved)])
    if not rows:
        return ""
    head = [
        both("cases", "事项"), both("judged", "已判定"),
        both(f"answered within {WAIT_DAYS} days", f"{WAIT_DAYS} 天内答复"),
        both(f"solved within {WAIT_DAYS} days", f"{WAIT_DAYS} 天内解决"),
    ]  # fmt: skip
    return f'<div class="scroll">{table(head, rows)}</div>'


def _share(one: Share | None) -> str:
    if one is None:
        return both("the log does not tell", "日志未记录")
    return f"{one.value:.0%} ({one.low:.0%}–{one.high:.0%})"


def _funnel(found: Hazards) -> str:
    funnel = found.funnel
    if funnel.code != "told" or funnel.counts()[0] < found.min_cell:
        return f"<p>{both(*NO_FUNNEL.get(funnel.code, NO_FUNNEL['too_few']))}</p>"
    rows = []
    for place, step in enumerate(STEPS):
        share = funnel.conversion(place) if place < len(STEPS) - 1 else None
        days = funnel.median_days(place) if place < len(STEPS) - 1 else None
        rows.append(
            [both(*STEP_WORDS[step]), f"{funnel.counts()[place]:,}", _share(share) if share else "–",
             f"{days:,.0f}" if days is not None else "–"]
        )  # fmt: skip
    head = [
        both("step", "步骤"), both("customers", "客户数"), both("reach the next", "进入下一步"),
        both("median days to it", "中位天数"),
    ]  # fmt: skip
    young = (
        f"{funnel.immature:,} who entered lately are immature and left out.",
        f"近期进入的 {funnel.immature:,} 位尚未成熟，未计入。",
    )
    channels = "".join(_by_channel(found, one) for one in funnel.dimensions)
    return f'<div class="scroll">{table(head, rows)}</div><p class="quiet">{both(*young)}</p>{channels}'


def _by_channel(found: Hazards, dimension: Dimension) -> str:
    """Each step, and the median days to it, by acquisition channel and other attributes."""
    funnel, name, rows = found.funnel, dimension.name, []
    for cell in shown(dimension.levels, funnel.reached[name][:, 0], found.min_cell):
        reached = funnel.counts(name, cell.places)
        if not reached[0]:  # nobody is left for `other`
            continue
        steps = []
        for place in range(1, len(STEPS)):
            days = funnel.median_days(place - 1, name, cell.places, least=found.min_cell)
            steps += [
                f"{reached[place]:,} ({reached[place] / reached[0]:.0%})",
                "–" if days is None else f"{days:,.0f}",
            ]
        rows.append(
            [both(*level_word(name, cell.name, funnel.segmentation, found.currency)), f"{reached[0]:,}", *steps]
        )
    head = [both(*dimension_word(name)), both("entered", "进入")]
    for step in STEPS[1:]:
        head += [both(*STEP_WORDS[step]), both("median days", "中位天数")]
    return f'<div class="scroll">{table(head, rows)}</div>' if rows else ""
