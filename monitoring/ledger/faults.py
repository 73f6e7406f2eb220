"""Has a file lost answers that a cohort was judged by? Then the cohort stays as it was until the file is mended.

Who is forgotten goes from a file that can be read; a fault leaves lines, or a file, that cannot. Start reading at
`is_damaged`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from churn.calendar import EPOCH
from monitoring.ledger.catalogue import Cell
from monitoring.ledger.cohort import Unreadable
from monitoring.ledger.kept import Kept

ALL_OF_IT = 2**31
Faults = Mapping[str, int]  # file -> lines that cannot be read


def faults_of(unreadable: Iterable[Unreadable]) -> Faults:
    """How many lines of each file cannot be read."""
    found = Counter[str]()
    for one in unreadable:
        found[one.file] += one.lines or ALL_OF_IT
    return found


def is_damaged(kept: Kept, cells: Iterable[Cell], faults: Faults) -> bool:
    """Whether a file lacks answers of a cohort, and more of it than before cannot be read.

    Args:
        kept: the cohort as it was judged.
        cells: what files hold now.
        faults: what of them cannot be read.
    """
    before, cohort = kept.rests_on.get("faults", {}), kept.cohort
    worse = {file for file in kept.rests_on["answers"] if faults.get(file, 0) > before.get(file, 0)}
    if not worse:
        return False
    first, last = ((day - EPOCH).days for day in (cohort.first_day, cohort.last_day))
    there = Counter[str]()
    for cell in cells:
        if cell.file in worse and cell.model == cohort.model and first <= cell.day <= last:
            there[cell.file] += cell.rows
    return any(there[file] < kept.rests_on["answers"][file][0] for file in worse)
