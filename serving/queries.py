"""What stands behind the `?` of a path, read as strictly as a body: a misspelt name is an error, and so is any twice.

Start reading at `Query`.
"""

import re
from collections.abc import Collection
from typing import Literal, cast

from starlette.datastructures import QueryParams

from serving.refusals import InvalidRequest
from serving.schemas import MOST_REASONS, Language


class Query:
    """The parameters of a request.

    Args:
        given: as they came.
        known: their names.
        how: the mend where one is wrong.

    Raises:
        InvalidRequest: one is unknown, or there twice.
    """

    def __init__(self, given: QueryParams, known: Collection[str], how: str) -> None:
        self._given, self._how = dict(given), how
        strangers = sorted(set(self._given) - set(known))
        if strangers:
            raise InvalidRequest(f"there is no parameter {strangers[0][:64]!r}", how)
        if len(given.multi_items()) > len(self._given):
            raise InvalidRequest("a parameter is there twice", how)

    def like(self, name: str, pattern: str) -> str | None:
        """A text of a form; None where it was left out."""
        found = self._given.get(name)
        if found is not None and not re.fullmatch(pattern.strip("^$"), found):
            raise self._wrong(name, "has not the form it was given in")
        return found

    def number(self, name: str, *, least: int, most: int, unset: int) -> int:
        """A whole number within bounds; `unset` where it was left out."""
        found = self._given.get(name)
        if found is None:
            return unset
        if not (found.isascii() and found.isdigit() and len(found) <= 9 and least <= int(found) <= most):
            raise self._wrong(name, f"is a whole number from {least} to {most}")
        return int(found)

    def one_of(self, name: str, allowed: Collection[str]) -> str | None:
        """One of some words; None where it was left out."""
        found = self._given.get(name)
        if found is not None and found not in allowed:
            raise self._wrong(name, f"is one of {', '.join(allowed)}")
        return found

    def words(self) -> tuple[Language | None, int | None]:
        """The language of reasons, and how many at most; None where that was left out."""
        language = cast(Literal["en", "zh"] | None, self.one_of("language", ("en", "zh")))
        top = self.number("top_reasons", least=0, most=MOST_REASONS, unset=-1)
        return language, None if top < 0 else top

    def _wrong(self, name: str, rule: str) -> InvalidRequest:
        return InvalidRequest(f"the parameter {name!r} {rule}", self._how)
