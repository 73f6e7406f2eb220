"""The language of conditions in `[definition]`: what may be written, and what it means as a tree.

    qualifying = ["order where amount > 0 and channel != 'sample'", "renewal"]
    eligible = "did order within 365 days and not (did complaint within 14 days)"

    entry     = kind [ "where" any ]                                     of `qualifying`
    any       = all { "or" all }                                         `eligible` is one, made of `did` alone
    all       = one { "and" one }
    one       = "not" one | "(" any ")" | did | test
    did       = "did" ["not"] kind [ "where" any ] [ "within" N "days" | "ever" ]
    test      = column ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
              | column ["not"] "in" "(" value { "," value } ")" | column "is" ["not"] "null"
    column    = "amount" | "quantity" | "discount_amount" | "score"      numbers
              | "channel" | "category" | "reason_code"                   texts in single quotes: = != in only

Words of the language may be written in either case; kinds with other signs in them than letters, digits, `_`, `.` and
`-` are quoted, and a quote within quotes is doubled. A `where` of `did` that begins with a parenthesis ends with it.
Every comparison with a null is false, `!=` and `not in` too, while `not` is the plain opposite:
`channel != 'sample'` leaves out events without a channel, `not channel = 'sample'` keeps them.

churn/parsing.py reads the language into the tree below, churn/conditions.py evaluates it on events.
"""

from dataclasses import dataclass

from churn.errors import SettingsError

NUMBER_COLUMNS = ("amount", "quantity", "discount_amount", "score")
TEXT_COLUMNS = ("channel", "category", "reason_code")
COLUMNS = NUMBER_COLUMNS + TEXT_COLUMNS
OPERATORS = ("=", "!=", "<", "<=", ">", ">=")


class ConditionError(SettingsError, ValueError):
    """A condition that cannot be read: where it stumbles, and what may stand there."""

    def __init__(self, condition: str, position: int, fault: str, *, mend: str) -> None:
        super().__init__(f"{fault} in\n    {condition}\n    {' ' * position}^", mend=mend)
        self.position = position


@dataclass(frozen=True)
class Compare:
    """A column compared with values: one, or several for `in`. False where the column is null."""

    column: str
    operator: str
    values: tuple[float | str, ...]


@dataclass(frozen=True)
class IsNull:
    """Whether a column is null."""

    column: str


@dataclass(frozen=True)
class Not:
    """The opposite, also where a null made the inner test false."""

    inner: "Condition"


@dataclass(frozen=True)
class Every:
    """All of them (`and`)."""

    inner: tuple["Condition", ...]


@dataclass(frozen=True)
class Some:
    """Any of them (`or`)."""

    inner: tuple["Condition", ...]


@dataclass(frozen=True)
class Did:
    """Whether such an event of the same customer came before, within so many days or ever."""

    kind: str
    where: "Condition | None"
    days: int | None


Condition = Compare | IsNull | Not | Every | Some | Did


@dataclass(frozen=True)
class Entry:
    """One entry of `qualifying`: a kind of event and, where given, a condition on it."""

    kind: str
    where: Condition | None


def kinds_in(condition: Condition | None) -> tuple[str, ...]:
    """The kinds of event that a condition names, in its order."""
    match condition:
        case Not(inner):
            return kinds_in(inner)
        case Every(parts) | Some(parts):
            return tuple(kind for part in parts for kind in kinds_in(part))
        case Did(kind, where):
            return (kind, *kinds_in(where))
        case _:
            return ()
