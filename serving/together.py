"""What several requests ask at the same time, answered together: one look into the store, one kernel call.

Only who asks in the same words is answered together; each is told what it would have been told alone. Knows no store
and no model. Start reading at `together`.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

from serving.scorer import Answer

Answering = Callable[[Sequence[str], str, int], list[Answer]]  # customers, language, most reasons


class Asked(NamedTuple):
    """What one request asks: about whom, in which language, and how many reasons at most."""

    customer_ids: Sequence[str]
    language: str
    top: int


def together(answering: Answering, group: Sequence[Asked]) -> list[list[Answer]]:
    """What several ask, in their order; a customer whom two of them ask about is answered twice.

    Args:
        answering: gives an answer for each customer it is asked about, in their order.
        group: what is asked.
    """
    told: dict[int, list[Answer]] = {}
    for words in dict.fromkeys((one.language, one.top) for one in group):
        places = [i for i, one in enumerate(group) if (one.language, one.top) == words]
        answers = iter(answering([who for i in places for who in group[i].customer_ids], *words))
        told |= {i: [*islice(answers, len(group[i].customer_ids))] for i in places}
    return [told[i] for i in range(len(group))]
