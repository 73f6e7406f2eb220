"""`churn retrain`: from the sources to everybody's score with the newest model, safe to run from cron.

One at a time (cli/single_flight.py); killed at any point, the next goes on where it stopped (cli/journal.py); nothing
serves that the gate has not passed. What happened is told in `retrain/<time>.json` and `.md`. Start at `retrain`.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from churn.errors import ChurnError
from cli.console import say, table
from cli.journal import Journal
from cli.outcome import Outcome
from cli.retrain_summary import Summary, write
from cli.retraining import KEPT
from cli.single_flight import holder, single_flight, told
from cli.steps import go, kept, steps

if TYPE_CHECKING:
    from churn.settings import Settings


def retrain(settings: "Settings") -> Outcome:
    """Go from the sources to everybody's score, and look at who serves then; a run that broke off is gone on with.

    Raises:
        AlreadyRunning: somebody else is at it.
        ChurnError: a step cannot be done; who served goes on serving, and the summary says so too.
    """
    with single_flight(settings.folder, "churn retrain") as died:
        if died:
            say(f"{told(died)} ended without a word; this run takes over.")
        return _watched(settings, _run(settings))


def if_needed(settings: "Settings") -> Outcome:
    """Retrain where the newest verdict asks for it; the verdict is made first where it is not of today's files.

    Where nothing is trained the exit code is the verdict's: keep 0, retrain 20 (it was tried lately), watch 21,
    stop 22, cannot tell 23. A run that broke off is gone on with, whatever the verdict.

    Raises:
        AlreadyRunning: somebody else is at it.
        NoChampion: nothing was promoted yet; `churn run` makes the first models.
        ChurnError: a step cannot be done.
    """
    from cli.need import need

    if not Journal(settings.folder).is_new:
        return retrain(settings)
    why = need(settings)
    if why.is_needed:
        say(why.text)
        return retrain(settings)
    return Outcome(why.text, {"retrained": False} | why.as_json, why.exit_code)


def _watched(settings: "Settings", done: Outcome) -> Outcome:
    """Let monitoring look at who serves now, at once and not only tomorrow: a new champion may have to go back."""
    from cli import monitoring

    try:
        seen = monitoring.monitor(settings, with_pages=False)
    except ChurnError as error:  # the retraining is done all the same
        return Outcome(f"{done.text}\nMonitoring could not look: {error}", done.as_json, done.exit_code)
    text = f"{done.text}\n\n{seen.text}"
    code = done.exit_code or (KEPT if seen.as_json["sent_back"] else 0)
    return Outcome(text, done.as_json | {"monitor": seen.as_json}, code)


def _run(settings: "Settings") -> Outcome:
    journal = Journal(settings.folder)
    if not journal.is_new:
        say(f"The run that began at {journal.began_at} broke off; this one goes on with it.")
    journal.begin(_standing(settings))
    summary = Summary(settings, journal)
    try:
        results = go(steps(settings, journal.before), settings, journal)
    except ChurnError as error:
        write(summary.failed(error), settings)
        raise
    code = KEPT if any(one.exit_code for one in results.values()) else 0
    content = summary.done(results, code)
    written = write(content.as_json, settings)
    journal.close()
    as_json = {name: one.as_json for name, one in results.items()} | {"summary": content.as_json}
    return Outcome(f"{content.text}\n{written}", as_json, code)


def plan(settings: "Settings", *, if_needed: bool = False) -> Outcome:
    """What `churn retrain` would do now, or `churn retrain --if-needed`; nothing is changed."""
    from cli.need import foreseen

    journal, busy = Journal(settings.folder), holder(settings.folder)
    why = foreseen(settings) if if_needed and journal.is_new else None
    if why is not None and not why.is_needed:
        return Outcome(why.text, {"steps": [], "holder": busy, "began_at": None})
    results: dict[str, Outcome] = {}
    rows: list[dict[str, Any]] = []
    goes_on = not journal.is_new
    for step in steps(settings, journal.before):
        done = kept(step, journal, results) if goes_on else None
        goes_on = done is not None
        if done is not None:
            results[step.name] = done.outcome
        rows.append({"step": step.command or step.name, "would be": "kept" if goes_on else "done"})
    lines = [f"{told(busy)} is at it: nothing would be done." if busy else "Nobody is at it."]
    if not journal.is_new:
        lines.append(f"The run that began at {journal.began_at} broke off and would be gone on with.")
    elif if_needed:
        lines.append(why.text if why else "Monitoring would look first; where its verdict asks for a new model:")
    return Outcome("\n".join([*lines, table(rows)]), {"steps": rows, "holder": busy, "began_at": _began(journal)})


def _began(journal: Journal) -> str | None:
    return None if journal.is_new else journal.began_at


def _standing(settings: "Settings") -> dict[str, Any]:
    """How things stand before a run."""
    from cli import retraining, score_change

    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": retraining.challengers(settings),
        "champions": {model: one["version"] for model, one in retraining.champions(settings).items()},
        "scores": score_change.standing(settings),
    }
