"""When customers ordered first, last and lately, which order each was, and what is new in what they buy.

    log and inbox, part by part --before(now)--> one row a customer, and the orders of the last days with their numbers

"Order" is what the definition of churn calls a qualifying event; one that was taken back is none. Live orders count
once they were accepted. Start reading at `orders_of`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from campaigns.catalogue.products import News
from churn.calendar import Int64Array, to_us
from churn.conditions import qualifies
from churn.definition import Lifecycle
from churn.events import Events, before
from churn.settings import Settings
from features.live.parts import parts_of_now
from features.parts import HERE, Engine, Part

EACH: Final = ("customer_id", "first_us", "last_us", "orders", "news")
LATE: Final = ("customer_id", "number", "time_us")
NO_NEWS = -1


@dataclass(frozen=True)
class Orders:
    """What everybody ordered.

    Args:
        each: one row a customer with an order. Columns: customer_id, first_us, last_us (microseconds since 1970 UTC),
            orders (how many), news (place among the categories with something new since their last; NO_NEWS: none).
        late: orders since the instant that was asked for. Columns: customer_id, number (1 for the first ever), time_us.
    """

    each: pd.DataFrame
    late: pd.DataFrame


def orders_of(
    settings: Settings, now: datetime, since: datetime, news: Sequence[News] = (), *, engine: Engine = HERE
) -> Orders:
    """What everybody had ordered by an instant.

    Args:
        settings: whose.
        now: the first instant of the future.
        since: orders from here on are told one by one.
        news: the newest change of each category.
        engine: where parts of the log are read.

    Raises:
        NoLog: there is none. InboxUnavailable: live events cannot be read.
    """
    newest = {one.category: (place, one.time_us) for place, one in enumerate(news)}
    work = partial(
        part_orders, lifecycle=settings.lifecycle, now_us=to_us(now), since_us=to_us(since), newest=newest
    )  # fmt: skip
    each, late = zip(*engine.map(work, parts_of_now(settings)), strict=True)
    return Orders(pd.concat(each, ignore_index=True), pd.concat(late, ignore_index=True))


def part_orders(
    part: Part, *, lifecycle: Lifecycle, now_us: int, since_us: int, newest: Mapping[str, tuple[int, int]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The orders of one part's customers; what an engine maps over the parts."""
    return orders_in(before(part.read(), now_us), lifecycle=lifecycle, since_us=since_us, newest=newest)


def orders_in(
    visible: Events, *, lifecycle: Lifecycle, since_us: int, newest: Mapping[str, tuple[int, int]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The orders among events that are known: `Orders.each` and `Orders.late`."""
    found = visible.take(qualifies(visible, lifecycle.definition, lifecycle.calendar))
    count = len(found)
    starts = np.flatnonzero(np.diff(found.customer, prepend=-1))
    ends = np.append(starts[1:], count) - 1 if count else starts
    numbers = np.arange(count) - np.repeat(starts, ends - starts + 1) + 1
    who = found.customers[found.customer[starts]]
    last_us = found.time_us[ends]
    each = pd.DataFrame(
        {"customer_id": who, "first_us": found.time_us[starts], "last_us": last_us, "orders": ends - starts + 1,
         "news": _news(found, starts, last_us, newest)}, columns=list(EACH)
    )  # fmt: skip
    late = found.time_us >= since_us
    told = {
        "customer_id": found.customers[found.customer[late]], "number": numbers[late], "time_us": found.time_us[late]
    }  # fmt: skip
    return each, pd.DataFrame(told, columns=list(LATE))


def _news(found: Events, starts: Int64Array, last_us: Int64Array, newest: Mapping[str, tuple[int, int]]) -> Int64Array:
    """The place of the newest change in any category that each customer has bought, where it came after their last."""
    news = np.full(len(starts), NO_NEWS, dtype=np.int64)
    if not newest or not len(starts):
        return news
    levels = [newest.get(level, (NO_NEWS, -1)) for level in found.category.levels] + [(NO_NEWS, -1)]
    place, time_us = (np.array(column, dtype=np.int64) for column in zip(*levels, strict=True))
    codes = found.category.codes
    latest = np.maximum.reduceat(time_us[codes], starts)
    owner = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(codes))))
    is_latest = time_us[codes] == latest[owner]
    np.maximum.at(news, owner[is_latest], place[codes[is_latest]])
    return np.where(latest > last_us, news, NO_NEWS)
