"""Explanations: a customer's contributions, feature by feature, told as a few reasons in English and Chinese.

Answers: which groups of reasons is this score most associated with, in which direction, and which of the
customer's numbers stands out (`Explainer.explain`). Contributions of one group are summed, because features of a
group share what they know and each alone looks smaller than it is. What a group contributes to the score of the usual
customer is taken off first: what moves everybody alike, as the season does, is no reason of this one. Reads arrays and
the features' own texts; knows no model. Says "associated with", never "because": attributions are no experiment.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from churn.bundle import Bundle
from churn.phrases import DIRECTIONS, OUTCOMES, Described, Explained, known, phrase_of, unclear
from churn.reasons import Reason, group_of
from churn.treeshap import WrongRows, compiled

FloatArray = NDArray[np.float64]

__all__ = ["Described", "Explained", "Explainer", "leaning", "shares_of", "told_first", "usual_contributions"]

LEAST_SHARE = 0.1  # a group below a tenth of all that moved the score is not worth a sentence
TOP = 3


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
        self._moves = np.zeros(len(self.features)) if usual_contributions is None else usual_contributions
        groups: list[Reason] = list({f.group: group_of(f.name, f.group) for f in features}.values())
        codes = [group.code for group in groups]
        self._group = np.array([codes.index(feature.group) for feature in features], dtype=np.int64)
        self._count = len(groups)
        self._unclear = {more: unclear(OUTCOMES[outcome], DIRECTIONS[more]) for more in DIRECTIONS}
        self._phrases = {
            more: [
                phrase_of(groups[group], one, known(usual.get(one.name)), more, OUTCOMES[outcome])
                for one, group in zip(self.features, self._group.tolist(), strict=True)
            ]
            for more in DIRECTIONS
        }

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
            coded, words, usual_word = name in bundle.categories, bundle.words.get(name), bundle.usual_words.get(name)
            features.append(Described(name, group.code, en, zh, unit, coded, words or {}, usual_word))
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

        Raises:
            WrongRows: fewer contributions than features.
        """
        if contributions.shape[1] < len(self.features):  # compiled loops would read beyond the row
            raise WrongRows(expected=len(self.features), found=contributions.shape)
        top = min(top, self._count)
        if not top:
            return [[] for _ in contributions]
        found, places = np.empty((len(contributions), top, 2)), np.empty((len(contributions), 3 + top), dtype=np.int64)
        told = np.ascontiguousarray(contributions, dtype=np.float64)
        compiled().find_reasons(told, self._moves, self._group, self.least_share, found, places)
        rows = zip(places.tolist(), found.tolist(), values, strict=True)
        return [self._told(top, *one) for one in rows]

    def _told(self, top: int, places: list[int], found: list[list[float]], values: FloatArray) -> list[Explained]:
        is_above, count, along, *features = places
        told = [] if along else [self._unclear["raises" if is_above else "lowers"]]
        for feature, (total, share) in zip(features[: min(count, top - len(told))], found, strict=False):
            phrase = self._phrases["raises" if total > 0 else "lowers"][feature]
            told.append(phrase.told(total, share, values.item(feature)))
        return told


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
