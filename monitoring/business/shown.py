"""Which cells of a segment may be shown: none with fewer customers than `[monitoring] min_cell`.

Too small levels are added up as `other`; where that is too small as well, the smallest level that could be shown joins
it (`west + other`), so that nobody can subtract it from the total. What is shown always adds up to the total.
Start reading at `shown`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from churn.calendar import Int64Array
from monitoring.business.segments import OTHER

AND_OTHER = f" + {OTHER}"


class Cell(NamedTuple):
    """A level, or several: its name, and the places whose counts it adds up."""

    name: str
    places: tuple[int, ...]


def shown(levels: Sequence[str], sizes: Int64Array, min_cell: int) -> list[Cell]:
    """The cells of a dimension that may be shown.

    Args:
        levels: of the dimension.
        sizes: customers on whom a figure of each level rests. Shape (l,).
        min_cell: fewer are not shown.

    Returns:
        Cells whose places are all levels, each once; `other` last. Nothing where no level can be told from the rest.
    """
    large = [place for place, name in enumerate(levels) if sizes[place] >= min_cell and name != OTHER]
    small = tuple(place for place in range(len(levels)) if place not in large)
    if not large:
        return []
    rest = int(sizes[list(small)].sum())
    if rest >= min_cell:
        return [*(Cell(levels[place], (place,)) for place in large), Cell(OTHER, small)]
    joins = min(large, key=lambda place: (int(sizes[place]), -place))
    name = levels[joins] + AND_OTHER * (rest > 0)
    return [
        Cell(name, tuple(sorted((joins, *small)))) if place == joins else Cell(levels[place], (place,))
        for place in large
    ]
