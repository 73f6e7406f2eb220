"""An audit as JSON, as lines of a terminal and as a page, in English and Chinese. Start reading at `write`."""

from html import escape
from pathlib import Path
from typing import Final

from campaigns.audit.audit import Audit
from campaigns.audit.disparity import BY_NEED, TOO_FEW, UNALIKE, WORSE, Disparity
from churn.page import Two, both, frame, part, table
from churn.settings import Settings
from features.atomic import write_json, write_text

FOLDER: Final = Path("campaigns") / "audit"
TOGETHER: Final = "_together"  # the id of no campaign
MEASURES: Final[dict[str, Two]] = {
    "offered": ("share offered something", "获得优惠的比例"),
    "offer_amount": ("worth of the offer", "优惠金额"),
}
VERDICTS: Final[dict[str, Two]] = {
    WORSE: ("worse terms at like risk", "风险相近而条件更差"),
    BY_NEED: ("worse terms, explained by risk", "条件更差，可由风险解释"),
    UNALIKE: ("worse terms, nobody of like risk to compare with", "条件更差，无风险相近者可比"),
    TOO_FEW: ("too few to say", "人数过少，无法判断"),
    "fine": ("no worse terms shown", "未发现条件更差"),
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
    """The page: first what is worse, then everything that was looked at."""
    order = {WORSE: 0, BY_NEED: 1, UNALIKE: 2, "fine": 3, TOO_FEW: 4}
    rows = [_row(one) for one in sorted(found.found, key=lambda one: order[one.verdict])]
    head = ["", both("Group", "群体"), both("Against", "对照"), both("Measure", "指标"), both("Means", "均值"),
            both("Raw difference", "原始差异"), both("At like risk", "风险相近时的差异")]  # fmt: skip
    what = "all campaigns" if found.together else found.campaign or "recommended actions"
    whole = "".join(f"<p>{escape(one)}</p>" for one in _whole(found, settings.business.language))
    return frame(
        f"{settings.business.name}: offers by group",
        language=settings.business.language,
        tone="error" if found.worse else "fine",
        heading=escape(f"{settings.business.name}: {what}"),
        says=f"<p>{both(*sentence(found))}</p>" + whole + (f"<p>{both(*MEND)}</p>" if found.worse else ""),
        as_of=both(
            f"{found.customers:,} customers, {found.offered:,} offered something; scores of {found.cutoff:%Y-%m-%d}.",
            f"{found.customers:,} 位客户，{found.offered:,} 位获得优惠；评分截至 {found.cutoff:%Y-%m-%d}。",
        ),
        body=[part(("Every group that was looked at", "全部群体"), f"<section>{table(head, rows)}</section>")],
        footer=(
            "What counts as worse, and what this cannot see: docs/fair-and-lawful.md. Made by churn campaign audit.",
            "判断标准与局限见 docs/fair-and-lawful.md。由 churn campaign audit 生成。",
        ),
    )


def _row(one: Disparity) -> list[str]:
    def told(name: str) -> str:
        found = getattr(one, name)
        return "" if found is None else f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"

    return [
        both(*VERDICTS[one.verdict]), escape(f"{one.dimension} {one.group} ({one.n:,})"),
        escape(f"{one.others} ({one.n_others:,})"), both(*MEASURES[one.measure]),
        f"{one.mean:.3f} / {one.mean_others:.3f}", told("raw"), told("adjusted"),
    ]  # fmt: skip
