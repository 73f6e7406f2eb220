"""Which of our languages a caller asks for in `Accept-Language`, with its weights (RFC 9110, 12.5.4).

Reads a header; knows nothing of requests. Start reading at `preferred`.
"""

import re
from typing import Final, get_args

from serving.schemas import Language

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
WEIGHT: Final = re.compile(r"q=(0(\.\d{0,3})?|1(\.0{0,3})?)")
MOST_PARTS: Final = 32  # nobody speaks more; a longer header is no reason to work longer


def preferred(accepted: str) -> Language | None:
    """The language of ours with the highest weight, of equal ones the first; None where the header has no wish.

    `*` stands for those that are not named; where it alone, or with the most weight, stands, the caller has no wish.
    """
    weights: dict[str, float] = {}
    for part in accepted.lower().split(",", MOST_PARTS)[:MOST_PARTS]:
        tag, _, parameter = (piece.strip() for piece in part.partition(";"))
        weight = WEIGHT.fullmatch(parameter.replace(" ", "")) if parameter else None
        if parameter and not weight:
            continue  # no weight that can be read: as if the part were not there
        language = tag.split("-")[0]
        weights[language] = max(weights.get(language, 0.0), float(weight[1]) if weight else 1.0)
    best = max((one for one in weights if one in LANGUAGES), key=lambda one: weights[one], default=None)
    if best is None or weights[best] == 0 or weights[best] < weights.get("*", 0.0):
        return None
    return next(one for one in LANGUAGES if one == best)
