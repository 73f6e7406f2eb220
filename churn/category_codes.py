"""Categories as the trees know them: the hash code of each becomes its place among the codes a model was trained on.

Reads and changes arrays; knows no model. Start reading at `Codes.number`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Codes:
    """The known codes of a model's category features. Immutable; threads may share it.

    Args:
        known: column to its codes; the place of one is the number the trees know.
    """

    def __init__(self, known: Mapping[int, Sequence[int]]) -> None:
        self._sorted: list[tuple[int, FloatArray, FloatArray]] = []
        for column, codes in known.items():
            each = np.array(codes, dtype=np.float64)
            order = np.argsort(each)
            self._sorted.append((column, each[order], order.astype(np.float64)))
        self._number_of = [
            (column, dict(zip(codes.tolist(), numbers.tolist(), strict=True)))
            for column, codes, numbers in self._sorted
        ]

    def number(self, rows: FloatArray) -> None:
        """Put numbers in the place of codes, NaN where one is unknown. Shape (n, F)."""
        if len(rows) == 1:
            (row,) = rows  # a dictionary finds one code ten times sooner than numpy
            for column, number_of in self._number_of:
                row[column] = number_of.get(row.item(column), np.nan)
            return
        for column, codes, numbers in self._sorted:
            if len(codes) == 0:
                rows[:, column] = np.nan
                continue
            place = np.minimum(codes.searchsorted(rows[:, column]), len(codes) - 1)
            rows[:, column] = np.where(codes[place] == rows[:, column], numbers[place], np.nan)
