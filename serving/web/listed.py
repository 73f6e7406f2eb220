"""The list at risk: customers with most money at risk first, with filter, pages and a file to download.

Start reading at `list_page`; `csv_lines` is the file.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from urllib.parse import quote

from churn.calendar import Calendar, from_us
from churn.cells import harmless
from serving.changes.state import State
from serving.web import told
from serving.web.frame import View
from serving.web.wanted import Wanted
from serving.web.words import BANDS, STAGES, band_name, stage_name

ROWS = 25
HEAD = (
    "customer_id", "stage", "model", "band", "probability", "value_at_risk", "told_at", "features_as_of",
    "model_version", "score_id",
)  # fmt: skip


def list_page(
    view: View, wanted: Wanted, states: Sequence[State], *, currency: str, calendar: Calendar, more: bool, begun: bool
) -> str:
    """The content of the first page.

    Args:
        view: for whom.
        wanted: the filter.
        states: the customers of this page, in order.
        currency: of the business.
        calendar: of the business.
        more: whether there is a page after it.
        begun: whether anybody was ever told of.
    """
    leaving = wanted.model == "churn"
    title, about = ("at_risk", "about_churn") if leaving else ("coming_back", "about_reactivation")
    told_of = _table(view, states, wanted, currency, calendar) if states else _nobody(view, wanted, begun=begun)
    return (
        f'<h1>{view.say(title)}</h1><p class="quiet">{view.say(about)} {view.say("as_told")}</p>'
        f"{_tabs(view, wanted)}{_filter(view, wanted)}{told_of}{_pages(view, wanted, more=more)}"
    )


def csv_lines(states: Iterable[State]) -> Iterator[bytes]:
    """The list as CSV with the mark by which spreadsheets know UTF-8; no cell is a formula."""
    yield "\ufeff".encode() + _line(HEAD)
    for one in states:
        yield _line(
            (one.customer_id, one.stage, one.model, one.band, one.probability, one.value_at_risk,
             from_us(one.told_us).isoformat(), from_us(one.as_of_us).isoformat(), one.model_version, one.score_id)
        )  # fmt: skip


def _line(cells: Sequence[object]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])
    return text.getvalue().encode()


def _tabs(view: View, wanted: Wanted) -> str:
    here = ' aria-current="page"'
    links = "".join(
        f'<a href="{escape(Wanted(model=model).where())}"{here if model == wanted.model else ""}>{view.say(model)}</a>'
        for model in ("churn", "reactivation")
    )
    return f'<nav class="tabs" aria-label="{view.say("which")}">{links}</nav>'


def _filter(view: View, wanted: Wanted) -> str:
    stages = _choice(view, "stage", wanted.stage, {name: stage_name(name, view.language) for name in STAGES})
    bands = _choice(view, "band", wanted.band, {name: band_name(name, view.language) for name in BANDS})
    least = wanted.least_percent or ""
    return (
        f'<form class="row" method="get" action="/" aria-label="{view.say("filter")}">'
        f'<input type="hidden" name="model" value="{wanted.model}">{stages}{bands}'
        f'<div><label for="least">{view.say("least")}</label>'
        f'<input id="least" name="least" type="number" min="0" max="100" value="{least}"></div>'
        f"<button>{view.say('apply')}</button>"
        f'<a class="button second" href="{escape(wanted.where("/at-risk.csv", page=1))}" download>'
        f"{view.say('download')}</a></form>"
    )


def _choice(view: View, name: str, chosen: str | None, names: dict[str, str]) -> str:
    any_one = f'<option value="">{view.say("any")}</option>'
    options = "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in names.items()
    )
    label = f'<label for="{name}">{view.say(name)}</label>'
    return f'<div>{label}<select id="{name}" name="{name}">{any_one}{options}</select></div>'


def _table(view: View, states: Sequence[State], wanted: Wanted, currency: str, calendar: Calendar) -> str:
    amount = "value_at_risk" if wanted.model == "churn" else "value_to_win"
    heads = [("customer_id", ""), (amount, "number"), ("probability", "number"), ("band", ""), ("stage", "")]
    top = "".join(f'<th scope="col" class="{kind}">{view.say(name)}</th>' for name, kind in [*heads, ("told_at", "")])
    body = "".join(_row(view, one, currency, calendar) for one in states)
    title = view.say("at_risk" if wanted.model == "churn" else "coming_back")
    return (
        f'<div class="{_tone(wanted.model)}scroll" tabindex="0" role="region" aria-label="{title}"><table class="list">'
        f"<caption>{view.say(wanted.model)} · {view.say('page', number=wanted.page)}</caption>"
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _tone(model: str | None) -> str:
    """Of a customer who may come back a high chance is good news."""
    return "wins " if model == "reactivation" else ""


def _row(view: View, one: State, currency: str, calendar: Calendar) -> str:
    where = f"/customer?id={quote(one.customer_id, safe='')}"
    return (
        f'<tr><th scope="row"><a href="{where}">{escape(one.customer_id)}</a></th>'
        f'<td class="number">{escape(told.money(one.value_at_risk, currency))}</td>'
        f'<td class="number">{told.percent(one.probability)}</td>'
        f'<td><span class="band {one.band}">{escape(band_name(one.band, view.language))}</span></td>'
        f"<td>{escape(stage_name(one.stage, view.language))}</td>"
        f"<td>{told.day(from_us(one.told_us), calendar)}</td></tr>"
    )


def _nobody(view: View, wanted: Wanted, *, begun: bool) -> str:
    why = "nothing_yet" if not begun else "none_of_these" if wanted == Wanted(model=wanted.model) else "nobody"
    return f'<p class="problem">{view.say(why).replace("`", "")}</p>'


def _pages(view: View, wanted: Wanted, *, more: bool) -> str:
    before = f'<a href="{escape(wanted.where(page=wanted.page - 1))}" rel="prev">{view.say("before")}</a>'
    after = f'<a href="{escape(wanted.where(page=wanted.page + 1))}" rel="next">{view.say("next")}</a>'
    links = (before if wanted.page > 1 else "") + (after if more else "")
    return f'<nav class="pages" aria-label="{view.say("pages_of_list")}">{links}</nav>' if links else ""
