"""The page of one customer: where they stand, what the model says and with what it is associated, what they said.

Start reading at `person_page`.
"""

from html import escape

from churn.calendar import Calendar
from serving.customer_view import Customer, Standing
from serving.schemas import Score, WireHorizon
from serving.web import told
from serving.web.dealings import categories, contacts
from serving.web.drawn import bar
from serving.web.frame import View
from serving.web.words import TIERS, band_name, pick, say, stage_name

WORSE = {"churn": "raises", "reactivation": "lowers"}  # the direction that is bad news
TONES = {"churn": {"high": "bad", "low": "good"}, "reactivation": {"high": "good"}}
NO_ACTION = {  # why there is none: its words
    "none_worth_it": "none_worth_it", "action_outdated": "action_outdated", "opted_out": "wants_no_contact",
}  # fmt: skip


def person_page(view: View, customer: Customer, *, currency: str, calendar: Calendar) -> str:
    """The content of the page.

    Args:
        view: for whom.
        customer: who is looked at.
        currency: of the business.
        calendar: of the business.
    """
    score = customer.score
    known = score.features_as_of is not None  # otherwise the store did not answer, and nobody knows what they said
    stated = f'<section aria-labelledby="stated">{_stated(view, score)}</section>' if known else ""
    why, numbers = stated, ""
    if score.probability is not None:
        why = f'<div class="two"><section aria-labelledby="why">{_reasons(view, score)}</section>{stated}</div>'
        numbers = _numbers(view, customer, currency) + _horizons(view, score)
    parts = (
        _answer(view, score, calendar), _action(view, score, calendar), why, numbers,
        categories(view, customer.categories_to_offer), _history(view, customer, calendar),
        contacts(view, customer.last_contacts, calendar), _standing_on(view, score, calendar),
    )  # fmt: skip
    stage = escape(stage_name(customer.stage, view.language))
    return f"<h1>{escape(customer.customer_id)}</h1><p>{view.say('stage')}: <b>{stage}</b></p>{''.join(parts)}"


def _answer(view: View, score: Score, calendar: Calendar) -> str:
    if score.probability is None:
        why = score.abstention
        said = f'<p>{escape(why.problem)}</p><p class="quiet">{escape(_sentence(why.mend))}</p>' if why else ""
        return f'<div class="problem"><p><b>{view.say("no_number")}</b></p>{said}</div>'
    chance = told.percent(score.probability)
    what = view.say(f"of_{score.outcome}", days=score.horizon_days, day=told.day(score.features_as_of, calendar))
    between = _between(view, score.probability_low, score.probability_high)
    percentile = view.say("percentile", percent=told.rank(score.percentile))
    tone = TONES.get(score.model or "", {}).get(score.band or "", "fill")
    ends = score.probability_low, score.probability_high
    picture = bar(score.probability, f"{chance} {what}", ends, tone=tone)
    band = escape(band_name(score.band, view.language))
    wins = " wins" if score.model == "reactivation" else ""
    return (
        f'<div class="answer{wins}"><span class="big">{chance}</span>'
        f'<span class="band {score.band}">{view.say("band")}: {band}</span>'
        f'<div><p>{what}</p><p class="quiet">{between} {percentile}</p></div>{picture}</div>'
    )


def _sentence(text: str) -> str:
    """A mend, which continues a sentence elsewhere, as one of its own."""
    return text[:1].upper() + text[1:]


def _between(view: View, low: float | None, high: float | None) -> str:
    return "" if low is None else view.say("between", low=told.percent(low), high=told.percent(high))


def _action(view: View, score: Score, calendar: Calendar) -> str:
    if score.action is None:
        none = NO_ACTION.get(score.action_code or "", "no_action")
        why = f'<p class="quiet">{escape(score.action_why)}</p>' if score.action_why else ""
        return f'<h2>{view.say("action")}</h2><p class="quiet">{view.say(none)}</p>{why}'
    due = f", {view.say('due', day=told.day(score.action.due, calendar))}" if score.action.due else ""
    why = f'<p class="quiet">{escape(score.action.why)}</p>' if score.action.why else ""
    return f"<h2>{view.say('action')}</h2><p><b>{escape(score.action.text)}</b>{due}</p>{why}"


def _reasons(view: View, score: Score) -> str:
    worse = WORSE.get(score.model or "", "raises")
    items = "".join(
        f'<li><span class="way {"worse" if one.direction == worse else "better"}">'
        f"{_way(view, one.direction)}</span>{escape(one.text)}{_actionable(view, actionable=one.actionable)}"
        f"{bar(one.share, told.percent(one.share), tone='bad' if one.direction == worse else 'good')}</li>"
        for one in score.reasons
    )
    listed = f'<ul class="reasons">{items}</ul>' if items else f'<p class="quiet">{told.NOTHING}</p>'
    return f'<h2 id="why">{view.say("why")}</h2>{listed}<p class="quiet">{view.say("association")}</p>'


def _actionable(view: View, *, actionable: bool | None) -> str:
    return f' <span class="mark">{view.say("actionable")}</span>' if actionable else ""


def _way(view: View, direction: str | None) -> str:
    return "" if direction is None else f"{'▲' if direction == 'raises' else '▼'} {view.say(direction)}"


def _stated(view: View, score: Score) -> str:
    items = "".join(f"<li>{escape(one.text)}</li>" for one in score.stated_reasons or [])
    none = f'<p class="quiet">{view.say("stated_none")}</p>'
    listed = f'<ul class="reasons">{items}</ul>' if items else none
    return f'<h2 id="stated">{view.say("stated")}</h2>{listed}{_complaints(view, score)}'


def _complaints(view: View, score: Score) -> str:
    cases = score.open_complaint
    if cases is None:
        return ""
    if not cases.count:
        return f'<p class="quiet">{view.say("no_open_complaint")}</p>'
    days = f"{cases.oldest_days or 0:.0f}"
    return f'<p class="high"><b>{view.say("open_complaints", count=cases.count, days=days)}</b></p>'


def _numbers(view: View, customer: Customer, currency: str) -> str:
    score = customer.score
    rows = [
        (
            "value_at_risk" if score.model != "reactivation" else "value_to_win",
            told.money(score.value_at_risk, currency),
            "",
        )
    ]
    if score.value:
        ends = [told.money(one, currency) for one in (score.value.low_amount, score.value.high_amount)]
        rows.append(("expected_spend", told.money(score.value.expected_amount, currency), " – ".join(ends)))
    if score.value_tier:
        rows.append(("value_tier", pick(TIERS.get(score.value_tier, (score.value_tier,) * 2), view.language), ""))
    rows += _lifetime(view, customer)
    rows += [*_next(view, score), *_left(view, score)]
    months = f"{customer.lifetime.months or 0:.0f}" if customer.lifetime else ""
    cells = "".join(
        f"<div><dt>{view.say(name, months=months)}</dt><dd>{escape(value)}<small>{escape(more)}</small></dd></div>"
        for name, value, more in rows
    )
    return f"<h2>{view.say('numbers')}</h2><dl>{cells}</dl>"


def _lifetime(view: View, customer: Customer) -> list[tuple[str, str, str]]:
    worth = customer.lifetime
    if worth is None:
        return []
    ends = [told.money(one, worth.currency or "") for one in (worth.low_amount, worth.high_amount) if one is not None]
    marks = [view.say(name) for name in ("high_value", "high_potential") if getattr(worth, name)]
    return [
        (
            "lifetime",
            told.money(worth.margin_amount, worth.currency or ""),
            "; ".join(filter(None, (" – ".join(ends), *marks))),
        )
    ]


def _next(view: View, score: Score) -> list[tuple[str, str, str]]:
    event = score.next_event
    if event is None:
        return []

    def told_day(one: object) -> str:
        return str(one) if one else view.say("later_than", day=event.later_than)

    return [("next_event", told_day(event.expected), f"{told_day(event.earliest)} – {told_day(event.latest)}")]


def _left(view: View, score: Score) -> list[tuple[str, str, str]]:
    days = score.remaining_active_days
    if days is None:
        return []

    def told_days(one: float | None) -> str:
        return f"{one:.0f}" if one is not None else view.say("more_than", days=f"{days.more_than or 0:.0f}")

    return [("days_left", told_days(days.expected), f"{told_days(days.low)} – {told_days(days.high)}")]


def _horizons(view: View, score: Score) -> str:
    if not score.horizons:
        return ""
    title = view.say(f"{score.outcome}_for")
    rows = "".join(
        f'<tr><th scope="row">{view.say("horizon_days", days=one.days)}</th>'
        f'<td class="picture">{bar(one.probability, told.percent(one.probability), _ends(one))}</td>'
        f'<td class="number">{told.percent(one.probability)}</td></tr>'
        for one in score.horizons
    )
    return f'<h2>{title}</h2><table class="bars"><tbody>{rows}</tbody></table>'


def _ends(one: WireHorizon) -> tuple[float | None, float | None]:
    return one.probability_low, one.probability_high


def _history(view: View, customer: Customer, calendar: Calendar) -> str:
    if not customer.history:
        return f'<h2>{view.say("history")}</h2><p class="quiet">{view.say("no_history")}</p>'
    top = "".join(f'<th scope="col">{view.say(name)}</th>' for name in ("told_at", "from", "to"))
    rows = "".join(
        f'<tr><th scope="row">{told.moment(one.told_at, calendar)}</th><td>{_place(view, one.before)}</td>'
        f"<td>{_place(view, one.now)}</td></tr>"
        for one in customer.history
    )
    table = f'<table aria-labelledby="history"><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table>'
    scroll = f'<div class="scroll" tabindex="0" role="region" aria-labelledby="history">{table}</div>'
    return f'<h2 id="history">{view.say("history")}</h2>{scroll}'


def _place(view: View, one: Standing | None) -> str:
    if one is None:
        return told.NOTHING
    words = [stage_name(one.stage, view.language)]
    words += [f"{band_name(one.band, view.language)}, {told.percent(one.probability)}"] if one.band else []
    words += [f"{say('no_number', view.language)} ({one.code})"] if one.code else []
    return escape(" · ".join(words))


def _standing_on(view: View, score: Score, calendar: Calendar) -> str:
    if score.features_as_of is None:
        return ""
    fresh = view.say(
        "fresh" if score.valid_until else "fresh_alone", at=told.moment(score.features_as_of, calendar),
        hours=f"{score.features_age_hours or 0:.1f}", until=told.moment(score.valid_until, calendar),
    )  # fmt: skip
    by = view.say("by", version=score.model_version, grade=score.grade_text or "") if score.model_version else ""
    clock = f" {view.say('clock_log')}" if score.clock == "log" else ""
    name = f"{view.say('score_id')} <code>{escape(score.score_id)}</code>"
    return (
        f'<section class="foot"><h2>{view.say("standing_on")}</h2><p class="quiet">{fresh}{clock}</p>'
        f'<p class="quiet">{by}</p><p class="quiet">{name}</p></section>'
    )
