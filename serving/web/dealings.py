"""On the page of one customer: which categories to offer, as simply as that is found, and when they were contacted.

Start reading at `categories`.
"""

from collections.abc import Sequence
from html import escape

from churn.calendar import Calendar
from serving.customer_view import WireContact
from serving.tables.offers import WireOffers
from serving.web import told
from serving.web.frame import View

BECAUSE = {"own": "by_own", "look_alikes": "by_look_alikes", "popularity": "by_popularity"}


def categories(view: View, offers: WireOffers | None) -> str:
    """What to offer, never without its label and what offering the popular would have hit; empty where nothing is.

    Args:
        view: for whom.
        offers: as `GET /v1/customers/{customer_id}` tells them.
    """
    if offers is None:
        return ""
    items = "".join(
        f'<li><b>{escape(one.category)}</b> <span class="quiet">{_because(view, one.because)}</span></li>'
        for one in offers.categories
    )
    rates = view.say("unmeasured")
    if offers.hit_rate is not None and offers.popularity_hit_rate is not None:
        hits = {"rate": told.percent(offers.hit_rate), "popular": told.percent(offers.popularity_hit_rate)}
        rates = view.say("hit_rates", **hits)
    label = f"{escape(offers.label)} {escape(rates)}"
    return f'<h2>{view.say("offer")}</h2><ol class="offers">{items}</ol><p class="quiet">{label}</p>'


def _because(view: View, code: str) -> str:
    return view.say(BECAUSE[code]) if code in BECAUSE else escape(code)


def contacts(view: View, found: Sequence[WireContact] | None, calendar: Calendar) -> str:
    """When the customer was contacted, how and with what; empty where nobody knows of contacts.

    Args:
        view: for whom.
        found: newest first.
        calendar: of the business.
    """
    if found is None:
        return ""
    told_of = [
        " · ".join(filter(None, [told.moment(one.contacted_at, calendar), one.channel, one.action])) for one in found
    ]
    items = "".join(f"<li>{escape(one)}</li>" for one in told_of)
    listed = f'<ul class="reasons">{items}</ul>' if items else f'<p class="quiet">{view.say("no_contacts")}</p>'
    return f"<h2>{view.say('contacts')}</h2>{listed}"
