"""Why an ingest stops and leaves the log as it was: no events, too many rows that are none, details of people.

Each error names the report, which says more. Start reading at `refuse`.
"""

from pathlib import Path
from typing import NoReturn

import duckdb

from churn.errors import DataError
from features.input_report import InputReport, PersonalData
from features.judging import NO_FAULT, REASONS, WAYS
from features.reading import Rows
from features.sql_text import literal


class EmptyLog(DataError):
    """No event came in."""

    def __init__(self, rows: int, report: Path) -> None:
        super().__init__(
            ("The sources hold no rows that are meant." if not rows else f"None of the {rows} rows is an event.")
            + f" The report is {report}.",
            mend="check `path`, `table` and `where` of each [[source]] in the toml.",
        )


class TooManyRejects(DataError):
    """So many rows were refused that the mapping, not the rows, must be wrong."""

    def __init__(
        self, refused: int, rows: int, limit: float, reasons: dict[str, tuple[int, str]], report: Path
    ) -> None:
        lines = [f"  {count:,} x {name}: {REASONS[name]} ({first})" for name, (count, first) in reasons.items()]
        ways = "".join(f" {way}." for way in dict.fromkeys(WAYS[name] for name in reasons if name in WAYS))
        super().__init__(
            f"{refused:,} of {rows:,} rows were refused, more than the share of {limit:g} that [ingest] "
            "max_rejected_share allows:\n" + "\n".join(lines) + f"\nThe report is {report}.",
            mend="correct the rows, or the expressions of the mapping that read them; if they are to be left out, "
            f"say so with `where` in the [[source]], or raise [ingest] max_rejected_share.{ways}",
        )


def refuse(connection: duckdb.DuckDBPyConnection, sources: list[Rows], found: InputReport, report: Path) -> NoReturn:
    """Raise the error of what was found, worst first: rows before columns.

    Args:
        connection: DuckDB with `refused`.
        sources: what was read.
        found: a report with errors.
        report: where it was written.

    Raises:
        TooManyRejects, EmptyLog, PersonalData: always one of them.
    """
    measured, limit = found.seen.profile, found.seen.settings.ingest.max_rejected_share
    if found.errors("too_many_rejects"):
        reasons = _reasons(connection, sources)
        raise TooManyRejects(sum(count for count, _ in reasons.values()), measured.rows, limit, reasons, report)
    if found.errors("no_events"):
        raise EmptyLog(measured.rows, report)
    raise PersonalData(found.errors(), report)


def _reasons(connection: duckdb.DuckDBPyConnection, sources: list[Rows]) -> dict[str, tuple[int, str]]:
    """By reason how many rows were refused, and which was the first."""
    found = connection.execute(
        "SELECT reason, count(*), arg_min(source, (source, file, row_no)), arg_min(file, (source, file, row_no)), "
        "arg_min(row_no, (source, file, row_no)) FROM refused "
        f"WHERE reason NOT IN ({', '.join(map(literal, NO_FAULT))}) GROUP BY reason ORDER BY count(*) DESC, reason"
    ).fetchall()
    return {
        reason: (count, f"first: row {row} of {sources[source].origin_name(file)}")
        for reason, count, source, file, row in found
    }
