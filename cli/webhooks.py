"""`churn webhooks`: how receivers do, a letter to try them, dead letters once more, and sending without a service."""

import os
import signal
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli.console import say, table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings
    from serving.webhooks.courier import Meter
    from serving.webhooks.sender import Sender

NOBODY = "Nobody is told: [webhooks] urls is empty (docs/webhooks.md)."
NO_SENDER = "No process sends letters: `churn serve`, or `churn webhooks send`."
MOST_SHOWN = 100  # dead letters of a receiver
SECOND_US = 1_000_000


def sender(settings: "Settings", meter: "Meter | None" = None) -> "Sender":
    """What sends the letters of a business; it does nothing where nobody is to be told.

    Raises:
        NoWebhookSecret, BadWebhookSecret: there is nothing to sign them with.
    """
    from functools import partial

    from features.erasure.forgotten import is_forgotten
    from serving.webhooks.sender import Sender

    return Sender(settings, os.environ, forgotten=partial(is_forgotten, settings.folder), meter=meter)


def status(settings: "Settings") -> Outcome:
    """How each receiver does."""
    from serving.webhooks.sender import is_sending, receivers

    named = receivers(settings)
    if not named:
        return Outcome(NOBODY, {"sending": False, "receivers": []})
    sending = is_sending(settings.folder)
    rows = _receivers(settings)
    dead = [{"receiver": row["receiver"]} | one for row in rows for one in row["dead_letters"]]
    shown = [{name: row[name] for name in row if name != "dead_letters"} for row in rows]
    head = "A process sends letters." if sending else NO_SENDER
    parts = [head, table(shown), *([table(dead)] if dead else [])]
    return Outcome("\n\n".join(parts), {"sending": sending, "receivers": rows})


def _receivers(settings: "Settings") -> list[dict[str, Any]]:
    from serving.changes.journal import Journal
    from serving.webhooks.keeping import Kept
    from serving.webhooks.letters import Letters
    from serving.webhooks.sender import receivers

    journal, letters, kept = Journal(settings.folder), Letters(settings.folder), Kept(settings.folder)
    try:
        name, last, found = journal.name(), journal.last_seq(), []
        for number, (one, receiver) in enumerate(receivers(settings).items(), start=1):
            place, counts = letters.place(one, name, last), letters.counts(one)
            found.append({
                "number": number, "receiver": receiver.shown, "state": _state(place), "waiting": counts.waiting,
                "since": _instant(counts.since_us), "dead": counts.dead, "taken_last": _instant(place.taken_us),
                "problem": place.problem, "changes_behind": last - place.seq,
                "dead_letters": [
                    {"customer_id": dead.now.customer_id, "changed": list(dead.changed), "tries": tries, "why": why}
                    for dead, tries, why in kept.dead(one, MOST_SHOWN)
                ],
            })  # fmt: skip
        return found
    finally:
        for one_file in (journal, letters, kept):
            one_file.close()


def try_out(settings: "Settings") -> Outcome:
    """Send every receiver a letter of nobody.

    Raises:
        NoWebhookSecret, BadWebhookSecret: there is nothing to sign it with.
    """
    from serving.webhooks.posting import Line
    from serving.webhooks.sender import receivers
    from serving.webhooks.signing import secrets_of, signed
    from serving.webhooks.words import trial_body

    named, rows = receivers(settings), []
    secrets = secrets_of(settings, os.environ) if named else []
    for number, receiver in enumerate(named.values(), start=1):
        now = int(time.time())
        body, line = trial_body(datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")), Line(receiver)
        reply = line.post(body, signed(secrets, f"test-{os.urandom(8).hex()}", now, body))
        line.close()
        took = "taken" if reply.is_taken else reply.problem
        rows.append({"number": number, "receiver": receiver.shown, "status": reply.status, "answer": took})
    text = table(rows) if rows else NOBODY
    return Outcome(text, rows, exit_code=0 if all(one["answer"] == "taken" for one in rows) else 10)


def retry(settings: "Settings") -> Outcome:
    """Let dead letters wait again, and send to receivers that were left alone."""
    from serving.webhooks.keeping import Kept
    from serving.webhooks.sender import receivers

    kept = Kept(settings.folder)
    try:
        letters = sum(kept.retry(one) for one in receivers(settings))
    finally:
        kept.close()
    return Outcome(f"{letters:,} letters are tried again.", {"letters": letters})


def send(settings: "Settings") -> int:
    """Send letters until somebody ends it."""
    from serving.webhooks.sender import receivers

    if not receivers(settings):
        say(NOBODY)
        return 0
    ours = sender(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ours.end())
    say("Sending letters, as soon as no other process does (Ctrl-C ends it).")
    ours.run()
    return 0


def _state(place: Any) -> str:  # serving.webhooks.letters.Place
    if place.gone:
        return "gone (410): `churn webhooks retry` tries it again"
    return f"failing, {place.failing} in a row" if place.failing else "well"


def _instant(microseconds: int) -> str | None:
    return datetime.fromtimestamp(microseconds / SECOND_US, UTC).isoformat(timespec="seconds") if microseconds else None
