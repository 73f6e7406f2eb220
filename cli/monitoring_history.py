"""`churn monitor --history`: the runs so far, newest last."""

from typing import TYPE_CHECKING

from cli.console import table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings
    from monitoring.history import Run

WHOLE = "business"


def history(settings: "Settings") -> Outcome:
    """Each run: the instant judged and when that was (local time), the verdict, and each model's with its reasons."""
    from monitoring.history import read

    told = read(settings.folder)
    if not told.runs:
        return Outcome("No runs yet: `churn monitor` makes the first.", {"runs": [], "unreadable": told.unreadable})
    zone = settings.lifecycle.calendar.zone
    rows = [
        {
            name: f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
            for name, at in (("as_of", run.as_of), ("judged_at", run.judged_at))
        }
        | {"verdict": run.verdict, "why": _why(run)}
        for run in told.runs
    ]
    lines = [table(rows)]
    if told.unreadable:
        lines += ["", f"{told.unreadable} lines of monitoring/history.jsonl say nothing and were skipped."]
    content = {"runs": [run.line() for run in told.runs], "unreadable": told.unreadable}
    return Outcome("\n".join(lines), content)


def _why(run: "Run") -> str:
    parts = [
        f"{model or WHOLE}: {', '.join(codes)}"
        for model, one in run.models.items()
        if (codes := [code for code, outcome in one["codes"].items() if outcome != "keep"])
    ]
    return "; ".join(parts) or "-"
