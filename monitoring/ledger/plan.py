"""Which answers make a cohort: those of a local week, or of a month of whole weeks where weeks are small.

A month is the weeks whose Monday lies in it. It is one cohort where its weeks hold fewer than a thousand answers each
on average, since below that a week's ROC AUC is mostly chance. Decided by answers alone, so that the ledger made anew
gives the same cohorts. Start reading at `planned`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, reduce
from operator import add

from churn.calendar import EPOCH
from monitoring.ledger.answers import MONDAY
from monitoring.ledger.catalogue import Cell, Given

WEEK_ROWS = 1_000


@dataclass(frozen=True)
class Planned:
    """A cohort by its answers.

    Args:
        model: churn or reactivation. name: 2025-W40 or 2025-10. weeks: of its answers, see `week_of`.
        first_day, last_day: local days, both included.
        cells: what files hold of it.
    """

    model: str
    name: str
    weeks: tuple[int, ...]
    first_day: date
    last_day: date
    cells: tuple[Cell, ...]

    @cached_property
    def given(self) -> dict[str, Given]:
        """What each version answered, in the order of their first cutoffs."""
        return together([cell.given for cell in self.cells])

    @property
    def first_us(self) -> int:
        """The first cutoff."""
        return min(one.first_us for one in self.given.values())

    @property
    def last_us(self) -> int:
        """The last cutoff."""
        return max(one.last_us for one in self.given.values())

    @property
    def n(self) -> int:
        """Answers that can be judged, as far as each file by itself tells."""
        return sum(cell.n for cell in self.cells)

    @cached_property
    def days(self) -> dict[int, list[Cell]]:
        """What files hold of it, by local day."""
        found: dict[int, list[Cell]] = {}
        for cell in self.cells:
            found.setdefault(cell.day, []).append(cell)
        return found

    def answers(self) -> dict[str, list[int]]:
        """What it rests on: of each file, how many answers and their digest."""
        files: dict[str, list[int]] = {}
        for cell in self.cells:
            n, digest = files.get(cell.file, [0, 0])
            files[cell.file] = [n + cell.rows, (digest + cell.digest) % 2**64]
        return files


def together(given: Sequence[Mapping[str, Given]]) -> dict[str, Given]:
    """What each version answered in several places, in the order of their first cutoffs."""
    versions = {version for one in given for version in one}
    told = {version: reduce(add, [one[version] for one in given if version in one]) for version in versions}
    return dict(sorted(told.items(), key=lambda pair: (pair[1].first_us, pair[0])))


def planned(cells: Iterable[Cell], week_rows: int = WEEK_ROWS) -> list[Planned]:
    """The cohorts of answers, by model and time.

    Args:
        cells: what files hold.
        week_rows: answers that make a week a cohort.
    """
    by_month: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        by_month.setdefault((cell.model, f"{monday(cell.week):%Y-%m}"), []).append(cell)
    return [one for (model, month), mine in sorted(by_month.items()) for one in _month(model, month, mine, week_rows)]


def monday(week: int) -> date:
    """The first day of a week."""
    return EPOCH + timedelta(days=7 * week - MONDAY)


def _month(model: str, month: str, cells: Sequence[Cell], week_rows: int) -> Iterable[Planned]:
    sizes = Counter[int]()
    for cell in cells:
        sizes[cell.week] += cell.n
    if sizes.total() < week_rows * len(sizes):
        inside = [week for week in range(min(sizes) - 4, max(sizes) + 5) if f"{monday(week):%Y-%m}" == month]
        yield _cohort(model, month, inside, cells)
        return
    for week in sorted(sizes):
        year, number, _ = monday(week).isocalendar()
        yield _cohort(model, f"{year}-W{number:02}", [week], [cell for cell in cells if cell.week == week])


def _cohort(model: str, name: str, weeks: Sequence[int], cells: Sequence[Cell]) -> Planned:
    last = monday(weeks[-1]) + timedelta(days=6)
    return Planned(model, name, tuple(weeks), monday(weeks[0]), last, tuple(cells))
