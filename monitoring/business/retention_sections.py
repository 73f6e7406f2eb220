"""What the page of the business shows of retention and of the stages: rates, the gap in words, stock and flow.

Start reading at `sections`.
"""

from collections.abc import Iterator

from churn.calendar import from_us
from churn.page import Two, both, table
from churn.stages import FIVE, Stage
from monitoring.business.page_words import NO_MONTH, STAGES_NOTE, gap, told_until
from monitoring.business.panel import STAGES
from monitoring.business.retention import stocks
from monitoring.business.taking_stock import Stocktaking
from monitoring.business.words import STAGE_WORDS, churn_means, count, interval, percent
from monitoring.section import Section
from monitoring.site.plots import Series, line, stacked

PAGE = "business"
UNSEEN: Two = ("not known before", "此前未知")


def sections(found: Stocktaking) -> Iterator[Section]:
    """Retention, then stock and flow."""
    title = ("Retention and churn", "留存与流失")
    yield Section(PAGE, "retention", title, _retention(found), churn_means(found.lifecycle))
    yield Section(PAGE, "stages", ("Where customers stand", "客户生命周期存量与流量"), _stages(found), STAGES_NOTE)


def _retention(found: Stocktaking) -> str:
    newest = [nth for nth in (found.latest("month"), found.latest("quarter")) if nth is not None]
    if not newest:
        return f"<p>{both(*NO_MONTH)}</p>"
    told = "".join(f"<p>{both(*gap(found.periods[nth].name, found.retention(nth)))}</p>" for nth in newest)
    pictures = "".join(_lines(found, grain) for grain in ("month", "quarter"))
    until = both(*told_until(from_us(found.edges.now_us)))
    return f'<p class="quiet">{until}</p>{_table(found, newest)}{told}<div class="grid">{pictures}</div>'


def _table(found: Stocktaking, newest: list[int]) -> str:
    head = [
        both("period", "时期"), both("at the start", "期初活跃"), both("acquired", "新获客"),
        both("lapsed", "流失"), both("won back", "赢回"), both("at the end", "期末活跃"),
        both("retention by formula", "留存率（公式）"), both("by cohort (95 %)", "留存率（群组，95% 区间）"),
        both("churn rate (95 %)", "流失率（95% 区间）"),
    ]  # fmt: skip
    rows = []
    for nth in newest:
        one = found.retention(nth)
        numbers = [count(n) for n in (one.start, one.acquired, one.lapsed, one.won_back, one.end)]
        rates = [percent(one.by_formula), interval(one.by_cohort), interval(one.churn)]
        rows.append([found.periods[nth].name, *numbers, *rates])
    return table(head, rows)


def _lines(found: Stocktaking, grain: str) -> str:
    places = [nth for nth in found.of(grain) if found.periods[nth].is_over and found.retention(nth).start]
    if len(places) < 2:
        return ""
    kept = [found.retention(nth) for nth in places]
    cohort = [one.by_cohort for one in kept]
    series = [
        Series(
            ("by cohort, 95 % band", "按群组，95% 区间"), [one.value if one else None for one in cohort],
            low=[one.low if one else None for one in cohort], high=[one.high if one else None for one in cohort],
        ),
        Series(("by formula", "按公式"), [one.by_formula for one in kept]),
    ]  # fmt: skip
    words = {"month": ("Retention by month", "月留存率"), "quarter": ("Retention by quarter", "季度留存率")}
    labels = [found.periods[nth].name[2:] for nth in places]  # 24-Q1: room for all of them
    return line(series, labels, title=words[grain], as_percent=True)


def _stages(found: Stocktaking) -> str:
    months = found.of("month")
    parts: list[tuple[Two, list[float]]] = [
        (STAGE_WORDS[stage.value], [float(stocks(found.flow(nth))[place].end) for nth in months])
        for place, stage in enumerate(STAGES)
    ]
    labels = [found.periods[nth].name + ("" if found.periods[nth].is_over else " …") for nth in months]
    title = ("Customers by stage at the end of each month", "每月末各阶段客户数")
    newest = found.latest("month")
    flow = "" if newest is None else _stock(found, newest) + _moves(found, newest)
    return stacked(parts, labels, title=title, is_wide=True) + flow


def _stock(found: Stocktaking, nth: int) -> str:
    head = [
        both(found.periods[nth].name, found.periods[nth].name), both("of the five", "五阶段"), both("start", "期初"),
        both("in", "转入"), both("out", "转出"), both("end", "期末"),
    ]  # fmt: skip
    rows = [
        [
            both(*STAGE_WORDS[one.stage]), both(*FIVE[Stage(one.stage)]),
            count(one.start), count(one.came), count(one.went), count(one.end),
        ]
        for one in stocks(found.flow(nth))
    ]  # fmt: skip
    return table(head, rows)


def _moves(found: Stocktaking, nth: int) -> str:
    """Who moved where: rows are stages at the start, columns at the end."""
    flow = found.flow(nth)
    names = [UNSEEN, *(STAGE_WORDS[stage.value] for stage in STAGES)]
    head = [both("from ↓ to →", "从 ↓ 到 →"), *(both(*name) for name in names[1:]), both("start", "期初")]
    rows = [
        [both(*name), *(count(n) if n else "·" for n in flow[place, 1:]), count(flow[place].sum()) if place else "–"]
        for place, name in enumerate(names)
    ]
    rows.append([both("end", "期末"), *(count(n) for n in flow[:, 1:].sum(axis=0)), count(flow.sum())])
    return table(head, rows)
