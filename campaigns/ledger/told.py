"""An effect as JSON, and as sentences that people read, in English and Chinese. Start reading at `as_json`."""

from dataclasses import asdict
from typing import Any

from campaigns.ledger.differences import Difference, PerSaved
from campaigns.ledger.effect import WORDS, Effect
from campaigns.ledger.overall import Overall

FIGURES = ("retained", "revenue", "profit", "saved", "take_up", "on_reached")
NAMES = {
    "retained": ("share that came", "到店（购买）比例"),
    "revenue": ("revenue a customer", "人均消费"),
    "profit": ("profit a customer", "人均利润"),
    "saved": ("customers who came because of it", "因活动而来的客户数"),
    "take_up": ("share of those it could turn whom it turned", "可争取客户中被争取的比例"),
    "on_reached": ("share that came, of those it reached", "触达客户中到店比例的提升"),
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
        "adjusted": {name: _rounded(one) for name, one in effect.adjusted.items()},
        "cost_amount": round(effect.cost_amount, 2),
        "cost_per_saved_amount": _per_saved(effect.per_saved),
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
        if found is not None:
            lines.append(f"{NAMES[name][zh]}: {_difference(name, found, currency, zh=zh)}")
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


def _difference(name: str, found: Difference, currency: str, *, zh: bool) -> str:
    def say(value: float) -> str:
        if name in ("revenue", "profit"):
            return f"{value:,.2f} {currency}"
        return f"{value:,.1f}" if name == "saved" else f"{100 * value:.2f} %"

    sides = (
        f"{say(found.treated)} 对 {say(found.held_out)}，"
        if zh
        else f"{say(found.treated)} against {say(found.held_out)}, "
    )
    more = f"{say(found.low)} 至 {say(found.high)}" if zh else f"{say(found.low)} to {say(found.high)}"
    plain = f"{say(found.value)}（95%区间 {more}）" if zh else f"{say(found.value)} (95 %: {more})"
    return plain if name in ("saved", "take_up", "on_reached") else sides + plain


def _cost(effect: Effect, currency: str, *, zh: bool) -> str:
    cost, found = f"{effect.cost_amount:,.2f} {currency}", effect.per_saved
    if found is None or not effect.is_causal:
        return f"花费：{cost}" if zh else f"cost: {cost}"
    if found.value is None:
        each = "没有证据表明争取到任何客户" if zh else "it cannot be said that anybody was saved"
    else:
        low, high = (None if one is None else f"{one:,.2f}" for one in (found.low, found.high))
        to = ("无上限" if zh else "no bound") if high is None else high
        each = (
            f"每争取一位客户 {found.value:,.2f}（{low} 至 {to}）"
            if zh
            else f"{found.value:,.2f} a customer saved ({low} to {to})"
        )
    return f"花费：{cost}；{each}" if zh else f"cost: {cost}; {each}"


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
    told = [f"  {NAMES[name][zh]}: {_difference(name, one, currency, zh=zh)}" for name, one in both if one is not None]
    return [head, *(f"  {WORDS[code][zh]}" for code in found.why_not), *told]
