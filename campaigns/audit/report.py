"""An audit as JSON, as lines of a terminal and as a page, in English and Chinese. Start reading at `write`."""

from html import escape
from pathlib import Path
from typing import Final

from campaigns.audit.audit import Audit
from campaigns.audit.disparity import BY_NEED, FINE, TOO_FEW, UNALIKE, WORSE, Disparity
from churn.page import Two, both, both_code, frame, part, table
from churn.settings import Settings
from features.atomic import write_json, write_text
from features.catalogue.kinds import PROFILE

FOLDER: Final = Path("campaigns") / "audit"
TOGETHER: Final = "_together"  # the id of no campaign
LEFT: Final = "td:nth-child(-n+3),th:nth-child(-n+3){text-align:left} td:last-child{white-space:nowrap}"
DIMENSIONS: Final[dict[str, Two]] = {
    "stage": ("stage", "阶段"), "value_tier": ("value tier", "价值层级"),
    "customer_since": ("time as a customer", "成为客户的时间"),
}  # fmt: skip
MEASURES: Final[dict[str, Two]] = {
    "offered": ("share offered something", "获得优惠的比例"),
    "offer_amount": ("worth of the offer", "优惠金额"),
}
VERDICTS: Final[dict[str, Two]] = {
    WORSE: ("worse terms at like risk", "风险相近而条件更差"),
    BY_NEED: ("worse terms, explained by risk", "条件更差，可由风险解释"),
    UNALIKE: ("worse terms, nobody of like risk to compare with", "条件更差，无风险相近者可比"),
    TOO_FEW: ("too few to say", "人数过少，无法判断"),
    FINE: ("no worse terms shown", "未发现条件更差"),
}
MEND: Final[Two] = (
    "see which [[action]] or segment brings it about, give alike customers the same terms, then plan and audit again.",
    "找出造成差异的 [[action]] 或分群，对情况相同的客户给予相同条件，然后重新制定计划并再次审计。",
)


def write(settings: Settings, found: Audit) -> Path:
    """Write report and page below the artifacts; the page's path. Counts and means, nobody's row.

    Raises:
        OSError: there is no room.
    """
    name = TOGETHER if found.together else found.campaign or "recommended"
    folder = settings.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{name}.json", found.as_json())
    write_text(folder / f"{name}.html", page(settings, found))
    return folder / f"{name}.html"


def sentence(found: Audit) -> Two:
    """What was found, in a sentence."""
    count = len({(one.dimension, one.group, one.others) for one in found.worse})
    if count:
        return (
            f"{count} groups get worse terms than others of like risk.",
            f"有 {count} 个群体在风险相近时获得的条件更差。",
        )
    return (
        "No group is shown to get worse terms than others of like risk.",
        "未发现任何群体在风险相近时获得更差的条件。",
    )


def lines(found: Audit, language: str) -> list[str]:
    """For a terminal: the outcome, then each group that fares worse, and what to do."""
    zh = language == "zh"
    loud = [one for one in found.found if one.verdict in (WORSE, BY_NEED, UNALIKE)]
    told = [
        *_whole(found, language),
        sentence(found)[zh],
        *(f"  {VERDICTS[one.verdict][zh]}: {in_words(one, language)}" for one in loud),
    ]
    if found.worse:
        told.append(f"处理办法：{MEND[1]}" if zh else f"To mend it: {MEND[0]}")
    if found.prices.is_by_need:
        pairs = "; ".join(" / ".join(pair) for pair in found.prices.pairs)
        reason = found.prices.reason or "-"
        told.append(f"评分决定价格：{pairs}；理由：{reason}" if zh else f"A score decides on prices: {pairs}; {reason}")
    return told


def _whole(found: Audit, language: str) -> list[str]:
    """Which campaigns were looked at as one, and which could not be."""
    if not found.together:
        return []
    zh, names = language == "zh", ", ".join(found.together)
    count = len(found.together)
    told = f"{count} 个活动合并审计：{names}" if zh else f"{count} campaigns looked at as one: {names}"
    return [told, *(f"  {'未纳入' if zh else 'left out'}: {name}: {why}" for name, why in found.left_out)]


def in_words(one: Disparity, language: str) -> str:
    """One group by one measure, with its numbers."""
    zh = language == "zh"
    measure, others = MEASURES[one.measure][zh], ("其他" if zh else "others") if one.others == "others" else one.others
    told = f"{one.dimension} {one.group} (n {one.n:,}) / {others} (n {one.n_others:,}), {measure}: "
    told += f"{one.mean:.3f} / {one.mean_others:.3f}"
    if one.adjusted is None:
        return told
    name = "风险相近时相差" if zh else "at like risk"
    return f"{told}; {name} {one.adjusted.value:+.3f} [{one.adjusted.low:+.3f}, {one.adjusted.high:+.3f}]"


def page(settings: Settings, found: Audit) -> str:
    """The page: a part a verdict, first what is worse, then everything else that was looked at."""
    what = both("all campaigns", "全部活动") if found.together else escape(found.campaign or "")
    more = [escape(one) for one in _whole(found, settings.business.language)]
    more += [both_code(*MEND)] if found.worse else []
    parts = {
        one: [row for row in found.found if row.verdict == one] for one in (WORSE, BY_NEED, UNALIKE, FINE, TOO_FEW)
    }
    return frame(
        f"{settings.business.name}: offers by group",
        language=settings.business.language,
        tone="error" if found.worse else "fine",
        heading=f"{escape(settings.business.name)}: {what or both('recommended actions', '推荐的行动')}",
        says="".join([both(*sentence(found)), *(f"<br>{one}" for one in more)]),
        as_of=both(
            f"{found.customers:,} customers, {found.offered:,} offered something; scores of {found.cutoff:%Y-%m-%d}.",
            f"{found.customers:,} 位客户，{found.offered:,} 位获得优惠；评分截至 {found.cutoff:%Y-%m-%d}。",
        ),
        body=[_part(verdict, rows) for verdict, rows in parts.items() if rows],
        footer=(
            "What counts as worse, and what this cannot see: docs/fair-and-lawful.md. Made by churn campaign audit.",
            "判断标准与局限见 docs/fair-and-lawful.md。由 churn campaign audit 生成。",
        ),
        style=LEFT,
    )


def _part(verdict: str, rows: list[Disparity]) -> str:
    head = [both("Group and customers", "群体与人数"), both("Against", "对照"), both("Measure", "指标"),
            both("Means", "均值"), both("At like risk", "风险相近时的差异")]  # fmt: skip
    en, zh = VERDICTS[verdict]
    return part((en[:1].upper() + en[1:], zh), f"<section>{table(head, [_row(one) for one in rows])}</section>")


def _row(one: Disparity) -> list[str]:
    told = one.adjusted
    at_like_risk = "" if told is None else f"{told.value:+.3f} [{told.low:+.3f}, {told.high:+.3f}]"
    en, zh = DIMENSIONS.get(one.dimension, (one.dimension.removeprefix(PROFILE),) * 2)
    others = both("others", "其他") if one.others == "others" else escape(one.others)
    return [
        f"{both(en, zh)} {escape(one.group.replace('_', ' '))} ({one.n:,})", f"{others} ({one.n_others:,})",
        both(*MEASURES[one.measure]), f"{one.mean:.3f} / {one.mean_others:.3f}", at_like_risk,
    ]  # fmt: skip
