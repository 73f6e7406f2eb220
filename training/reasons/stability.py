"""Would the reasons stay, had other customers been drawn? The same recipe on other customers and seeds.

Each refit learns from as many customers drawn with replacement, with another seed and the same number of trees. All
explain the same rows. Told is how far the order of the groups agrees, and for how many customers the top group stays.
Start reading at `stability`.
Source: Efron, Tibshirani (1993), An Introduction to the Bootstrap, ch. 6; Kendall, Gibbons (1990), rank correlation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from churn.bundle import Bundle
from churn.events import FloatArray
from churn.model_sections import Way
from training.explain import Trees, usual_moves
from training.fit import fit
from training.monotone import signs_of
from training.reasons.counted import Share
from training.reasons.grouped import Groups, raising, strongest
from training.recipe import Recipe
from training.rows import Rows, fold_of

REFITS: Final = 4
MOST_ROWS: Final = 20_000  # that a refit learns from, about; whole customers
HELD_OUT_ROWS: Final = 1_000  # a refit is neither stopped nor served, so its calibrator hardly matters


@dataclass(frozen=True)
class Manner:
    """How a version was fitted, so that it can be fitted again alike.

    Args:
        recipe: the learner's parameters.
        monotone: which features must rise or fall, of [training].
        select: whether features that do not survive the folds were left out.
    """

    recipe: Recipe = field(default_factory=Recipe)
    monotone: Mapping[str, Way] = field(default_factory=dict)
    select: bool = False


FIXED: Final = Manner()


@dataclass(frozen=True)
class Stability:
    """How far reasons stay under refit.

    Args:
        rank_correlation: of the groups' mean sizes with the model's, one a refit (Spearman).
        same_top: customers, over all refits, whose strongest group stays. same_raising: whose strongest raising one.
        clear_same_top: of those whose strongest group is at least half as strong again as the next.
    """

    rank_correlation: tuple[float, ...]
    same_top: Share
    same_raising: Share
    clear_same_top: Share

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "rank_correlation": list(self.rank_correlation),
            "same_top": self.same_top.as_json(),
            "same_raising": self.same_raising.as_json(),
            "clear_same_top": self.clear_same_top.as_json(),
        }


def stability(
    learned: Rows,
    shown: FloatArray,
    sums: FloatArray,
    bundle: Bundle,
    *,
    trees: int,
    seed: int,
    manner: Manner = FIXED,
    progress: Callable[[str], None] = lambda _text: None,
) -> Stability:
    """Fit again and compare.

    Args:
        learned: rows that the model learned from.
        shown: packed rows that all models explain, not prepared. Shape (n, f).
        sums: the model's own contributions of each group to them. Shape (n, g).
        bundle: the model's.
        trees: boosted trees.
        seed: of the draws.
        manner: in which the model was fitted.
        progress: told what is going on.
    """
    rows = few(learned, seed)
    signs = signs_of(learned.columns, manner.monotone, bundle.model)
    found = []
    for turn in range(1, REFITS + 1):
        progress(f"fitting again, {turn} of {REFITS}")
        again = fit(
            drawn(rows, np.random.default_rng([seed, turn])),
            whole_from_us=0,
            seed=seed + turn,
            threads=1,
            recipe=replace(manner.recipe, folds=2, held_out_rows=HELD_OUT_ROWS),
            signs=signs,
            select=manner.select,
            trees=max(trees, 1),
        )
        theirs = bundle.model_copy(update={"categories": again.categories, "usual_moves": usual_moves(again, rows)})
        found.append(Groups.of(theirs).sums(Trees(again.booster).contributions(theirs.prepare(shown))))
    size = np.sort(np.abs(sums), axis=1)
    clear = size[:, -1] >= 1.5 * size[:, -2:-1].sum(axis=1)  # nothing is next to one group alone
    tops = [strongest(one) == strongest(sums) for one in found]
    ups = raising(sums)
    return Stability(
        tuple(_spearman(np.abs(one).mean(axis=0), np.abs(sums).mean(axis=0)) for one in found),
        Share.of(np.concatenate(tops)),
        Share.of(np.concatenate([(raising(one) == ups)[ups >= 0] for one in found])),
        Share.of(np.concatenate([top[clear] for top in tops])),
    )


def few(rows: Rows, seed: int) -> Rows:
    """Whole customers, by a hash, of about `MOST_ROWS` rows."""
    lots = int(np.ceil(1_000 * min(1.0, MOST_ROWS / max(len(rows), 1))))
    return rows.take(fold_of(rows.customer, 1_000, seed=seed) < lots)


def drawn(rows: Rows, random: np.random.Generator) -> Rows:
    """As many customers, drawn with replacement; all rows of each as often as it was drawn."""
    codes, ids = pd.factorize(rows.customer)
    times = np.bincount(random.integers(0, len(ids), len(ids)), minlength=len(ids))
    return rows.take(np.repeat(np.arange(len(rows)), times[codes]))


def _spearman(one: FloatArray, other: FloatArray) -> float:
    ranks = np.array([np.argsort(np.argsort(values)) for values in (one, other)])
    return float(np.corrcoef(ranks)[0, 1]) if len(one) > 1 else 1.0
