"""One walk through the log for everything that is told of the business: whole customers at a time, counts that add up.

    for each bucket: events --> panel --> levels of segments --> every fold adds what it counts

Start reading at `survey`.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from churn.definition import Lifecycle
from features.parts import Part
from monitoring.business.edges import Edges
from monitoring.business.panel import Panel, panel
from monitoring.business.segments import Codes, Segmentation


class Fold(Protocol):
    """Something that counts customers, part by part; it keeps counts alone."""

    def add(self, one: Panel, codes: Mapping[str, Codes]) -> None:
        """Count the customers of a part.

        Args:
            one: the part.
            codes: by dimension, the level of each of its customers at each edge. Each of shape (c, e).
        """
        ...


def survey(
    parts: Sequence[Part], lifecycle: Lifecycle, edges: Edges, segmentation: Segmentation, folds: Sequence[Fold]
) -> None:
    """Show every part of the log to every fold.

    Args:
        parts: whole customers each, none twice.
        lifecycle: definition, stage rules and calendar.
        edges: at which to look.
        segmentation: learnt from the same log.
        folds: to be filled.
    """
    for part in parts:
        one = panel(part.read(), lifecycle, edges)
        codes = segmentation.codes(one)
        for fold in folds:
            fold.add(one, codes)
