"""What the page of the business shows of money and recommendations: 3R, buying again, value lost and won back.

Start reading at `sections`.
"""

from collections.abc import Iterator

from churn.page import both, table
from monitoring.business.cohorts import WITHIN_DAYS, again_of
from monitoring.business.page_words import AGAIN_NOTE, NO_MONEY, NO_REFERRALS, THREE_NOTE, VALUE_NOTE
from monitoring.business.segments import TOTAL
from monitoring.business.survival import wilson
from monitoring.business.taking_stock import Stocktaking
from monitoring.business.words import amount, count, interval, percent
from monitoring.section import Section
from monitoring.site.plots import Series, line

PAGE = "business"
SHOWN_MONTHS = 13  # of tables, a year and its month before


def sections(found: Stocktaking) -> Iterator[Section]:
    """The three R, buying again, value lost and won back."""
    title = ("3R: retention, revenue, referral", "3R：留存、收入、推荐")
    yield Section(PAGE, "three-r", title, _three(found), THREE_NOTE)
    yield Section(PAGE, "repeat", ("Buying again", "复购"), _again(found), AGAIN_NOTE)
    yield Section(PAGE, "value", ("Value lost and won back", "流失与赢回的价值"), _worth(found), VALUE_NOTE)


def _three(found: Stocktaking) -> str:
    head = [
        both("period", "时期"), both("retention", "群组留存率"), both("revenue", "收入"),
        both("growth", "环比"), both("in a year", "同比"),
        both("from known", "老客收入占比"), both("per buyer", "人均消费"),
        both("referrals", "推荐次数"), both("per active", "每位活跃客户"),
        both("new referred", "新客中被推荐者"),
    ]  # fmt: skip
    places = [nth for nth in [*found.of("quarter"), *found.of("month")[-SHOWN_MONTHS:]] if found.periods[nth].is_over]
    rows = []
    for nth in places:
        bought, told, growth = found.buying(nth), found.referrals(nth), found.growth(nth)
        made = [count(told.referrals), percent(told.per_customer), interval(told.referred_share)] if told else ["–"] * 3
        money = [amount(bought.money), percent(growth["on_before"], signed=True)]
        money += [percent(growth["on_year_before"], signed=True), percent(bought.known_share)]
        kept = interval(found.retention(nth).by_cohort)
        rows.append([found.periods[nth].name, kept, *money, amount(bought.money_per_buyer), *made])
    missing = [NO_MONEY] * (not found.has_money) + [NO_REFERRALS] * (not found.tells_referrals)
    return table(head, rows) + "".join(f"<p>{both(*said)}</p>" for said in missing)


def _again(found: Stocktaking) -> str:
    months = [nth for nth in found.of("month") if found.periods[nth].is_over and found.buying(nth).buyers]
    shares = [found.buying(nth).repeat_purchase for nth in months]
    picture = line(
        [
            Series(
                ("repeat-purchase rate, 95 % band", "复购率，95% 区间"), [one.value if one else None for one in shares],
                low=[one.low if one else None for one in shares], high=[one.high if one else None for one in shares],
            )
        ],
        [found.periods[nth].name for nth in months],
        title=("Of the buyers of a month, who bought on more than one day", "当月购买者中多于一天下单者"),
        as_percent=True,
    )  # fmt: skip
    rows = again_of(found.edges, found.joined[TOTAL])
    series = [
        Series((f"within {days} days", f"{days} 天内"), [row.shares()[at] for row in rows])
        for at, days in enumerate(WITHIN_DAYS)
    ]
    title = ("New customers who came back, by month of the first order", "新客复购率，按首单月份")
    second = line(series, [row.name for row in rows], title=title, as_percent=True, from_zero=True)
    head = [both("first order in", "首单月份"), both("customers", "客户数")]
    head += [both(f"within {days} days", f"{days} 天内") for days in WITHIN_DAYS]
    cells = [
        [row.name, count(row.size), *(interval(wilson(n, row.size) if n is not None else None) for n in row.counts)]
        for row in rows[-SHOWN_MONTHS:]
        if row.size
    ]
    return f'<div class="grid">{picture}{second}</div>{table(head, cells)}'


def _worth(found: Stocktaking) -> str:
    if not found.has_money:
        return f"<p>{both(*NO_MONEY)}</p>"
    months = [nth for nth in found.of("month") if found.periods[nth].is_over]
    told = [found.worth(nth) for nth in months]
    known = [one for one in told if one is not None]
    money = found.currency
    head = [
        both("month", "月份"), both("lapsed", "流失客户"), both(f"lost, {money}", f"流失价值（{money}）"),
        both("each", "人均"),
        both("returned", "回归客户"), both(f"won back, {money}", f"赢回价值（{money}）"), both("each", "人均"),
        both(f"net, {money}", f"净额（{money}）"),
    ]  # fmt: skip
    rows = []
    for nth, one in list(zip(months, known, strict=True))[-SHOWN_MONTHS:]:
        so_far = "" if one.is_year_over else " …"
        lost = [count(one.lapsed), amount(one.lost), amount(one.lost_per_customer)]
        back = [count(one.returned), amount(one.back) + so_far, amount(one.back_per_customer) + so_far]
        rows.append([found.periods[nth].name, *lost, *back, amount(one.net) + so_far])
    series = [
        Series(("lost", "流失"), [one.lost / 1000 for one in known], tone="bad"),
        Series(("won back", "赢回"), [one.back / 1000 if one.is_year_over else None for one in known], tone="good"),
        Series(
            ("won back so far", "至今赢回"),
            [None if one.is_year_over else one.back / 1000 for one in known], is_estimate=True,
        ),
    ]  # fmt: skip
    names = [found.periods[nth].name for nth in months]
    title = (f"Value lost and won back by month, 1,000 {money}", f"每月流失与赢回的价值，千 {money}")
    return line(series, names, title=title, from_zero=True, is_wide=True) + table(head, rows)
