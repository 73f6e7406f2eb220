"""An effect as JSON, and as sentences that people read, in English and Chinese. Start reading at `as_json`."""

from dataclasses import asdict
from typing import Any

from campaigns.ledger.differences import Difference, PerSaved
from campaigns.ledger.effect import NEVER_EXPORTED, WORDS, Effect
from campaigns.ledger.overall import Overall

COMPARED = ("retained", "revenue", "profit")  # what each side has of its own
FIGURES = ("retained", "revenue", "profit", "saved", "take_up", "on_reached")
NAMES = {
    "retained": ("share that came", "到店（购买）比例"),
    "revenue": ("revenue a customer", "人均消费"),
    "profit": ("profit a customer", "人均利润"),
    "saved": ("customers who came because of it", "因活动而来的客户数"),
    "take_up": ("share of those it could turn whom it turned", "可争取客户中被争取的比例"),
    "on_reached": ("share that came, of those it reached", "触达客户中到店比例的提升"),
}
ASSUMED = {  # contacts_by, offers_by: what was taken for true because the log does not tell it
    ("plan", "orders"): (
        (
            "The log tells of no contact and no response: everybody counts as contacted, every buyer as having used "
            "the offer; so the cost is an upper bound, the profit a lower bound."
        ),
        "日志中没有触达和响应记录：按全部已触达、每位购买者都使用了优惠计算；因此花费为上限，利润为下限。",
    ),
    ("plan", ""): (
        "The log tells of no contact: everybody counts as contacted; so the profit is a lower bound.",
        "日志中没有触达记录：按全部已触达计算；因此花费为上限，利润为下限。",
    ),
    ("", "orders"): (
        "The log tells of no response: every buyer counts as one who used the offer; so the profit is a lower bound.",
        "日志中没有响应记录：按每位购买者都使用了优惠计算；因此花费为上限，利润为下限。",
    ),
    ("in_part", "in_part"): (
        (
            "The log tells of contacts or responses to some actions only, others count as had by all; so the profit "
            "is a lower bound."
        ),
        "日志只含部分行动的触达或响应记录：其余按全部触达、每位购买者都使用了优惠计算；因此利润为下限。",
    ),
}


def as_json(effect: Effect) -> dict[str, Any]:
    """An effect as plain values: what effect.json, the API and a machine that asked get."""
    figures = {name: _rounded(getattr(effect, name)) for name in FIGURES}
    return {
        "campaign": effect.campaign,
        "actions": list(effect.actions),
        "planned_at": effect.planned_at.isoformat(),
        "window_end": effect.window_end.isoformat(),
        "causal": effect.is_causal,
        "why_not": [{"code": code, "en": WORDS[code][0], "zh": WORDS[code][1]} for code in effect.why_not],
        "treated": effect.balance.n_treated,
        "held_out": effect.balance.n_held_out,
        "balance": asdict(effect.balance) | {"holds": effect.balance.holds},
        **figures,
        "profit_is_lower_bound": effect.profit is not None and assumed(effect) is not None,
        "adjusted": {name: _rounded(one) for name, one in effect.adjusted.items()},
        "cost_amount": round(effect.cost_amount, 2) if is_cost_known(effect) else None,
        "cost_per_saved_amount": _per_saved(effect.per_saved) if is_cost_known(effect) else None,
        "reached_share": effect.reached,
        "contacts_by": effect.money.contacts_by,
        "offers_by": effect.money.offers_by,
        "missing": {code: list(names) for code, names in effect.money.missing.items()},
    }


def sentences(effect: Effect, currency: str, language: str) -> list[str]:
    """What a person can act on, a line each.

    Args:
        effect: of a campaign.
        currency: of its money.
        language: en or zh.
    """
    zh = language == "zh"
    lines = [_sides(effect, zh=zh), *(WORDS[code][zh] for code in effect.why_not)]
    for name in FIGURES:
        found: Difference | None = getattr(effect, name)
        if found is None or (name not in COMPARED and not effect.is_causal):
            continue
        is_bound = name == "profit" and assumed(effect) is not None
        told = _told(name, found, currency, zh=zh, is_causal=effect.is_causal, is_bound=is_bound)
        lines.append(f"{NAMES[name][zh]}: {told}")
    if (why := assumed(effect)) is not None:
        lines.append(why[zh])
    lines.append(_cost(effect, currency, zh=zh))
    if effect.is_causal and effect.take_up is not None and effect.take_up.is_clear:
        low, high = max(effect.take_up.low, 0.0), min(effect.take_up.high, 1.0)
        hint = f"take_up_ratio = {effect.take_up.value:.3g}, take_up_range = [{low:.3g}, {high:.3g}]"
        lines.append(f"可供参考：{hint}" if zh else f"For its [[action]], if you agree: {hint}")
    if effect.money.missing:
        told = "; ".join(f"{code}: {', '.join(names)}" for code, names in effect.money.missing.items())
        lines.append(f"无法计算利润，缺少：{told}" if zh else f"No profit can be told without {told}.")
    return lines


def _sides(effect: Effect, *, zh: bool) -> str:
    one, other = effect.balance.n_treated, effect.balance.n_held_out
    return f"触达组{one:,}人，对照组{other:,}人。" if zh else f"{one:,} to be contacted, {other:,} held out by chance."


def assumed(effect: Effect) -> tuple[str, str] | None:
    """What costs and profit take for true because the log does not tell it, in both languages; None where it does."""
    if NEVER_EXPORTED in effect.why_not:
        return None  # it cost nothing
    guessed = {"contacts_by": effect.money.contacts_by, "offers_by": effect.money.offers_by}
    if "in_part" in guessed.values():
        return ASSUMED["in_part", "in_part"]
    contacts = "plan" if guessed["contacts_by"] == "plan" else ""
    return ASSUMED.get((contacts, "orders" if guessed["offers_by"] == "orders" else ""))


def is_cost_known(effect: Effect) -> bool:
    """Whether somebody said what every action of it costs; a campaign that reached nobody cost nothing."""
    if NEVER_EXPORTED in effect.why_not:
        return True
    missing = {name for names in effect.money.missing.values() for name in names}
    return not missing - {"margin_ratio"}


def _told(name: str, found: Difference, currency: str, *, zh: bool, is_causal: bool, is_bound: bool = False) -> str:
    """A difference with its interval; where it is no effect, both sides alone; a lower bound where it is only that."""

    def say(value: float) -> str:
        if name in ("revenue", "profit"):
            return f"{value:,.2f} {currency}"
        return f"{value:,.1f}" if name == "saved" else f"{100 * value:.2f} %"

    both = (say(found.treated), say(found.held_out))
    sides = f"{both[0]} 对 {both[1]}" if zh else f"{both[0]} against {both[1]}"
    if not is_causal:
        return f"{sides}（差异不作效果）" if zh else f"{sides} (no effect can be told)"
    if is_bound:
        least = say(found.low)
        return f"{sides}，差异至少 {least}（95%下限）" if zh else f"{sides}, at least {least} (95 %: its lower bound)"
    more = f"{say(found.low)} 至 {say(found.high)}" if zh else f"{say(found.low)} to {say(found.high)}"
    plain = f"{say(found.value)}（95%区间 {more}）" if zh else f"{say(found.value)} (95 %: {more})"
    return sides + ("，" if zh else ", ") + plain if name in COMPARED else plain


def _cost(effect: Effect, currency: str, *, zh: bool) -> str:
    if not is_cost_known(effect):
        return "花费：未知" if zh else "cost: not known"
    is_most, cost, found = assumed(effect) is not None, f"{effect.cost_amount:,.2f} {currency}", effect.per_saved
    most = ("至多 " if zh else "at most ") if is_most else ""
    told = f"花费：{most}{cost}" if zh else f"cost: {most}{cost}"
    if found is None or not effect.is_causal:
        return told
    if found.value is None or found.high is None:
        each = "没有证据表明争取到任何客户" if zh else "it cannot be said that anybody was saved"
        return f"{told}；{each}" if zh else f"{told}; {each}"
    low, high = f"{found.low:,.2f}", f"{found.high:,.2f}"
    return (
        f"{told}；每争取一位客户{most}{found.value:,.2f}（{low} 至 {high}）"
        if zh
        else f"{told}; {most}{found.value:,.2f} a customer saved ({low} to {high})"
    )


def _rounded(found: Difference | None) -> dict[str, float | int] | None:
    if found is None:
        return None
    return {name: value if isinstance(value, int) else round(value, 6) for name, value in asdict(found).items()}


def _per_saved(found: PerSaved | None) -> dict[str, float | None] | None:
    if found is None:
        return None
    return {name: None if value is None else round(value, 2) for name, value in asdict(found).items()}


def overall_as_json(found: Overall) -> dict[str, Any]:
    """All contact together as plain values."""
    return {
        "as_of": found.as_of.isoformat(),
        "since": found.since.isoformat(), "until": found.until.isoformat(), "customers": found.customers,
        "kept_out": found.kept_out, "causal": not found.why_not,
        "why_not": [{"code": code, "en": WORDS[code][0], "zh": WORDS[code][1]} for code in found.why_not],
        "retained": _rounded(found.retained), "revenue": _rounded(found.revenue),
    }  # fmt: skip


def overall_sentences(found: Overall, currency: str, language: str) -> list[str]:
    """All contact together, a line each.

    Args:
        found: by `overall`.
        currency: of its money.
        language: en or zh.
    """
    zh = language == "zh"
    head = (
        f"全部触达合计：自 {found.since:%Y-%m-%d}，"
        f"{found.as_of:%Y-%m-%d} 前购买过的 {found.customers:,} 位客户，其中 {found.kept_out:,} 位从不触达"
        if zh
        else f"All contact together since {found.since:%Y-%m-%d} UTC: {found.customers:,} customers who had bought "
        f"before {found.as_of:%Y-%m-%d}, {found.kept_out:,} of them never contacted"
    )
    both = (("retained", found.retained), ("revenue", found.revenue))
    told = [
        f"  {NAMES[name][zh]}: {_told(name, one, currency, zh=zh, is_causal=not found.why_not)}"
        for name, one in both
        if one is not None
    ]
    return [head, *(f"  {WORDS[code][zh]}" for code in found.why_not), *told]
