"""Explanations: a customer's contributions, feature by feature, told as a few reasons in English and Chinese.

Answers: which groups of reasons is this score most associated with, in which direction, and which of the
customer's numbers stands out (`Explainer.explain`). Contributions of one group are summed, because features of a
group share what they know and each alone looks smaller than it is. Reads arrays and the features' own texts;
knows no model. Says "associated with", never "because": attributions are no experiment.
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
    ) -> None:
        """Take the features in the order of the contributions' columns.

        Args:
            features: each with its group and its texts.
            usual: feature to its median among the reference customers.
            outcome: "churned" or "reactivated".
            least_share: groups with a smaller share of all contributions are not mentioned.

        Raises:
            UnknownReason: a feature speaks for a group that does not exist.
        """
        self.features = tuple(features)
        self.least_share = least_share
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
        return cls(features, bundle.usual, outcome=bundle.label, least_share=least_share)

    def explain(self, contributions: FloatArray, values: FloatArray, *, top: int = TOP) -> list[list[Explained]]:
        """Give each customer's reasons: what raises the chance first, strongest first, then what lowers it.

        Where no raising group has `least_share`, the first reason says that nothing clearly raises it.

        Args:
            contributions: Shapley values in log-odds; a base value in a last column is ignored. Shape (n, F or F + 1).
            values: the customers' features as packed, in the same order. Shape (n, F).
            top: at most so many reasons a customer.

        Returns:
            One list a customer, of 1 to `top` reasons; empty where `top` is 0.
        """
        contributions = contributions[:, : len(self.features)]
        sums = np.column_stack([contributions[:, members].sum(axis=1) for members in self._members])
        return [self._one(*rows, top) for rows in zip(sums, contributions, values, strict=True)]

    def _one(self, sums: FloatArray, contributions: FloatArray, values: FloatArray, top: int) -> list[Explained]:
        shares = np.abs(sums) / (np.abs(sums).sum() or 1.0)
        told = [int(group) for group in np.argsort(-np.abs(sums), kind="stable") if shares[group] >= self.least_share]
        raising, lowering = [g for g in told if sums[g] > 0], [g for g in told if sums[g] < 0]
        first = [] if raising else [_unclear(self._outcome)]
        groups = [*raising, *lowering][: max(top - len(first), 0)]
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


def _unclear(outcome: tuple[str, str]) -> Explained:
    return Explained(
        code=UNCLEAR.code, actionable=False, direction=None, contribution=0.0, share=0.0,
        feature=None, value=None, usual=None,
        en=f"No clear reason for a higher chance of {outcome[0]}: nothing known stands out as associated with one.",
        zh=f"没有{outcome[1]}可能性较高的明确原因：该客户的已知情况中，没有与之明显相关的因素。",
    )  # fmt: skip


def _known(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _number(value: float | None, unit: str, unknown: str) -> str:
    if value is None:
        return unknown
    digits = 0 if value == round(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    return (text.rstrip("0").rstrip(".") if digits else text) + unit
