"""Answers of the night: what `churn score --all` said of a row, kept beside it in the on-line store.

    score --all --written--> OnlineRow.nightly --kept--> the same Judged, as long as nothing has changed

An answer of the night is used only while everything that it was made from is what it was: model, definition, features,
calendar, the row's numbers, its cutoff and what it knew. A digest of all these stands before it; a row that is written
anew loses it. It is the champion's own answer to the last bit. Knows no store. Start reading at `kept`.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import msgspec
import numpy as np

from churn.calendar import Calendar, to_us
from features.online import OnlineRow, canonical
from serving.champion import Champion
from serving.judged import Judged

FORM = "3"  # raise it when the same numbers come to be told in other words
DIGEST_BYTES = 15
DIGEST_LETTERS = 20
ALL = 99  # reasons: there were no more
EMPTY = np.zeros(0)


class Night(msgspec.Struct, frozen=True, array_like=True):
    """What stands behind the digest."""

    reasons_asked: int
    judged: Judged


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Night).decode


def written(champion: Champion, row: OnlineRow, calendar: Calendar, judged: Judged, top: int) -> str:
    """A judgement as a row keeps it.

    Args:
        champion: who judged.
        row: what was judged.
        calendar: whose days dates are.
        judged: what it said.
        top: how many reasons it was asked for.
    """
    asked = top if len(judged.reasons) == top else ALL
    return _digest(champion, row, calendar) + encode(Night(asked, judged)).decode()


def kept(champion: Champion, row: OnlineRow, calendar: Calendar, top: int) -> Judged | None:
    """What the champion said of exactly this row in the night, with at most so many reasons; None: ask it.

    Args:
        champion: who answers now.
        row: as the store holds it.
        calendar: whose days dates are.
        top: reasons asked for.
    """
    text = row.nightly
    if text is None or text[:DIGEST_LETTERS] != _digest(champion, row, calendar):
        return None
    try:
        night = decode(text[DIGEST_LETTERS:])
    except msgspec.MsgspecError:
        return None
    if top > night.reasons_asked:
        return None
    judged = night.judged
    return judged if top >= len(judged.reasons) else msgspec.structs.replace(judged, reasons=judged.reasons[:top])


def _digest(champion: Champion, row: OnlineRow, calendar: Calendar) -> str:
    """Twenty letters that stand for everything that an answer of this champion about this row is made from."""
    bundle = champion.bundle
    facts = (
        f"{FORM} {champion.model_hash} {champion.trees.nodes} {calendar.timezone} {bundle.definition_id} "
        f"{row.feature_set_hash} {row.model} {to_us(row.as_of)} {to_us(row.known_at)} "
    )
    digest = _hash(facts.encode() + canonical(row.vector).tobytes()).digest()
    return base64.urlsafe_b64encode(digest).decode()


_hash = partial(hashlib.blake2b, digest_size=DIGEST_BYTES)


def nights(
    champions: Mapping[str, Champion],
    rows: Sequence[OnlineRow],
    judged: Sequence[Judged | None],
    calendar: Calendar,
    top: int,
) -> list[OnlineRow]:
    """Rows that carry what was just said of them and nothing else, for `RowStore.attach`.

    Args:
        champions: by model.
        rows: what was judged.
        judged: what was said of each; None where nobody was asked.
        calendar: whose days dates are.
        top: how many reasons were asked for.
    """
    return [
        replace(row, vector=EMPTY, stated=None, nightly=written(champions[str(row.model)], row, calendar, one, top))
        for row, one in zip(rows, judged, strict=True)
        if one is not None
    ]
