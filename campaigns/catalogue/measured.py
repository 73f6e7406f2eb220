"""What uplift models measured, for the actions that have one that is trusted: in place of share x take-up.

Start reading at `effects_of`.
"""

import numpy as np
from numpy.typing import NDArray

from campaigns.catalogue.offers import plannable
from campaigns.people import People, features_of
from campaigns.uplift.keeping import uplift_of
from churn.settings import Settings
from features import parquet
from features.current_file import ROWS_FILE

FloatArray = NDArray[np.float64]


def effects_of(settings: Settings, people: People) -> dict[str, FloatArray]:
    """By how much each action raises each customer's chance, where that was measured and is trusted.

    Args:
        settings: whose catalogue.
        people: everybody.

    Returns:
        By code of the action; each of shape (n,). Empty where no model is trusted: take-up is then the business's own.

    Raises:
        BrokenUplift: the file of a model cannot be read. FeaturesMissing: the features of now lack what one reads.
    """
    found = {}
    for action in plannable(settings.action):
        if (model := uplift_of(settings.folder, action.code)) is not None:
            held = set(parquet.names_of(settings.folder / "features" / ROWS_FILE))
            there = [name for name in model.names if name in held]  # what is not there is refused, not null
            found[action.code] = model.effects(features_of(settings.folder, people, there))
    return found
