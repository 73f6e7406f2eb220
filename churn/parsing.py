"""Conditions read from text into the tree of churn/grammar.py, by recursive descent: a method a rule.

Every fault says where it stands and what may stand there. Reads no events. Start reading at `parse_qualifying`.
"""

from collections.abc import Callable
from difflib import get_close_matches
from functools import lru_cache

from churn.grammar import (
    COLUMNS,
    NUMBER_COLUMNS,
    OPERATORS,
    Compare,
    Condition,
    ConditionError,
    Did,
    Entry,
    Every,
    IsNull,
    Not,
    Some,
)
from churn.tokens import Token, tokens, unquoted

WORDS = frozenset({"where", "and", "or", "not", "in", "is", "null", "did", "within", "days", "day", "ever"})
LONGEST_WINDOW_DAYS = 36_500
DEEPEST = 50  # levels of `not` and `(`


@lru_cache(maxsize=256)
def parse_qualifying(text: str) -> Entry:
    """Read one entry of `qualifying`.

    Raises:
        ConditionError: it cannot be read; the message points at the place and says what may stand there.
    """
    reader = Reader(text)
    kind = reader.kind()
    where = reader.condition(columns=True, did=True) if reader.takes("where") else None
    reader.end("`where` and a condition" if where is None else "`and`, `or`, or the end")
    return Entry(kind, where)


@lru_cache(maxsize=256)
def parse_eligible(text: str) -> Condition:
    """Read `eligible`: a condition on a customer, made of `did` and `did not`.

    Raises:
        ConditionError: it cannot be read.
    """
    reader = Reader(text)
    condition = reader.condition(columns=False, did=True)
    reader.end("`and`, `or`, or the end")
    return condition


class Reader:
    """Recursive descent over the tokens of one condition: a method a rule of the grammar.

    `churn/segment_parsing.py` adds what may be said of a customer; `[definition]` knows only what they did.
    """

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.tokens, self.depth = tokens(text), 0

    @property
    def next(self) -> Token:
        """The token that is read next."""
        return self.tokens[self.at]

    def fails(self, token: Token, wanted: str, mend: str | None = None) -> ConditionError:
        """What is wrong at a token, and what may stand there."""
        found = "it ends" if token.form == "end" else f"there is {token.text!r}"
        return ConditionError(
            self.text,
            token.position,
            f"{found[0].upper()}{found[1:]} where {wanted} should stand,",
            mend=mend or f"write {wanted} there; docs/definitions.md shows the language.",
        )

    def takes(self, *words: str) -> bool:
        """Step over the next token if it is this word or sign."""
        if self.next.form in ("word", "sign") and self.next.text.lower() in words:
            self.at += 1
            return True
        return False

    def needs(self, word: str) -> None:
        """Step over this word or sign, or fail."""
        if not self.takes(word):
            raise self.fails(self.next, f"`{word}`")

    def end(self, wanted: str) -> None:
        """Fail where more follows."""
        if self.next.form != "end":
            raise self.fails(self.next, wanted)

    def kind(self) -> str:
        """A kind of event."""
        token = self.next
        if token.form == "text" and len(token.text) > 2:
            self.at += 1
            return unquoted(token.text)
        if token.form == "word" and token.text.lower() not in WORDS:
            self.at += 1
            return token.text
        raise self.fails(token, "a kind of event (such as order)")

    def condition(self, *, columns: bool, did: bool) -> Condition:
        """Tests joined by `or` and `and`."""
        return self._joined("or", lambda: self._joined("and", lambda: self._one(columns=columns, did=did)))

    def _joined(self, word: str, part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self.takes(word):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        return Every(tuple(parts)) if word == "and" else Some(tuple(parts))

    def _one(self, *, columns: bool, did: bool) -> Condition:
        if self.next.text.lower() in ("not", "("):
            return self._nested(columns=columns, did=did)
        token = self.next
        if self.takes("did"):
            if not did:
                raise self.fails(
                    token, "a test of the event's own columns", "put the inner condition in parentheses: "
                    "`did order where (amount > 5) and did not complaint`."
                )  # fmt: skip
            return self._did()
        if not columns:
            return self._of_customer()
        column = self._column()
        return self._test(column, "number" if column in NUMBER_COLUMNS else "text")

    def _nested(self, *, columns: bool, did: bool) -> Condition:
        """`not` and parentheses."""
        self.depth += 1
        if self.depth > DEEPEST:
            mend = "say it with fewer of them, or in several entries of `qualifying`."
            raise ConditionError(self.text, self.next.position, "`not` and `(` are nested too deep,", mend=mend)
        if self.takes("not"):
            inner: Condition = Not(self._one(columns=columns, did=did))
        else:
            self.needs("(")
            inner = self.condition(columns=columns, did=did)
            self.needs(")")
        self.depth -= 1
        return inner

    def _of_customer(self) -> Condition:
        mend = "`eligible` speaks of customers: say what they did, `did order where amount > 5 within 90 days`."
        raise self.fails(self.next, "`did`, `did not`, `not` or `(`", mend)

    def _did(self) -> Condition:
        negated = self.takes("not")
        kind, where = self.kind(), None
        if self.takes("where"):
            parenthesised = self.next.text == "("
            where = self._one(columns=True, did=False) if parenthesised else self.condition(columns=True, did=False)
        found = Did(kind, where, self._days())
        return Not(found) if negated else found

    def _days(self) -> int | None:
        if self.takes("ever") or not self.takes("within"):
            return None
        token = self.next
        if token.form != "number" or not token.text.isdigit() or not 1 <= int(token.text) <= LONGEST_WINDOW_DAYS:
            raise self.fails(token, f"a whole number of days from 1 to {LONGEST_WINDOW_DAYS}")
        self.at += 1
        if not self.takes("days", "day"):
            raise self.fails(self.next, "`days`")
        return int(token.text)

    def _test(self, column: str, form: str) -> Condition:
        if self.takes("is"):
            negated = self.takes("not")
            self.needs("null")
            return Not(IsNull(column)) if negated else IsNull(column)
        token = self.next
        negated = self.takes("not")
        if self.takes("in"):
            operator, values = ("not in" if negated else "in"), self._values(column, form)
        else:
            allowed = OPERATORS[:2] if form == "text" else OPERATORS
            if negated or not self.takes(*allowed):
                signs = " ".join(allowed)
                raise self.fails(token, f"one of {signs}, `in (...)`, `not in (...)` or `is null` after {column}")
            operator, values = token.text, (self._value(column, form),)
        return Compare(column, operator, values)

    def _column(self) -> str:
        token = self.next
        name = token.text.lower()
        if token.form == "word" and name in COLUMNS:
            self.at += 1
            return name
        if name == "text":
            mend = "text is kept for people and never counts; use category or reason_code instead."
        else:
            near = get_close_matches(name, COLUMNS, n=1)
            mend = (f"did you mean {near[0]}? " if near else "") + f"Columns are {', '.join(COLUMNS)}."
        raise self.fails(token, "a column", mend)

    def _values(self, column: str, form: str) -> tuple[float | str, ...]:
        self.needs("(")
        values = [self._value(column, form)]
        while self.takes(","):
            values.append(self._value(column, form))
        self.needs(")")
        return tuple(values)

    def _value(self, column: str, form: str) -> float | str:
        token = self.next
        form = token.form if form == "either" and token.form in ("number", "text") else form
        if token.form != form:
            wanted = {"number": "a number", "text": "a text in single quotes"}.get(
                form, "a number, or a text in single quotes,"
            )
            raise self.fails(token, f"{wanted} for {column}")
        self.at += 1
        return float(token.text) if form == "number" else unquoted(token.text)
