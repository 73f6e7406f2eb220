"""What each training row counts. Start reading at `row_weights`."""

import numpy as np
import pandas as pd

from churn.calendar import DAY_US
from churn.events import FloatArray
from training.recipe import Recipe
from training.rows import Rows


def row_weights(rows: Rows, recipe: Recipe) -> FloatArray:
    """Weights of rows, 1 on average. Shape (n,)."""
    weight = np.ones(len(rows))
    if recipe.repeat_power:
        codes = pd.factorize(rows.customer)[0]
        cutoffs = pd.DataFrame(
            {"customer": codes, "at": rows.cutoff_us}
        ).drop_duplicates()  # one row may stand for many
        weight *= np.bincount(cutoffs["customer"])[codes] ** -recipe.repeat_power
    if recipe.half_life_days:
        age_days = (rows.cutoff_us.max() - rows.cutoff_us) / DAY_US
        weight *= 0.5 ** (age_days / recipe.half_life_days)
    return weight if (weight == 1.0).all() else np.round(weight * len(weight) / weight.sum(), 6)
