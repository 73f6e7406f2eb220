"""The page of what a campaign did: the sentence, the differences with their intervals, money, and whether chance did.

    effect.json's telling --> campaigns/<campaign>/effect.html, English and Chinese by a switch

Start reading at `effect_page`.
"""

from datetime import datetime
from typing import Final

from campaigns.ledger.differences import Difference
from campaigns.ledger.effect import WORDS, Effect
from campaigns.ledger.effect_pictures import STYLE, Interval, alike, intervals
from campaigns.ledger.told import NAMES, assumed, sentences
from churn.calendar import Calendar
from churn.page import Tone, Two, both, frame, part
from churn.settings import Settings

ADJUSTED: Final[Two] = (", adjusted", "（调整后）")
KNOWN: Final[dict[str, Two]] = {
    "orders_before_count": ("orders before", "此前订单数"),
    "spend_before_amount": ("spend before", "此前消费金额"),
    "days_since_last_order": ("days since the last order", "距上次下单天数"),
    "tenure_days": ("days since the first order", "距首次下单天数"),
    "probability": ("score", "评分"),
    "value_amount": ("value", "客户价值"),
}
LEAST: Final[Two] = (", at least", "（下限）")
SHARES: Final = ("retained", "on_reached", "take_up")


def effect_page(effect: Effect, settings: Settings, now: datetime) -> str:
    """The page, HTML.

    Args:
        effect: of a campaign.
        settings: whose; currency, language and days are its.
        now: by the business's clock.
    """
    calendar, currency = Calendar(settings.business.timezone), settings.business.currency
    first, last = calendar.day_of(effect.planned_at), calendar.day_of(effect.window_end)
    when, what = f"{now:%Y-%m-%d %H:%M} UTC", ", ".join(effect.actions)
    en = f"Measured {first:%Y-%m-%d} to {last:%Y-%m-%d} (that day excluded), as known at {when}. {what}."
    as_of = both(en, f"测量窗口 {first:%Y-%m-%d} 至 {last:%Y-%m-%d}（不含末日），数据截至 {when}。{what}。")
    body = [_shares(effect), _money(effect, currency), _said(effect, currency), _chance(effect)]
    return frame(
        f"{effect.campaign}: {settings.business.name}", language=settings.business.language,
        heading=both(f"What {effect.campaign} did", f"{effect.campaign} 的效果"), as_of=as_of,
        body=[one for one in body if one], tone=_tone(effect), style=STYLE,
        says="<br>".join(both(*one) for one in _says(effect)),
        footer=("How to read it: docs/campaigns.md.", "说明见 docs/campaigns.md。"),
    )  # fmt: skip


def _tone(effect: Effect) -> Tone:
    """Green where something can be said of it, for good; grey where its interval includes zero."""
    if not effect.is_causal:
        return "warning"
    if effect.saved is None or not effect.saved.is_clear:
        return "none"
    return "fine" if effect.saved.value > 0 else "warning"


def _says(effect: Effect) -> list[Two]:
    """The outcome in a sentence or two."""
    if effect.why_not:
        return [WORDS[code] for code in effect.why_not]
    saved = effect.saved
    if saved is None or not saved.is_clear:
        return [("It cannot be said that the campaign changed who came: its interval includes zero.",
                 "无法断定活动改变了到店情况：区间包含零。")]  # fmt: skip
    bounds, count = (f"{saved.low:,.0f}", f"{saved.high:,.0f}"), f"{abs(saved.value):,.0f}"
    done = ("came because of it", "因活动而来") if saved.value > 0 else ("were driven away by it", "因活动而流失")
    en = f"About {count} customers {done[0]} ({bounds[0]} to {bounds[1]})."
    return [(en, f"约 {count} 位客户{done[1]}（{bounds[0]} 至 {bounds[1]}）。")]


def _shares(effect: Effect) -> str:
    lines = []
    for name in SHARES:
        if (found := getattr(effect, name)) is not None:
            lines.append(_line(NAMES[name], found, 100, "%"))
            if name in effect.adjusted:
                lines.append(_line(_beside(name), effect.adjusted[name], 100, "%", is_beside=True))
    if not lines:
        return ""
    title = ("Difference in who came", "到店差异")
    note = ("Treated less held out, percentage points, with 95 % intervals; the dashed line is no difference.",
            "触达组减对照组，百分点，95%区间；虚线表示无差异。")  # fmt: skip
    return part(title, intervals(title, lines), note=note)


def _money(effect: Effect, currency: str) -> str:
    lines = []
    for name in ("revenue", "profit"):
        if (found := getattr(effect, name)) is not None:
            of, beside = NAMES[name], _beside(name)
            if name == "profit" and assumed(effect) is not None:
                of, beside = _at_least(of), _at_least(beside)
            lines.append(_line(of, found, 1, currency))
            lines.append(_line(beside, effect.adjusted[name], 1, currency, is_beside=True))
    if not lines:
        return ""
    title = ("Difference in money", "金额差异")
    return part(title, intervals(title, lines), note=(f"{currency} a customer.", f"{currency}，人均。"))


def _said(effect: Effect, currency: str) -> str:
    told = zip(sentences(effect, currency, "en"), sentences(effect, currency, "zh"), strict=True)
    return part(("In words", "文字说明"), "".join(f"<p>{both(*one)}</p>" for one in told))


def _chance(effect: Effect) -> str:
    """How alike the sides were before, and how many they were."""
    sides = effect.balance
    alikeness = "–" if sides.p_alike is None else f"{sides.p_alike:.3f}"
    ratio, treated, expected = f"{sides.p_ratio:.3f}", f"{sides.n_treated:,}", f"{sides.expected_treated:,.1f}"
    en = (
        f"Chance parts sides like these, or further, with p = {alikeness}; it gives such numbers with p = {ratio} "
        f"({treated} treated, {expected} expected). Under .01 the draw is doubted. The band is a tenth of the spread."
    )
    zh = (
        f"随机造成此等差异的概率 p = {alikeness}；人数比例 p = {ratio}（触达 {treated}，预期 {expected}）。"
        "低于 .01 即对随机性存疑。灰带为标准差的十分之一。"
    )
    names = dict(KNOWN)
    names |= {f"{name} unknown": (f"{en} unknown", f"{zh}未知") for name, (en, zh) in KNOWN.items()}
    title = ("Were the sides alike before?", "活动前两组是否相似？")
    return part(title, alike(title, sides.columns, names) if sides.columns else "", note=(en, zh))


def _line(name: Two, found: Difference, factor: float, unit: str, *, is_beside: bool = False) -> Interval:
    value, low, high = (factor * one for one in (found.value, found.low, found.high))
    told = f"{value:+,.2f} {unit} ({low:+,.2f}, {high:+,.2f})"
    return Interval(name, value, low, high, told, is_beside=is_beside)


def _beside(name: str) -> Two:
    en, zh = NAMES[name]
    return en + ADJUSTED[0], zh + ADJUSTED[1]


def _at_least(name: Two) -> Two:
    return name[0] + LEAST[0], name[1] + LEAST[1]
