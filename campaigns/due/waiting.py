"""The occasions that follow from what happened: thanks, follow-ups, contact overdue, what lapses, complaints.

Each tells of whom, since when it may be told, by when it is to be done and until when it makes sense; days are local,
since 1970. Arrays in, rows out; reads no file. Start reading at `thanks`.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.due.occasions import COLUMNS, Days, counted
from churn.action_sections import Action

FOR_EVER: Final = 10**6  # a day that does not come


def thanks(action: Action, late: pd.DataFrame, days: Days, day: int) -> pd.DataFrame:
    """Who placed one of the orders that are thanked for.

    Args:
        action: tells which orders, how many days after, and until when.
        late: the orders of late. Columns: customer_id, number (1 for the first ever).
        days: of each order. Shape (n,).
        day: asked about.
    """
    meant = late["number"].isin(action.orders).to_numpy(dtype=np.bool_)
    number = late.loc[meant, "number"].to_numpy(dtype=np.int64)
    texts = [f"their order number {one}" for one in number], [f"第{one}笔订单" for one in number]
    names = [f"order {one}" for one in number]
    return _since(action, late.loc[meant, "customer_id"], days[meant] + action.after_days, day, names, texts)


def after_sale(action: Action, late: pd.DataFrame, days: Days, day: int, contacts: pd.DataFrame) -> pd.DataFrame:
    """Who ordered so many days ago, and nobody has been in touch since.

    Args:
        action: tells how many days after, and until when.
        late: the orders of late, by customer and time. Columns: customer_id, time_us.
        days: of each order. Shape (n,).
        day: asked about.
        contacts: columns customer_id, contacted_us.
    """
    last = ~late["customer_id"].duplicated(keep="last").to_numpy()
    newest = late[last].assign(day=days[last])
    met = newest["customer_id"].map(contacts.groupby("customer_id")["contacted_us"].max())
    alone = newest[~(met >= newest["time_us"]).to_numpy(dtype=np.bool_)]
    on = alone["day"].to_numpy(dtype=np.int64)
    ago = day - on
    texts = (
        [f"ordered {_ago(one)}, and nobody has been in touch since" for one in ago],
        [f"{one}天前下单，之后无人跟进" if one else "今天下单，之后无人跟进" for one in ago],
    )
    return _since(
        action, alone["customer_id"], on + action.after_days, day, [f"sale of day {one}" for one in on], texts
    )


def regular_contact(action: Action, customer_ids: pd.Series, last_days: Days, day: int) -> pd.DataFrame:
    """Whom nobody has contacted for as long as the action allows.

    Args:
        action: tells how many days are too many.
        customer_ids: of everybody with an order. (n,)
        last_days: when each was contacted last, or ordered first if never. Shape (n,).
        day: asked about.
    """
    assert action.every_days is not None
    quiet = day - last_days
    texts = [f"no contact for {counted(one, 'day')}" for one in quiet], [f"{one}天没有联系" for one in quiet]
    names = [f"contact after day {one}" for one in last_days]
    return _since(action, customer_ids, last_days + action.every_days, day, names, texts, for_ever=True)


def lapsing(action: Action, told: pd.DataFrame, lapse_days: Days, day: int) -> pd.DataFrame:
    """Whose points, or whose tier, are about to lapse.

    Args:
        action: tells how many days before it is told.
        told: columns customer_id, amount (how many points; NaN for tiers, and where nobody said).
        lapse_days: the day on which they lapse. Shape (n,).
        day: asked about.
    """
    ahead = lapse_days - day
    near = (ahead >= 0) & (ahead <= action.lapse_within_days)
    due, left = lapse_days[near], ahead[near]
    en, zh = _lapses(action, left, told.loc[near, "amount"].to_numpy(dtype=np.float64))
    rows = pd.DataFrame({"customer_id": told.loc[near, "customer_id"].to_numpy(dtype=object), "due": due})
    rows["occasion"] = [f"{action.kind} {one}" for one in due]
    rows["first"], rows["last"], rows["why_en"], rows["why_zh"] = due - action.lapse_within_days, due, en, zh
    return rows[list(COLUMNS)]


def complaints(action: Action, customer_ids: NDArray[np.object_], since_days: Days, day: int) -> pd.DataFrame:
    """Whose complaint waits for an answer.

    Args:
        action: tells by when it is to be answered.
        customer_ids: of those who wait. (n,)
        since_days: since when each waits. Shape (n,).
        day: asked about.
    """
    waits = day - since_days
    en = [f"a complaint waits for {counted(one, 'day')}" if one else "a complaint of today waits" for one in waits]
    texts = en, [f"投诉已等待{one}天" if one else "今天收到的投诉待处理" for one in waits]
    names = [f"complaint of day {one}" for one in since_days]
    return _since(action, customer_ids, since_days, day, names, texts, for_ever=True)


def _since(
    action: Action,
    customer_ids: Sequence[str] | pd.Series | NDArray[np.object_],
    first: Days,
    day: int,
    names: Sequence[str],
    texts: tuple[Sequence[str], Sequence[str]],
    *,
    for_ever: bool = False,
) -> pd.DataFrame:
    """Rows of what is open from a day on: to be done within `due_days`, told for `within_days`, or until it is done."""
    rows = pd.DataFrame({"customer_id": list(customer_ids), "occasion": list(names), "first": first})
    rows["due"] = rows["first"] + action.due_days
    rows["last"] = FOR_EVER if for_ever else rows["first"] + max(action.within_days, action.due_days)
    rows["why_en"], rows["why_zh"] = texts
    is_open = (rows["first"] <= day) & (day <= rows["last"])
    return rows.loc[is_open, list(COLUMNS)].reset_index(drop=True)


def _lapses(action: Action, left: Days, amounts: NDArray[np.float64]) -> tuple[list[str], list[str]]:
    when = [(_ahead(one), f"{one}天后" if one else "今天") for one in left]
    if action.kind == "tier_lapsing":
        return [f"their tier lapses {en}" for en, _ in when], [f"会员等级将在{zh}降级" for _, zh in when]
    told = list(zip(amounts, when, strict=True))
    return [f"{_points(n)} {en}" for n, (en, _) in told], [f"{_points_zh(n)}将在{zh}过期" for n, (_, zh) in told]


def _points(amount: float) -> str:
    if np.isnan(amount):
        return "points lapse"
    return "1 point lapses" if f"{amount:,.0f}" == "1" else f"{amount:,.0f} points lapse"


def _points_zh(amount: float) -> str:
    return "积分" if np.isnan(amount) else f"{amount:,.0f}积分"


def _ago(days: int) -> str:
    return f"{counted(days, 'day')} ago" if days else "today"


def _ahead(days: int) -> str:
    return f"in {counted(days, 'day')}" if days else "today"
