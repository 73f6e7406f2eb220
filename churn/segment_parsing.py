"""Conditions of `[[segment]]`: the language of churn/grammar.py, which may also speak of what is known of a customer.

    fact      = "stage" | "value_tier" | "high_value" | "high_potential"   texts: = != in
              | "profile." attribute                                     a text or a number, as the value is written
              | feature                                                  a number: order_total_365d ...
    one       = "not" one | "(" any ")" | did | fact test

An attribute or a kind with other signs in it than letters, digits, `_`, `.` and `-` is quoted: 'profile.home town'.
Which features and attributes there are, the log says: `check_names` holds a condition against it. Reads no events.
Start reading at `parse_segment`.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from churn.errors import SettingsError
from churn.grammar import Compare, Condition, Did, Every, IsNull, Not, Some
from churn.parsing import WORDS, Reader
from churn.tokens import unquoted

STAGE: Final = "stage"
VALUE_TIER, HIGH_VALUE, HIGH_POTENTIAL = "value_tier", "high_value", "high_potential"
VALUED: Final = (VALUE_TIER, HIGH_VALUE, HIGH_POTENTIAL)  # of the table VALUES, as of now alone
FACTS: Final = (
    "say what they did (`did order within 30 days`), or test `stage`, `value_tier`, `high_value = 'yes'`, an attribute "
    "such as `profile.region = 'west'` or a feature such as `order_total_365d > 1000`."
)
ATTRIBUTE: Final = "profile."
TEXT_FACTS: Final = {
    STAGE: ("prospect", "new", "active", "loyal", "lapsing", "lapsed", "won_back"),
    VALUE_TIER: ("high", "middle", "low"),
    HIGH_VALUE: ("yes", "no"),
    HIGH_POTENTIAL: ("yes", "no"),
}


class UnknownFact(SettingsError):
    """A segment speaks of a feature or an attribute that this log has not."""

    def __init__(self, segment: str, name: str, near: Sequence[str], where: str) -> None:
        hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        super().__init__(
            f"[[segment]] {segment} speaks of {name!r}, which this log has not.",
            mend=f"{hint}{where} Correct `where` of that segment.",
        )


@lru_cache(maxsize=256)
def parse_segment(text: str) -> Condition:
    """Read `where` of a segment: a condition on what a customer did and on what is known of them.

    Raises:
        ConditionError: it cannot be read; the message points at the place and says what may stand there.
    """
    reader = _OfCustomers(text)
    condition = reader.condition(columns=False, did=True)
    reader.end("`and`, `or`, or the end")
    return condition


def tests_in(condition: Condition | None) -> Iterator[Compare | IsNull]:
    """The tests of what is known of a customer, in order; those within `did` speak of events and are left out."""
    match condition:
        case Not(inner):
            yield from tests_in(inner)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from tests_in(part)
        case Compare() | IsNull():
            yield condition
        case _:
            return


def looks_back(condition: Condition) -> bool:
    """Whether a condition asks what somebody did."""
    match condition:
        case Not(inner):
            return looks_back(inner)
        case Every(parts) | Some(parts):
            return any(map(looks_back, parts))
        case _:
            return isinstance(condition, Did)


def features_in(condition: Condition) -> tuple[str, ...]:
    """The features that a condition speaks of, each once."""
    names = [one.column for one in tests_in(condition)]
    return tuple(dict.fromkeys(one for one in names if one not in TEXT_FACTS and not one.startswith(ATTRIBUTE)))


def attributes_in(condition: Condition) -> tuple[str, ...]:
    """The profile attributes that a condition speaks of, each once, without `profile.`."""
    names = [one.column for one in tests_in(condition)]
    return tuple(dict.fromkeys(one.removeprefix(ATTRIBUTE) for one in names if one.startswith(ATTRIBUTE)))


def check_names(segment: str, condition: Condition, *, features: Sequence[str], attributes: Sequence[str]) -> None:
    """Hold what a segment speaks of against what a log has.

    Args:
        segment: its name.
        condition: its `where`.
        features: numbers of this log, by name.
        attributes: of its profiles, without `profile.`.

    Raises:
        UnknownFact: a name that the log has not; it tells the nearest ones.
    """
    for name in features_in(condition):
        if name not in features:
            near = get_close_matches(name, [*features, *TEXT_FACTS], n=2)
            raise UnknownFact(segment, name, near, "`churn features list` prints the numbers of this log.")
    for name in attributes_in(condition):
        if name not in attributes:
            told = ", ".join(attributes) or "none"
            near = [ATTRIBUTE + one for one in get_close_matches(name, attributes, n=2)]
            raise UnknownFact(segment, ATTRIBUTE + name, near, f"Attributes of profiles are {told}.")


class _OfCustomers(Reader):
    """The language of definitions, where a test of what is known of the customer may stand beside `did`."""

    def _of_customer(self) -> Condition:
        token = self.next
        name = unquoted(token.text) if token.form == "text" else token.text
        is_attribute = name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE)
        is_word = token.form == "word" and name.lower() not in WORDS
        if not is_word and not (token.form == "text" and is_attribute):
            raise self.fails(token, "`did`, a fact, `not` or `(`", FACTS)
        self.at += 1
        allowed = TEXT_FACTS.get(name, ())
        test = self._test(name, "text" if allowed else "either" if is_attribute else "number")
        for value in test.values if isinstance(test, Compare) and allowed else ():
            if value not in allowed:
                near = get_close_matches(str(value), allowed, n=1)
                mend = (f"did you mean {near[0]!r}? " if near else "") + f"There are {', '.join(allowed)}."
                raise self.fails(token, f"a {name} that there is, not {value!r},", mend)
        return test
