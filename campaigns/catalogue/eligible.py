"""Whom an action is for: the door of campaigns/suppress.py, then stage, segments, reasons and what it waits for.

    no_number         no model told a number, so nothing can be expected of an action
    other_stage       the action is for other stages
    other_segment     for other segments
    other_reason      it answers other reasons than theirs
    nothing_new       product news, and nothing is new or better in what they buy since they were here last
    no_complaint      resolution of a complaint, and none waits

Codes of the door come first: who may not be contacted is no matter of taste. What an action goes by beyond people and
doors (segments, products) is read once into `Known`. Start reading at `eligible`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.people import People
from campaigns.suppress import WORDS, Doors
from churn.action_sections import Action
from churn.errors import SettingsError

Codes = NDArray[np.object_]
BoolArray = NDArray[np.bool_]
NO_NUMBER, OTHER_STAGE, OTHER_SEGMENT = "no_number", "other_stage", "other_segment"
OTHER_REASON, NOTHING_NEW, NO_COMPLAINT = "other_reason", "nothing_new", "no_complaint"
WHY: Final[Mapping[str, tuple[str, str]]] = {
    **WORDS,
    NO_NUMBER: ("no model told a number for them", "模型未给出该客户的评分"),
    OTHER_STAGE: ("the action is for another stage", "该行动面向其他生命周期阶段"),
    OTHER_SEGMENT: ("the action is for another segment", "该行动面向其他客户分群"),
    OTHER_REASON: ("it answers other reasons than theirs", "该行动针对的原因与该客户不符"),
    NOTHING_NEW: ("nothing new in what they buy since they were here last", "客户所购品类自上次购买后无新品或改进"),
    NO_COMPLAINT: ("no complaint of theirs waits", "客户没有未解决的投诉"),
}
CODES: Final = tuple(WHY)


class SegmentsNotEvaluated(SettingsError):
    """An action names segments, and nobody said who belongs to them."""

    def __init__(self, action: str, names: tuple[str, ...]) -> None:
        super().__init__(
            f"The action {action!r} is for the segments {', '.join(names)}, of which none is known here.",
            mend="give each a [[segment]] in churn.toml (docs/segments.md), or take `segments` out of the action.",
        )


@dataclass(frozen=True)
class Known:
    """What some actions go by beyond scores and doors; in the order of PEOPLE.

    Args:
        members: by name of segment: who belongs to it. Each of shape (n,).
        has_news: who has something new or better in what they buy; None where no table of products is kept. Shape (n,).
        news_en: what is new for them, in words; None where nothing. Shape (n,).
        news_zh: the same in Chinese.
    """

    members: Mapping[str, BoolArray] = field(default_factory=dict)
    has_news: BoolArray | None = None
    news_en: Codes | None = None
    news_zh: Codes | None = None


NOTHING: Final = Known()


def eligible(people: People, doors: Doors, action: Action, known: Known = NOTHING) -> Codes:
    """The code why each customer is none for an action; None where they are.

    Args:
        people: everybody.
        doors: who may be contacted, of the same people.
        action: of the catalogue.
        known: members of segments and news of products, of the same people.

    Returns:
        Shape (n,).

    Raises:
        SegmentsNotEvaluated: the action names a segment that is not among those known.
    """
    rows = people.rows
    found = doors.why_not(action)
    nothing = np.zeros(len(rows), dtype=np.bool_)
    has_news = nothing if known.has_news is None else known.has_news
    rules = (
        (NO_NUMBER, rows["probability"].isna().to_numpy()),
        (OTHER_STAGE, _outside(rows["stage"], action.stages)),
        (OTHER_SEGMENT, ~_members(action, known, len(rows))),
        (OTHER_REASON, ~answers(rows["reason_codes"], action.reasons)),
        (NOTHING_NEW, ~has_news if action.kind == "product_news" else nothing),
        (NO_COMPLAINT, ~doors.complains if action.kind == "complaint" else nothing),
    )
    open_still = pd.isna(found)
    for code, applies in reversed(rules):
        found[open_still & applies] = code
    return found


def answers(reason_codes: pd.Series, reasons: tuple[str, ...]) -> BoolArray:
    """Who has one of these reasons; everybody where none is named. Shape (n,)."""
    if not reasons:
        return np.ones(len(reason_codes), dtype=np.bool_)
    codes, texts = pd.factorize(reason_codes)  # few sets of reasons, of many people
    fits = np.array([not set(reasons).isdisjoint(str(text).split()) for text in texts] + [False], dtype=np.bool_)
    found: BoolArray = fits[codes]
    return found


def in_words(code: str, language: str) -> str:
    """Why an action is none for somebody, for people to read."""
    return WHY[code][language == "zh"]


def _outside(stage: pd.Series, stages: tuple[str, ...]) -> BoolArray:
    if not stages:
        return np.zeros(len(stage), dtype=np.bool_)
    return ~stage.isin([str(one) for one in stages]).to_numpy(dtype=np.bool_)


def _members(action: Action, known: Known, count: int) -> BoolArray:
    if not action.segments:
        return np.ones(count, dtype=np.bool_)
    if strange := tuple(name for name in action.segments if name not in known.members):
        raise SegmentsNotEvaluated(action.code, strange)
    found = np.zeros(count, dtype=np.bool_)
    for name in action.segments:
        found |= known.members[name]
    return found
