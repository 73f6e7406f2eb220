"""What the site shows of the days to come, and of who has left: forecast against what came, the lapsed.

Start reading at `sections`.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from churn.page import Two, both, table
from churn.reasons import CAUSES
from monitoring.business.forecast import SEASON_DAYS, Forecast
from monitoring.business.hazards import Hazards
from monitoring.business.lapsed import (
    AGE,
    AGES,
    OPEN,
    OTHER,
    REACH,
    REACHES,
    REASON,
    REASONS,
    SIGN,
    SIGN_DAYS,
    SIGNS,
    VALUES,
    Lapsed,
)  # fmt: skip
from monitoring.business.segments import STAGE
from monitoring.business.shown import shown
from monitoring.business.words import dimension_word, level_word
from monitoring.section import Section
from monitoring.site.plots import Series, line, stacked

CODES: dict[str, Two] = {
    "no_models": ("No champion told anything about the customers of now.", "当前没有模型给出客户评分。"),
    "one_model": (
        "A forecast needs both models, churn and reactivation; one is missing.",
        "预测需要流失与再激活两个模型，缺少其一。",
    ),
    "not_scored": (
        "More than a fifth of the customers have no score of now: run churn score --all.",
        "超过五分之一的客户没有当前评分：请运行 churn score --all。",
    ),
    "gap": (
        "Days lie between cutoff and horizon, so the models tell nothing of them.",
        "截止日与预测期之间有间隔，模型无法预测这些天。",
    ),
    "no_horizon": ("The models tell none of 30, 60 and 90 days.", "模型没有 30、60 或 90 天的预测期。"),
    "no_season": (
        f"The log is shorter than {SEASON_DAYS} days, so nothing could be learned of this time of the year.",
        f"日志不足 {SEASON_DAYS} 天，无法得知一年中这个时段的情形，故不作预测。",
    ),
}
NO_BAND: Two = ("no interval: the models have no band", "无区间：模型没有区间")
FORECAST_NOTE: Two = (
    (
        "From the chances that both models tell, and expected new customers; interval of 90 %. Each forecast "
        "is kept, and "
        "judged once its day has come."
    ),
    "由两个模型给出的概率与预计新客得出，附 90% 区间。每次预测都会保留，到期后与实际对照。",
)
LAPSED_NOTE: Two = (
    (
        "Customers who have lapsed and not come back. Money is what they spent in the year before their last "
        "order; value "
        "is in thirds of those who spent any. Reasons are those that customers stated, the newest one of each."
    ),
    "已流失且尚未回归的客户。金额为其最后一单之前一年的消费额；价值按有消费者三等分。原因为客户自述，取最近一条。",
)
VALUE_WORDS: dict[str, Two] = {
    "none": ("no money", "无消费"), "low": ("low value", "低价值"), "middle": ("middle value", "中价值"),
    "high": ("high value", "高价值"),
}  # fmt: skip
REACH_WORDS: dict[str, Two] = {
    "email_and_phone": ("e-mail and phone", "邮件与电话"), "email": ("e-mail alone", "仅邮件"),
    "phone": ("phone alone", "仅电话"), "none": ("no consent", "未同意联系"),
    "not_listed": ("not in the file", "不在名单中"),
}  # fmt: skip
SIGN_WORDS: list[Two] = [
    ("answers messages and comes by", "响应消息且来访"), ("answers messages", "响应消息"), ("comes by", "来访"),
    ("no sign", "无动态"),
]  # fmt: skip
assert len(SIGN_WORDS) == len(SIGNS)
MOST_JUDGED = 60


def sections(found: Hazards) -> Iterator[Section]:
    """Parts of the business page."""
    title = ("Forecast of the active base", "活跃客户数预测")
    yield Section("business", "forecast", title, _forecast(found), FORECAST_NOTE)
    if found.lapsed.total:
        title = ("Who has left", "已流失客户")
        yield Section("business", "lapsed", title, _lapsed(found), LAPSED_NOTE)


def _forecast(found: Hazards) -> str:
    told = found.outlooks.told
    now = _table_of(told) if told else f"<p>{both(*CODES[found.outlooks.code])}</p>"
    known = [one for one in found.past if one.actual is not None]
    if not known:
        said = (
            "No earlier forecast has come due yet: what became of them is immature.",
            "此前的预测均未到期，尚无法对照。",
        )
        return f'{now}<p class="quiet">{both(*said)}</p>'
    pictures = "".join(_came([one for one in known if one.horizon_days == days]) for days in _horizons(known))
    return (
        f'{now}<h3>{both("Against what came", "预测与实际")}</h3>{_coverage(known)}<div class="grid">{pictures}</div>'
    )


def _horizons(told: Sequence[Forecast]) -> list[int]:
    return sorted({one.horizon_days for one in told})


def _table_of(told: Sequence[Forecast]) -> str:
    head = [
        both("in", "时间"), both("on", "日期"), both("active", "活跃客户"), both("90 % interval", "90% 区间"),
        both("stay without an order", "无需下单即保持"), both("order again", "再次下单"), both("return", "流失后回归"),
        both("new", "新客"),
    ]  # fmt: skip
    rows = [
        [
            both(f"{one.horizon_days} days", f"{one.horizon_days} 天"), f"{one.due:%Y-%m-%d}", f"{one.expected:,.0f}",
            _interval(one), *(f"{part:,.0f}" for part in (one.kept, one.come, one.returned, one.new)),
        ]
        for one in told
    ]  # fmt: skip
    active = told[0].active
    said = (f"Active now: {active:,}.", f"当前活跃客户：{active:,}。")
    return f'<p>{both(*said)}</p><div class="scroll">{table(head, rows)}</div>'


def _interval(one: Forecast) -> str:
    if one.low is None or one.high is None:
        return both(*NO_BAND)
    return f"{one.low:,.0f} – {one.high:,.0f}"


def _coverage(known: Sequence[Forecast]) -> str:
    rows = []
    for days in _horizons(known):
        mine = [one for one in known if one.horizon_days == days]
        held = [one.held for one in mine if one.held is not None]
        miss = float(np.mean([abs(one.expected / max(one.actual or 0, 1) - 1) for one in mine]))
        inside = f"{sum(held)} / {len(held)}" if held else "–"
        rows.append([both(f"{days} days", f"{days} 天"), f"{len(mine)}", inside, f"{miss:.1%}"])
    head = [
        both("ahead", "提前"), both("judged", "已对照"), both("within the interval", "落在区间内"),
        both("mean miss", "平均偏差"),
    ]  # fmt: skip
    return table(head, rows)


def _came(known: Sequence[Forecast]) -> str:
    """What was told beside what came, by the day it spoke of."""
    mine, days = known[-MOST_JUDGED:], known[0].horizon_days
    told = Series(
        ("told", "预测"), [one.expected for one in mine], [one.low for one in mine], [one.high for one in mine],
        is_estimate=True,
    )  # fmt: skip
    came = Series(("came", "实际"), [float(one.actual or 0) for one in mine])
    title = (f"Active base, told {days} days before", f"提前 {days} 天预测的活跃客户数")
    return line([told, came], [f"{one.due:%Y-%m-%d}" for one in mine], title=title)


def _lapsed(found: Hazards) -> str:
    lapsed, total = found.lapsed, found.lapsed.total
    said = (f"{total:,} customers have lapsed.", f"已流失客户共 {total:,} 位。")
    ages: list[Two] = [(f"{name} days", f"{name} 天") for _, name in AGES]
    by_age = lapsed.by_value(AGE).T
    picture = stacked(
        [(VALUE_WORDS[name], [float(one) for one in row]) for name, row in zip(VALUES, by_age, strict=True)],
        ages,
        title=("Lapsed customers by days since, and value", "按流失天数与价值的已流失客户"),
    )
    tables = [_levels(found, ("by days since", "按流失天数"), AGE, ages)]
    tables.append(_levels(found, ("by stated reason", "按自述原因"), REASON, _reasons()))
    tables.append(_waiting(lapsed))
    if lapsed.reach is None:
        none = "How they may be reached is not configured: [contacts] path, may_email, may_phone."
        tables.append(f'<p class="quiet">{both(none, "未配置联系许可：[contacts] path、may_email、may_phone。")}</p>')
    else:
        words = [REACH_WORDS[name] for name in REACHES]
        tables.append(_levels(found, ("by how they may be reached", "按可联系方式"), REACH, words))
    if lapsed.tells_signs:
        said_signs = (f"by signs of the last {SIGN_DAYS} days", f"按最近 {SIGN_DAYS} 天的动态")
        tables.append(_levels(found, said_signs, SIGN, SIGN_WORDS))
    segments = "".join(_segment(found, one.name) for one in lapsed.segmentation.dimensions[1:] if one.name != STAGE)
    more = f"<details><summary>{both('By segment', '按细分')}</summary>{segments}</details>" if segments else ""
    return f'<p>{both(*said)}</p><div class="grid">{picture}</div>{"".join(tables)}{more}'


def _reasons() -> list[Two]:
    words = {code: (one.en, one.zh) for code, one in CAUSES.items()} | {OTHER: ("another reason", "其他原因")}
    return [words.get(name, ("none stated", "未说明")) for name in REASONS]


def _waiting(lapsed: Lapsed) -> str:
    if OPEN not in lapsed.counts:
        english = "Nobody knows which complaints still wait: the log never tells that one was solved."
        said = (english, "日志未记录投诉的解决，无法得知哪些尚待处理。")
    else:
        waits = int(lapsed.counts[OPEN][1].sum())
        said = (f"{waits:,} of them have a complaint that nobody solved.", f"其中 {waits:,} 位有尚未解决的投诉。")
    return f'<p class="quiet">{both(*said)}</p>'


def _levels(found: Hazards, heading: Two, name: str, words: Sequence[Two]) -> str:
    """Customers and money of each level, and how many are of high value; small cells join `other`."""
    lapsed = found.lapsed
    counts, money = lapsed.by_value(name), lapsed.money_of(name)
    rows = []
    for cell in shown([str(place) for place in range(len(words))], counts.sum(axis=1), found.min_cell):
        places = list(cell.places)
        word = words[max(places, key=lambda place: int(counts[place].sum()))]
        word = word if len(places) == 1 else (f"{word[0]} + others", f"{word[1]} + 其他")
        customers, high = int(counts[places].sum()), int(counts[places, -1].sum())
        if customers:
            rows.append([both(*word), f"{customers:,}", f"{high:,}", f"{money[places].sum():,.0f} {found.currency}"])
    head = [
        both(*heading),
        both("customers", "客户数"),
        both("of high value", "高价值"),
        both("money a year", "年消费额"),
    ]
    return f'<div class="scroll">{table(head, rows)}</div>' if rows else ""


def _segment(found: Hazards, name: str) -> str:
    dimension = next(one for one in found.lapsed.segmentation.dimensions if one.name == name)
    words = [level_word(name, level, found.lapsed.segmentation, found.currency) for level in dimension.levels]
    return _levels(found, dimension_word(name), name, words)
