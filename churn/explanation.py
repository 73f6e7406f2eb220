"""Explanations: a customer's contributions, feature by feature, told as a few reasons in English and Chinese.

Answers: which groups of reasons is this score most associated with, in which direction, and which of the
customer's numbers stands out (`Explainer.explain`). Contributions of one group are summed, because features of a
group share what they know and each alone looks smaller than it is. What a group contributes to the score of the usual
customer is taken off first: what moves everybody alike, as the season does, is no reason of this one. Reads arrays and
the features' own texts; knows no model. Says "associated with", never "because": attributions are no experiment.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churn.bundle import Bundle
from churn.reasons import UNCLEAR, Reason, group_of

FloatArray = NDArray[np.float64]

LEAST_SHARE = 0.1  # a group below a tenth of all that moved the score is not worth a sentence
TOP = 3
UNITS = {"days": (" days", "天"), "events": (" times", "次"), "share": ("", ""), "ratio": ("", "")}
OUTCOMES = {"churned": ("churn", "流失"), "reactivated": ("coming back", "回归")}
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


@dataclass(frozen=True, slots=True)
class Explained:
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
    """The customer's value of it, in its unit; null where unknown."""
    usual: float | None
    """The median of the reference customers."""
    en: str
    zh: str


class Explainer:
    """Turns contributions into reasons for one model. Immutable; threads may share it."""

    def __init__(
        self,
        features: Sequence[Described],
        usual: Mapping[str, float | None],
        *,
        outcome: str,
        least_share: float = LEAST_SHARE,
        usual_contributions: FloatArray | None = None,
    ) -> None:
        """Take the features in the order of the contributions' columns.

        Args:
            features: each with its group and its texts.
            usual: feature to its median among the reference customers.
            outcome: "churned" or "reactivated".
            least_share: groups with a smaller share of all contributions are not mentioned.
            usual_contributions: of each feature to the score of the usual customer; 0 where None. Shape (F,).

        Raises:
            UnknownReason: a feature speaks for a group that does not exist.
        """
        self.features = tuple(features)
        self.least_share = least_share
        self._moves = 0.0 if usual_contributions is None else usual_contributions
        self._usual = [_known(usual.get(feature.name)) for feature in features]
        self._outcome = OUTCOMES[outcome]
        self._groups: list[Reason] = list({f.group: group_of(f.name, f.group) for f in features}.values())
        self._members = [np.flatnonzero([f.group == group.code for f in features]) for group in self._groups]

    @classmethod
    def of(cls, bundle: Bundle, *, least_share: float = LEAST_SHARE) -> "Explainer":
        """Make the explainer of a model from its bundle; a feature without texts goes by its name.

        Raises:
            UnknownReason: a feature has no group, or one that does not exist.
        """
        features = []
        for name in bundle.features:
            group, text = group_of(name, bundle.reasons.get(name)), bundle.texts.get(name)
            en, zh, unit = (text.en, text.zh, text.unit) if text else (name, name, "")
            features.append(Described(name, group.code, en, zh, unit, is_category=name in bundle.categories))
        return cls(
            features, bundle.usual, outcome=bundle.label, least_share=least_share,
            usual_contributions=usual_contributions(bundle),
        )  # fmt: skip

    def explain(self, contributions: FloatArray, values: FloatArray, *, top: int = TOP) -> list[list[Explained]]:
        """Give each customer's reasons, those in the direction of the score first, each direction strongest first.

        A score above the usual begins with what raises it, one below with what lowers it. Where no group of that
        direction has `least_share`, the first reason says that there is no clear one.

        Args:
            contributions: Shapley values in log-odds; a base value in a last column is ignored. Shape (n, F or F + 1).
            values: the customers' features as packed, in the same order. Shape (n, F).
            top: at most so many reasons a customer.

        Returns:
            One list a customer, of 1 to `top` reasons; empty where `top` is 0.
        """
        contributions = contributions[:, : len(self.features)] - self._moves
        sums = np.column_stack([contributions[:, members].sum(axis=1) for members in self._members])
        return [self._one(*rows, top) for rows in zip(sums, contributions, values, strict=True)]

    def _one(self, sums: FloatArray, contributions: FloatArray, values: FloatArray, top: int) -> list[Explained]:
        shares, way = shares_of(sums), float(leaning(sums))
        told = [int(group) for group in np.argsort(-np.abs(sums), kind="stable") if shares[group] >= self.least_share]
        along, against = [g for g in told if sums[g] * way > 0], [g for g in told if sums[g] * way < 0]
        first = [] if along else [_unclear(self._outcome, DIRECTIONS["raises" if way > 0 else "lowers"])]
        groups = [*along, *against][: max(top - len(first), 0)]
        return [*first, *(self._reason(g, sums, shares, contributions, values) for g in groups)][:top]

    def _reason(
        self, group: int, sums: FloatArray, shares: FloatArray, contributions: FloatArray, values: FloatArray
    ) -> Explained:
        reason = self._groups[group]
        members, total = self._members[group], float(sums[group])
        place = int(members[np.argmax(contributions[members] * math.copysign(1.0, total))])
        feature, direction = self.features[place], "raises" if total > 0 else "lowers"
        shown = not feature.is_category
        value, usual = (_known(float(values[place])), self._usual[place]) if shown else (None, None)
        en, zh = self._sentences(reason, feature, direction, value, usual)
        return Explained(
            code=reason.code, actionable=reason.actionable, direction=direction, contribution=total,
            share=float(shares[group]), feature=feature.name, value=value, usual=usual, en=en, zh=zh,
        )  # fmt: skip

    def _sentences(
        self, reason: Reason, feature: Described, direction: str, value: float | None, usual: float | None
    ) -> tuple[str, str]:
        unit_en, unit_zh = UNITS.get(feature.unit, ("", ""))
        seen_en = seen_zh = ""
        if not feature.is_category:
            seen_en = f": {_number(value, unit_en, 'not known')} (usual: {_number(usual, unit_en, 'not known')})"
            seen_zh = f"：{_number(value, unit_zh, '未知')}（通常：{_number(usual, unit_zh, '未知')}）"
        more_en, more_zh = DIRECTIONS[direction]
        subject = f"{reason.en[:1].upper()}{reason.en[1:]} – {feature.en}{seen_en}"
        en = f"{subject}; associated with a {more_en} chance of {self._outcome[0]}."
        zh = f"{reason.zh}——{feature.zh}{seen_zh}，与{more_zh}的{self._outcome[1]}可能性相关。"
        return en, zh


def usual_contributions(bundle: Bundle) -> FloatArray:
    """What each feature contributes to the score of the usual customer, log-odds. Shape (F,)."""
    return np.array([bundle.usual_moves.get(name, 0.0) for name in bundle.features])


def shares_of(sums: FloatArray) -> FloatArray:
    """Each group's part of all movement of a score, in [0, 1]. Shape (..., g), as `sums`."""
    sizes = np.abs(sums)
    total = sizes.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(sizes, total, out=np.zeros_like(sizes), where=total > 0))


def leaning(sums: FloatArray) -> FloatArray:
    """1 where a score lies above the usual or at it, -1 where it lies below. Shape (...), from (..., g)."""
    return np.where(sums.sum(axis=-1) >= 0, 1.0, -1.0)


def told_first(sums: FloatArray, *, least_share: float = LEAST_SHARE) -> NDArray[np.int64]:
    """The group that each customer's reasons begin with; -1 where there is no clear one. Shape (n,).

    Args:
        sums: contributions of each group beyond the usual, log-odds. Shape (n, g).
        least_share: of all movement, that a group needs to be told.
    """
    along = sums * leaning(sums)[:, None]
    first = along.argmax(axis=1)
    rows = np.arange(len(sums))
    is_clear = (along[rows, first] > 0) & (shares_of(sums)[rows, first] >= least_share)
    return np.where(is_clear, first, -1)


def _unclear(outcome: tuple[str, str], more: tuple[str, str]) -> Explained:
    return Explained(
        code=UNCLEAR.code, actionable=False, direction=None, contribution=0.0, share=0.0,
        feature=None, value=None, usual=None,
        en=f"No clear reason for a {more[0]} chance of {outcome[0]}: nothing known stands out as associated with one.",
        zh=f"没有{outcome[1]}可能性{more[1]}的明确原因：该客户的已知情况中，没有与之明显相关的因素。",
    )  # fmt: skip


def _known(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _number(value: float | None, unit: str, unknown: str) -> str:
    if value is None:
        return unknown
    digits = 0 if value == round(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    return (text.rstrip("0").rstrip(".") if digits else text) + unit
