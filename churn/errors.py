"""The tree of errors this project raises on purpose: a problem, and how to mend it.

    ChurnError
    ├── DataError           exit 10   what came in, or what lies on disk, is not as promised
    │   ├── WrongColumns              a table differs from its contract
    │   ├── NothingToLearn            too few rows, or one outcome only
    │   └── ...                       each room adds its own beside the code that raises it
    ├── ImmatureError       exit 11   the horizon is not over
    ├── SettingsError       exit 12   churn.toml or the environment
    └── NoChampion          exit 13   nothing has been promoted yet

The class composes the message from facts, the raise site is one line. Errors are caught at the edges only
(`cli/main.py`, `serving/app.py`). Knows nothing of vendors: their errors are translated where they are spoken to.
"""

from collections.abc import Sequence
from difflib import ndiff


class ChurnError(Exception):
    """Base of every error raised on purpose: a problem, and how to mend it."""

    exit_code = 1

    def __init__(self, problem: str, *, mend: str) -> None:
        super().__init__(f"{problem}\nTo mend it: {mend}")
        self.problem, self.mend = problem, mend

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel between processes as they are; a class of its own makes its message from other arguments."""
        return _again, (type(self), self.args, dict(self.__dict__))

    @property
    def code(self) -> str:
        """The name of the error on the wire: `WrongColumns` is `wrong_columns`."""
        name = type(self).__name__
        return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


def _again(kind: type[ChurnError], args: tuple[object, ...], state: dict[str, object]) -> ChurnError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class DataError(ChurnError):
    """What came in, or what lies on disk, is not as promised."""

    exit_code = 10


class ImmatureError(ChurnError):
    """The horizon of a cutoff is not over, so nobody can say what became of its customers."""

    exit_code = 11


class SettingsError(ChurnError):
    """A setting is missing, misspelt or impossible."""

    exit_code = 12


class NoChampion(ChurnError):
    """No model has been promoted yet."""

    exit_code = 13

    def __init__(self, business: str) -> None:
        super().__init__(
            f"No champion serves {business!r} yet.",
            mend="train a model with `churn train`, then let it serve with `churn promote`.",
        )


class WrongColumns(DataError):
    """A table does not have the columns its contract promises."""

    def __init__(self, table: str, *, expected: Sequence[str], found: Sequence[str]) -> None:
        diff = "\n".join(line for line in ndiff(list(expected), list(found)) if line[0] in "+-")
        super().__init__(
            f"Table {table!r} differs from its contract (- promised, + found):\n{diff}",
            mend=f"rename or add the columns where {table!r} is written; "
            "if the contract has changed, change it in churn/tables.py first.",
        )


class NaiveTime(DataError):
    """An instant without a time zone."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} has no time zone, so nobody can say when it was.",
            mend='give an aware instant, or name the zone: `timezone = "Europe/London"` in its [[source]].',
        )


class NothingToLearn(DataError):
    """Too few rows, or one outcome only: a number that nobody could stand behind."""

    def __init__(self, what: str, *, rows: int, positives: int, min_rows: int, min_positives: int) -> None:
        super().__init__(
            f"{what} has {rows} rows, {positives} of them positive; "
            f"at least {min_rows} rows and {min_positives} of each outcome are needed.",
            mend="give a longer log, more cutoffs ([training] every_days) or another [definition]; "
            "`churn definition preview` counts them before anything is trained.",
        )
        self.rows, self.positives = rows, positives
