"""`churn audit`: who asked what about whom, and when."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli.console import table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings
    from serving.audit.lines import Line

MOST_SHOWN = 200
COLUMNS = ("at", "key", "what", "status", "customers", "request_id")


def audit(settings: "Settings", *, customer: str | None, key: str | None, since: str | None) -> Outcome:
    """The lines of the audit log that are asked for; newest last.

    Raises:
        BadTerm: `since` is no day.
    """
    from serving.audit.lines import hash_of, key_in, lines

    begins = _day(since) if since else None
    whose = hash_of(customer, key_in(settings.folder)) if customer is not None else None
    rows = [
        _row(line)
        for line in lines(settings.folder, whose)
        if (key is None or line.key == key) and (begins is None or line.at >= begins)
    ]
    rows.sort(key=lambda row: str(row["at"]))
    head = f"{len(rows):,} lines" + (f", the last {MOST_SHOWN} of them:" if len(rows) > MOST_SHOWN else ":")
    return Outcome("\n".join([head, "", table(rows[-MOST_SHOWN:], COLUMNS)]) if rows else "Nobody asked.", rows)


def _row(line: "Line") -> dict[str, Any]:
    what = line.act or (f"{line.lost} lines were lost" if line.lost else f"{line.method} {line.route}")
    who = line.key or (f"nobody, from {line.address}" if line.address else "nobody needs a key")
    return {
        "at": line.at.isoformat(timespec="milliseconds"),
        "key": f"{who} (page)" if line.by_page else who,
        "what": what,
        "status": line.status or None,
        "customers": line.customers,
        "request_id": line.request_id or None,
    }


def _day(text: str) -> datetime:
    from cli.keys import BadTerm

    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadTerm(text, "YYYY-MM-DD") from error
