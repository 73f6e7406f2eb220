"""Reading a line of `[features] own` piece by piece: the words and signs of it, and where it stumbles.

What the pieces mean is features/catalogue/own.py's to say. Start reading at `Scanner`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NoReturn

from churn.errors import ChurnError, SettingsError
from churn.sections import OwnFeature

GIVEN_NAME = re.compile(r"\s*([A-Za-z]\w*)\s*=(?!=)")


class BadOwnFeature(SettingsError):
    """A line of `[features] own` cannot be read, or asks for what the log has not."""

    def __init__(self, line: str, fault: str, *, mend: str) -> None:
        super().__init__(f"[features] own has {line!r}: {fault}.", mend=mend)


class BadOwnFeatures(SettingsError):
    """Several lines of `[features] own` cannot be read, or ask for what the log has not."""

    def __init__(self, faults: Sequence[ChurnError]) -> None:
        told = "".join(f"\n- {one.problem}\n  To mend it: {one.mend}" for one in faults)
        super().__init__(
            f"{len(faults)} lines of [features] own cannot be used:{told}",
            mend="mend each of these lines as it says; docs/adding-a-feature.md shows what a line may say.",
        )


def given_names(own: Iterable[str | OwnFeature]) -> Iterator[str]:
    """The names that lines give their features themselves, in either form."""
    for one in own:
        if isinstance(one, OwnFeature) and one.name:
            yield one.name
        if named := GIVEN_NAME.match(one.feature if isinstance(one, OwnFeature) else one):
            yield named[1]


class Scanner:
    """A line and how far it has been read."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def until_closed(self) -> str:
        """What stands before the parenthesis that closes the one just taken; quoted text may hold any."""
        begin, depth = self.at, 1
        for piece in re.finditer(r"'(?:[^']|'')*'|[()]", self.text[begin:]):
            depth += {"(": 1, ")": -1}.get(piece[0], 0)
            if not depth:
                self.at = begin + piece.end()
                return self.text[begin : begin + piece.start()]
        return self.stumble("a parenthesis is not closed")

    def looking_at(self, text: str) -> bool:
        """Whether this comes next."""
        return self.text[self.at :].lstrip().startswith(text)

    def takes(self, text: str) -> bool:
        """Read this where it comes next, and say whether it did."""
        rest = self.text[self.at :].lstrip()
        if not rest.startswith(text):
            return False
        self.at = len(self.text) - len(rest) + len(text)
        return True

    def expects(self, text: str) -> None:
        """Read this, which must come next."""
        if not self.takes(text):
            self.stumble(f"{text!r} was expected")

    def word(self, pattern: str, what: str) -> str:
        """Read what a pattern matches, which must come next."""
        found = re.compile(r"\s*(" + pattern + ")").match(self.text, self.at)
        if found is None:
            return self.stumble(f"{what} was expected")
        self.at = found.end()
        return found[1]

    def stumble(self, fault: str, *, mend: str = "") -> NoReturn:
        """Say what is wrong, and before what."""
        rest = self.text[self.at :].strip()
        where = f" before {rest!r}" if rest else ""
        raise BadOwnFeature(
            self.text,
            f"{fault}{where}",
            mend=mend or "write kind.operation[days], such as order.count[14]; docs/adding-a-feature.md shows more.",
        )
