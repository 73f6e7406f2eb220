"""The words, signs, numbers and quoted texts of a condition, and where each stands. Reads a text; start at `tokens`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from churn.grammar import ConditionError

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))|(?P<sign><=|>=|!=|=|<|>|\(|\)|,)|(?P<word>\w[\w.\-]*))"
)


@dataclass(frozen=True)
class Token:
    """A word, sign, number or quoted text, and where it stands."""

    form: str
    text: str
    position: int


def unquoted(text: str) -> str:
    """A quoted text without its quotes."""
    return text[1:-1].replace("''", "'")


def tokens(text: str) -> Sequence[Token]:
    """The tokens of a condition, the end as the last."""
    found: list[Token] = []
    at = 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise ConditionError(
                text, at, f"There is {text[at]!r}, which has no meaning,",
                mend="write texts in single quotes, numbers as 12.5, and only the signs = != < <= > >= ( ) and ,",
            )  # fmt: skip
        found.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return [*found, Token("end", "", len(text))]
