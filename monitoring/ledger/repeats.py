"""How many answers of a cohort can be judged, before anything of them can be?

Of a version's answers about a customer and a local day the first is judged. Within a file the catalogue has counted
them; who was asked by two files on one day, on-line and in a batch or by two workers, shows only when both are read.
Such a day is read once and kept in `monitoring/cache/repeats.json` until one of its files changes. May be deleted at
any time. Start reading at `Repeats.given`.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from churn.calendar import Calendar
from features.atomic import write_json
from monitoring.ledger.answers import compact, gathered, read_file
from monitoring.ledger.catalogue import Cell, Given, given_by
from monitoring.ledger.plan import Planned, together

CACHE = Path("monitoring") / "cache" / "repeats.json"
SEGMENTS_HELD = 8  # one a worker; each goes over many days


@dataclass
class Repeats:
    """Days on which several files asked.

    Args:
        folder: the artifacts. calendar: whose days.
        kept: of each such day a digest of its answers, and what each version answered.
    """

    folder: Path
    calendar: Calendar
    kept: dict[str, Any]
    _used: dict[str, Any] = field(default_factory=dict)
    _held: dict[str, tuple[pa.Table, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, calendar: Calendar) -> "Repeats":
        """As they were kept; none where they cannot be read."""
        try:
            told = json.loads((folder / CACHE).read_text(encoding="utf-8"))
            kept = told["days"] if told["timezone"] == calendar.timezone else {}
            return cls(folder, calendar, dict(kept))
        except (OSError, ValueError, KeyError, TypeError):  # there is none yet, or half of one
            return cls(folder, calendar, {})

    def given(self, cohort: Planned) -> dict[str, Given]:
        """What each version answered in a cohort, of a customer's answers of a day the first."""
        return together([self._of_day(cohort.model, day, cells) for day, cells in cohort.days.items()])

    def keep(self) -> None:
        """Write down what was asked for, where that is news."""
        self._held.clear()
        if self._used != self.kept:
            with suppress(OSError):  # a cache: nothing is lost where it cannot be written
                write_json(self.folder / CACHE, {"timezone": self.calendar.timezone, "days": self._used})

    def _of_day(self, model: str, day: int, cells: list[Cell]) -> dict[str, Given]:
        versions = [version for cell in cells for version in cell.given]
        if len(versions) == len(set(versions)):  # no version answered in two files
            return together([cell.given for cell in cells])
        name, digest = f"{model} {day}", sum(cell.digest for cell in cells) % 2**64
        one = self.kept.get(name)
        if one is None or one["digest"] != digest:
            told = {version: asdict(given) for version, given in self._counted(model, day, cells).items()}
            one = {"digest": digest, "given": told}
        self._used[name] = one
        return {version: Given(**told) for version, told in one["given"].items()}

    def _counted(self, model: str, day: int, cells: list[Cell]) -> dict[str, Given]:
        tables = []
        for cell in cells:
            table, days = self._table(cell.file)
            rows = (days == day) & (table["model"].to_numpy() == model)
            tables.append(compact(table.filter(pa.array(rows))))
        return given_by(gathered(tables).firsts_of_days(self.calendar))

    def _table(self, file: str) -> tuple[pa.Table, Any]:
        """A file's answers and their days; some segments are held, a batch is of one day."""
        if file in self._held:
            return self._held[file]
        table, _ = read_file(self.folder, self.folder / file)
        found = table, gathered([table]).days(self.calendar)
        if file.endswith(".jsonl"):
            if len(self._held) >= SEGMENTS_HELD:
                del self._held[next(iter(self._held))]
            self._held[file] = found
        return found
