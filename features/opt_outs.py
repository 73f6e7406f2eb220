"""Who objected to what: opt-outs as they stand, from the log and the inbox, as of now or of any instant.

    events opt_out, opt_in     category: scoring | contact | audience | the code of a channel; none: contact

The newest one of a category that was known wins; at one instant the objection does. An objection in words that nobody
knows is not lost: it counts against every contact, and against what it most likely means (features/input_consents.py
tells of it). They are events like any other: dated, corrected, forgotten with their customer, and no model learns from
them. Start reading at `opt_outs`; the service asks features/live/opted_out.py.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from churn.calendar import NEVER, to_us
from churn.channels import CHANNELS, channel_of
from churn.settings import Settings
from features import kind_rows
from features.holders import read_holders
from features.kind_rows import known_rows
from features.live.inbox import Row
from features.live.pieces import AT, rows_of_log
from features.log import LOG_SCHEMA, SUPERSEDED

OPT_OUT: Final = "opt_out"
OPT_IN: Final = "opt_in"
KINDS: Final = (OPT_OUT, OPT_IN)  # those of features/catalogue/kinds.py that make no feature
SCORING, CONTACT, AUDIENCE = "scoring", "contact", "audience"
CATEGORIES: Final = (SCORING, CONTACT, AUDIENCE, *CHANNELS)
SAME: Final = {  # what people call them
    "score": SCORING, "scores": SCORING, "profiling": SCORING, "评分": SCORING, "画像": SCORING, "用户画像": SCORING,
    "marketing": CONTACT, "contacts": CONTACT, "营销": CONTACT, "联系": CONTACT, "触达": CONTACT,
    "audiences": AUDIENCE, "ads": AUDIENCE, "advertising": AUDIENCE, "受众": AUDIENCE, "广告": AUDIENCE,
}  # fmt: skip
COLUMNS: Final = ("customer_id", "category", "since")
READ = ("customer_id", "event_type", "category", "event_timestamp", "ingested_at", SUPERSEDED)
ROWS: Final = pa.schema([LOG_SCHEMA.field(name) for name in READ])
NEAR = 0.75  # how like a category a word must be to be taken for it


def category_of(said: str | None) -> str | None:
    """The category that a word names; None where it names none.

    >>> [category_of(one) for one in (None, " Scoring ", "E-Mail", "微信", "newsletter")]
    ['contact', 'scoring', 'email', 'wechat', None]
    """
    plain = (said or "").strip().lower()
    if not plain:
        return CONTACT
    return plain if plain in CATEGORIES else SAME.get(plain) or channel_of(plain)


def nearest(said: str) -> str | None:
    """The category that a word most likely stands for; None where none is near."""
    near = get_close_matches(said.strip().lower(), [*CATEGORIES, *SAME], n=1, cutoff=NEAR)
    return (category_of(near[0]) if near else None) or None


def opt_outs(settings: Settings, as_of: datetime | None = None, *, categories: Iterable[str] = ()) -> pd.DataFrame:
    """Whoever objects, and to what, by all that had reached us: the log and the inbox of live events.

    Args:
        settings: of the business.
        as_of: what had happened and was known before this instant; all that was acknowledged where None.
        categories: these alone; all where none is named.

    Returns:
        One row a customer and category, sorted by both. Columns: customer_id, category (see `CATEGORIES`), since (when
        it was said; aware, UTC). Nothing of who opted in again.

    Raises:
        BrokenLog: the log cannot be read. InboxUnavailable: nor the inbox. LogBehind: they do not meet.
    """
    rows = known_rows(settings, KINDS).select(list(READ))
    return standing(rows, NEVER if as_of is None else to_us(as_of), categories)


def left_out_of_learning(settings: Settings) -> frozenset[str]:
    """Customers no model is to learn from: who objects to scoring by now, and who they were before.

    Nobody where `[privacy] learn_from_opted_out` says so.

    Raises:
        BrokenLog: the log cannot be read. InboxUnavailable: the inbox does not answer.
    """
    if settings.privacy.learn_from_opted_out:
        return frozenset()
    found = set(opt_outs(settings, categories=(SCORING,))["customer_id"])
    return frozenset(found | read_holders(settings.folder).heirs_ever(found) if found else found)


def of_log(folder: Path) -> tuple[int, pa.Table]:
    """Up to which live event the log reaches, and its rows of opt-outs; none where there is no log, or it has none.

    Args:
        folder: the artifacts of a business.

    Returns:
        Columns of the rows: `ROWS`; instants as int64 µs. A row under an id that somebody else holds by
        now is there for both.

    Raises:
        BrokenLog: a file cannot be read.
    """
    upto, rows = kind_rows.of_log(folder, KINDS)
    return upto, rows.select(list(READ)).cast(ROWS)


def of_inbox(rows: Sequence[Row]) -> pa.Table:
    """Live events as rows of opt-outs."""
    return rows_of_log([row for row in rows if row[AT["event_type"]] in KINDS], ROWS)


def standing(rows: pa.Table, cutoff_us: int = NEVER, categories: Iterable[str] = ()) -> pd.DataFrame:
    """Which opt-outs stand before an instant: `opt_outs` of rows that are at hand.

    Args:
        rows: columns of `ROWS`.
        cutoff_us: the first instant that is not known, microseconds since 1970 UTC.
        categories: these alone; all where none is named.
    """
    if not len(rows):
        return _empty()
    time_us, known_us = (rows[name].to_numpy() for name in ("event_timestamp", "ingested_at"))
    void_us = rows[SUPERSEDED].fill_null(NEVER).to_numpy()
    frame = rows.select(["customer_id", "event_type", "category"]).to_pandas().assign(time_us=time_us)
    return _newest(frame[(time_us < cutoff_us) & (known_us < cutoff_us) & (void_us >= cutoff_us)], tuple(categories))


def _newest(frame: pd.DataFrame, categories: tuple[str, ...]) -> pd.DataFrame:
    """Of each customer and category the newest word, where it is an objection."""
    is_out = (frame["event_type"] == OPT_OUT).to_numpy(dtype=bool)
    meant = {said: _meant(said) for said in frame["category"].drop_duplicates()}
    against: list[Any] = [meant[said][0 if out else 1] for said, out in zip(frame["category"], is_out, strict=True)]
    told = frame.assign(is_out=is_out, meant=pd.Series(against, index=frame.index, dtype=object)).explode("meant")
    told = told[told["meant"].isin(categories) if categories else told["meant"].notna()]
    last = told.sort_values(["customer_id", "meant", "time_us", "is_out"], kind="stable")
    last = last.drop_duplicates(["customer_id", "meant"], keep="last")
    last = last[last["is_out"].astype(bool)]
    return pd.DataFrame(
        {
            "customer_id": last["customer_id"].to_numpy(dtype=object),
            "category": last["meant"].to_numpy(dtype=object),
            "since": pd.to_datetime(last["time_us"].to_numpy(), unit="us", utc=True).as_unit("us"),
        }
    )


def _meant(said: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What an objection in this word is against, and what consent in it lifts: a word nobody knows lifts nothing."""
    word = said if isinstance(said, str) else None
    known = category_of(word)
    if known is not None:
        return (known,), (known,)
    near = nearest(str(word))
    return tuple(dict.fromkeys([CONTACT, *([near] if near else [])])), ()


def _empty() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": pd.Series(dtype=object), "category": pd.Series(dtype=object),
            "since": pd.Series(dtype="datetime64[us, UTC]"),
        }
    )  # fmt: skip
