"""Reasons in words: what is said of one feature for one direction, in English and Chinese, whoever it is said of.

`Phrase` is a reason before it is known whose it is; it is made once a model and told a million times. Says "associated
with", never "because": attributions are no experiment. Reads the features' own texts; knows no model. Start reading at
`phrase_of`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from churn.reasons import UNCLEAR, Reason

UNITS = {"days": (" days", "天"), "events": ("", "次")}  # in English a number of events says so itself
SHARE, FLAG = "share", "yes or no"
OUTCOMES = {"churned": ("churn", "流失"), "reactivated": ("coming back", "回归")}
NOT_KNOWN, ANOTHER = ("not known", "未知"), ("another", "其他")
DIRECTIONS = {"raises": ("higher", "较高"), "lowers": ("lower", "较低")}


@dataclass(frozen=True)
class Described:
    """A feature in words, as its catalogue has it."""

    name: str
    group: str
    en: str
    zh: str
    unit: str = ""
    is_category: bool = False
    """Its values are codes, which are not shown."""
    words: Mapping[int, str] = field(default_factory=dict)
    """What its codes stand for; a code without words is another one."""
    usual_word: str | None = None
    """The commonest of them among the reference customers."""


class Explained(NamedTuple):
    """One reason for one customer's score."""

    code: str
    actionable: bool
    direction: str | None
    """"raises" or "lowers" the chance of the outcome; null where there is no clear reason."""
    contribution: float
    """Sum over the group's features, in log-odds."""
    share: float
    """|contribution| as a part of all groups' |contribution|, in [0, 1]."""
    feature: str | None
    """The feature of the group that moved the score most in that direction."""
    value: float | None
    """The customer's value of it, in its unit; null where unknown, and of a category."""
    usual: float | None
    """The median of the reference customers; null of a category."""
    en: str
    zh: str
    value_text: str | None = None
    """The customer's category; null where it is unknown or has no words, and of a number."""
    usual_text: str | None = None
    """The commonest category of the reference customers."""


class Phrase(NamedTuple):
    """A reason before it is known whose it is: all but the numbers of a customer."""

    code: str
    actionable: bool
    direction: str
    feature: str
    usual: float | None
    unit: str
    en: tuple[str, str]
    """Before the value, and after it."""
    zh: tuple[str, str]
    shown: bool
    """Whether a number is told."""
    words: Mapping[int, str]
    """What codes stand for; none of a number, and where nobody knows."""
    usual_word: str | None

    def told(self, contribution: float, share: float, value: float) -> Explained:
        """The reason of one customer."""
        seen, word, en, zh = None, None, "", ""
        if self.shown:
            seen = known(value)
            en, zh = in_words(seen, self.unit)
        elif self.words:
            code = known(value)
            word = None if code is None else self.words.get(int(code))
            en, zh = ANOTHER if word is None and code is not None else named(word)
        return Explained(
            self.code, self.actionable, self.direction, contribution, share, self.feature, seen, self.usual,
            f"{self.en[0]}{en}{self.en[1]}", f"{self.zh[0]}{zh}{self.zh[1]}", word, self.usual_word,
        )  # fmt: skip


def phrase_of(
    reason: Reason, feature: Described, usual: float | None, direction: str, outcome: tuple[str, str]
) -> Phrase:
    """What is said of one feature for one direction."""
    shown, more = not feature.is_category, DIRECTIONS[direction]
    head_en = f"{reason.en[:1].upper()}{reason.en[1:]} – {feature.en}"
    head_zh = f"{reason.zh}——{feature.zh}"
    tail_en = f"; associated with a {more[0]} chance of {outcome[0]}."
    tail_zh = f"，与{more[1]}的{outcome[1]}可能性相关。"
    if shown or feature.words:
        head_en, head_zh = f"{head_en}: ", f"{head_zh}："
        wordless = ANOTHER if feature.usual_word is None else named(feature.usual_word)
        en, zh = in_words(usual, feature.unit) if shown else wordless
        tail_en, tail_zh = f" (usual: {en}){tail_en}", f"（通常：{zh}）{tail_zh}"
    return Phrase(
        reason.code, reason.actionable, direction, feature.name, usual if shown else None,
        feature.unit, (head_en, tail_en), (head_zh, tail_zh), shown, feature.words, feature.usual_word,
    )  # fmt: skip


def unclear(outcome: tuple[str, str], more: tuple[str, str]) -> Explained:
    """What is said where no group stands out in the direction of the score."""
    return Explained(
        code=UNCLEAR.code, actionable=False, direction=None, contribution=0.0, share=0.0,
        feature=None, value=None, usual=None,
        en=f"No clear reason for a {more[0]} chance of {outcome[0]}: nothing known stands out as associated with one.",
        zh=f"没有{outcome[1]}可能性{more[1]}的明确原因：该客户的已知情况中，没有与之明显相关的因素。",
    )  # fmt: skip


def known(value: float | None) -> float | None:
    """A number, or None where it is not finite."""
    return value if value is not None and math.isfinite(value) else None


def named(word: str | None) -> tuple[str, str]:
    """A category as people read it, in English and Chinese: in the business's own word, or that it is not known."""
    return NOT_KNOWN if word is None else (f"“{word}”", f"“{word}”")


def in_words(value: float | None, unit: str) -> tuple[str, str]:
    """A value of a feature as people read it, in English and Chinese."""
    if value is None:
        return NOT_KNOWN
    if unit == FLAG:
        return ("yes", "是") if value else ("no", "否")
    if unit == SHARE:
        share = f"{_digits(100 * value)}%"
        return share, share
    number, (en, zh) = _digits(value), UNITS.get(unit, ("", ""))
    return (number + (" day" if number == "1" and unit == "days" else en)), number + zh


def _digits(value: float) -> str:
    digits = 0 if value == round(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if digits else text
    return "0" if text == "-0" else text
