"""Who is told what `churn monitor` found: webhooks, signed as ours are, and e-mail; nothing here fails the command.

Monitoring says what is news and speaks to the mail server, serving signs and posts; they meet here. Start at `tell`.
"""

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cli.console import table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings
    from monitoring.alerts.letters import Letter
    from monitoring.alerts.outbox import Channel, Outbox, Sent
    from monitoring.alerts.told import Item
    from monitoring.monitor import Result
    from serving.webhooks.posting import Receiver

NOBODY = "Nobody is told: [alerts] has neither urls nor mail_to (docs/monitoring.md)."


class Webhook:
    """A receiver of signed letters.

    Args:
        receiver: where it is.
        name: its id in the queue, nothing of its URL.
        secrets: that sign its letters.
    """

    def __init__(self, receiver: "Receiver", name: str, secrets: Sequence[bytes]) -> None:
        self.id, self.shown = f"webhook-{name}", f"webhook {receiver.shown}"
        self._receiver, self._secrets = receiver, secrets

    def send(self, letter: "Letter") -> str | None:
        """Post a letter; what was in the way, or None where it was taken."""
        from monitoring.alerts.letters import body_of
        from serving.webhooks.posting import Line
        from serving.webhooks.signing import signed

        body, line = body_of(letter), Line(self._receiver)
        try:
            return line.post(body, signed(self._secrets, str(letter["id"]), int(time.time()), body)).problem
        finally:
            line.close()


class Unready:
    """A receiver that cannot be spoken to as the settings want it: its letters wait.

    Args:
        name: its id in the outbox.
        shown: for people.
        problem: what is in the way, and its mend.
    """

    def __init__(self, name: str, shown: str, problem: str) -> None:
        self.id, self.shown, self._problem = name, shown, problem

    def send(self, _: "Letter") -> str:
        """What is in the way."""
        return self._problem


def channels(settings: "Settings") -> "list[Channel]":
    """Everybody whom `[alerts]` names.

    Raises:
        NoWebhookSecret, BadWebhookSecret, NoCaFile, NoSmtpPassword, NoSmtpCaFile: they cannot be told as it wants.
    """
    from monitoring.alerts.mail import mails

    return [*_webhooks(settings), *mails(settings, os.environ)]


def _whoever(settings: "Settings") -> "list[Channel]":
    """Everybody; what one kind lacks keeps the other waiting for nothing."""
    from churn.errors import ChurnError
    from monitoring.alerts.mail import mail_id, mails
    from serving.webhooks.sender import id_of

    found: list[Channel] = []
    try:
        found += _webhooks(settings)
    except ChurnError as error:
        urls = enumerate(settings.alerts.urls, start=1)
        found += [Unready(f"webhook-{id_of(url)}", f"webhook {number}", str(error)) for number, url in urls]
    try:
        found += mails(settings, os.environ)
    except ChurnError as error:
        found += [Unready(mail_id(one), one, str(error)) for one in settings.alerts.mail_to]
    return found


def _webhooks(settings: "Settings") -> list[Webhook]:
    from serving.webhooks.sender import receivers
    from serving.webhooks.signing import secrets_of

    wanted = settings.webhooks.model_copy(update={"urls": settings.alerts.urls})
    named = receivers(settings.model_copy(update={"webhooks": wanted}))
    secrets = secrets_of(settings, os.environ) if named else []
    return [Webhook(receiver, name, secrets) for name, receiver in named.items()]


def tell(settings: "Settings", result: "Result", done: "Sequence[Item]" = ()) -> list[str]:
    """Tell everybody what is news; lines for the console.

    Args:
        settings: whose.
        result: of `churn monitor`.
        done: what the watch did, beside.
    """
    from churn.errors import ChurnError
    from monitoring.alerts.outbox import deliver, read

    if not (settings.alerts.urls or settings.alerts.mail_to):
        return []
    try:
        told, box = _whoever(settings), read(settings.folder)
        box = _with_news(settings, result, done, box, [one.id for one in told])
        kept = _kept(settings, box)  # before anything is sent: a kill in between sends it once more, never not at all
        box, sent = deliver(box, told)
        kept = _kept(settings, box) or kept
    except (ChurnError, OSError) as error:
        return ["", f"Nobody was told: {error}"]
    waiting = f"; {len(box.waiting)} letters wait for the next run" if box.waiting else ""
    return ["", *(f"{_line(one)}{waiting}." for one in sent), *([kept] if kept else [])]


def try_out(settings: "Settings") -> Outcome:
    """Send everybody a letter that says nothing but that letters arrive.

    Raises:
        NoWebhookSecret, BadWebhookSecret, NoCaFile, NoSmtpPassword, NoSmtpCaFile: they cannot be told as it wants.
    """
    from churn.clock import WallClock
    from monitoring.alerts.letters import trial_of

    letter = trial_of(settings.business.slug, settings.business.name, f"test-{os.urandom(8).hex()}", WallClock().now())
    rows: list[dict[str, Any]] = [
        {"receiver": one.shown, "answer": one.send(letter) or "taken"} for one in channels(settings)
    ]
    is_told = all(one["answer"] == "taken" for one in rows)
    return Outcome(table(rows) if rows else NOBODY, rows, exit_code=0 if is_told else 10)


def _with_news(
    settings: "Settings", result: "Result", done: "Sequence[Item]", box: "Outbox", to: Sequence[str]
) -> "Outbox":
    """What stands in the outbox once the news of a run are in it."""
    from dataclasses import replace

    from churn.clock import WallClock
    from monitoring.alerts.letters import letter_of
    from monitoring.alerts.told import news

    at = WallClock().now()
    known, items = news(box.told, [*result.verdicts, result.whole], settings.alerts, at=at)
    box = replace(box, told=known)
    if not items and not done:
        return box
    name, place = settings.business.name, _place(settings, result)
    letter_id = f"monitor-{os.urandom(8).hex()}"
    letter = letter_of(result.content, [*done, *items], letter_id=letter_id, at=at, name=name, place=place)
    return box.with_letter(letter, to)


def _place(settings: "Settings", result: "Result") -> str:
    """Where the pages of a run are: at the service, where people reach it, else in the folder."""
    from monitoring.runs import run_folder

    folder = run_folder(settings.folder, result.now)
    return (
        f"{settings.alerts.service_url}/monitoring/runs/{folder.name}" if settings.alerts.service_url else str(folder)
    )


def _kept(settings: "Settings", box: "Outbox") -> str | None:
    """Keep the outbox; what to say where it cannot be."""
    from monitoring.alerts.outbox import write

    try:
        write(settings.folder, box)
    except OSError as error:
        return f"What was told could not be kept ({error.strerror}); the next run tells it once more."
    return None


def _line(sent: "Sent") -> str:
    if sent.problem is None:
        return f"Told {sent.shown}: {sent.taken}"
    return f"Not told: {sent.shown} ({sent.problem})"
