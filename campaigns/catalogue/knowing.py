"""What the actions of a catalogue go by beyond scores and doors, read once: members of segments, news of products.

Nothing is read that no action asks for. Start reading at `known_of`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from campaigns.catalogue.eligible import Known
from campaigns.catalogue.orders import NO_NEWS, orders_of
from campaigns.catalogue.products import newest
from campaigns.people import People
from campaigns.segments.members import of_people
from churn.action_sections import Action
from churn.settings import Settings


def known_of(settings: Settings, people: People, now: datetime, environ: Mapping[str, str]) -> Known:
    """What the actions of a business go by.

    Args:
        settings: whose catalogue.
        people: everybody.
        now: the instant, by the business's clock.
        environ: what `${VARIABLES}` of paths stand for.

    Raises:
        NoSuchSegment, NoTiers: see `of_people`. BrokenProducts: the table of products cannot be used.
        NoLog: there is no log to tell what anybody buys.
    """
    names = sorted({name for one in settings.action for name in one.segments})
    members = of_people(people, settings, names) if names else None
    held = {} if members is None else {name: members[name].to_numpy(dtype=np.bool_) for name in names}
    if not _speaks_of_news(settings.action) or settings.products.path is None:
        return Known(held)
    news = tuple(newest(settings, now, environ).values())
    each = orders_of(settings, now, now, news).each.set_index("customer_id")["news"]
    place = each.reindex(people.rows["customer_id"], fill_value=NO_NEWS).to_numpy(dtype=np.int64)
    texts = {language: np.array([*(one.in_words(language) for one in news), None], dtype=object) for language in WORDS}
    return Known(held, place != NO_NEWS, texts["en"][place], texts["zh"][place])


WORDS = ("en", "zh")


def _speaks_of_news(actions: Sequence[Action]) -> bool:
    return any(one.kind == "product_news" for one in actions)
