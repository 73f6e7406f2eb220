"""E-mail over SMTP: one connection a letter, TLS by the server's name, the password never in a setting or a message.

Start reading at `mails`.
"""

import hashlib
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

from churn.clock import WallClock
from churn.errors import SettingsError
from churn.settings import Settings
from monitoring.alerts.letters import Letter, mail_of

VARIABLE = "CHURN_SMTP_PASSWORD"
TIMEOUT_S = 20.0
CODES: dict[type[Exception], str] = {
    smtplib.SMTPAuthenticationError: "login_refused",
    smtplib.SMTPNotSupportedError: "not_offered",  # STARTTLS, or a login
    smtplib.SMTPRecipientsRefused: "address_refused",
    ssl.SSLError: "tls",
    TimeoutError: "timeout",
    ConnectionRefusedError: "refused",
}


class NoSmtpPassword(SettingsError):
    """Somebody is to log in at the mail server, and there is no password."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"[alerts] smtp_user is to log in at the mail server, and there is no password in {where}.",
            mend=f"put it there: the variable {VARIABLE}, or a file that [alerts] smtp_password_file names.",
        )


class NoSmtpCaFile(SettingsError):
    """The certificates that the mail server is to be checked against cannot be read."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"[alerts] smtp_ca_file {path} holds no certificates that can be read.",
            mend="name a file of certificates in PEM, or unset it: those of the system are taken then.",
        )


class Mail:
    """E-mail to one address, so that nobody gets it twice because another address was refused.

    Args:
        server: that takes it.
        address: whose.
        language: en or zh, which comes first.
    """

    def __init__(self, server: "MailServer", address: str, language: str) -> None:
        self._server, self._address, self._language = server, address, language

    @property
    def id(self) -> str:
        """Of the address; a hash."""
        return mail_id(self._address)

    @property
    def shown(self) -> str:
        """The address, which the settings have too."""
        return self._address

    def send(self, letter: Letter) -> str | None:
        """Hand a letter to the mail server; what was in the way, as a code, or None where it took it."""
        sender = str(self._server.rules.mail_from)
        return self._server.send(
            mail_of(letter, sender, self._address, language=self._language, at=WallClock().now())
        )  # fmt: skip


def mail_id(address: str) -> str:
    """A receiver's id in the outbox; a hash."""
    return f"mail-{hashlib.sha256(address.encode()).hexdigest()[:12]}"


class MailServer:
    """The mail server of `[alerts]`. One that did not answer is not tried again in this run.

    Args:
        settings: of the business.
        environ: where the password may be.

    Raises:
        NoSmtpPassword: it is asked for and missing. NoSmtpCaFile: certificates cannot be read.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self.rules = settings.alerts
        self._password = _password(settings, environ) if self.rules.smtp_user else ""
        self._context, self._down = _trusting(settings), ""

    def send(self, mail: EmailMessage) -> str | None:
        """What was in the way, or None where it took the mail."""
        if self._down:
            return self._down
        try:
            with self._connected() as server:
                if self.rules.smtp_security == "starttls":
                    server.starttls(context=self._context)
                if self.rules.smtp_user:
                    server.login(self.rules.smtp_user, self._password)
                server.send_message(mail)
        except (OSError, smtplib.SMTPException, ValueError) as told:
            error = _cause(told)
            problem = _problem(error)
            if not isinstance(error, smtplib.SMTPException) or isinstance(error, smtplib.SMTPConnectError):
                self._down = problem
            return problem
        return None

    def _connected(self) -> smtplib.SMTP:
        host, port = str(self.rules.smtp_host), self.rules.smtp_port
        if self.rules.smtp_security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=self._context)
        return smtplib.SMTP(host, port, timeout=TIMEOUT_S)


def mails(settings: Settings, environ: Mapping[str, str]) -> list[Mail]:
    """One for each address of `[alerts] mail_to`.

    Raises:
        NoSmtpPassword, NoSmtpCaFile: the mail server cannot be spoken to as the settings want it.
    """
    if not settings.alerts.mail_to:
        return []
    server = MailServer(settings, environ)
    return [Mail(server, one, settings.business.language) for one in settings.alerts.mail_to]


def _password(settings: Settings, environ: Mapping[str, str]) -> str:
    name = settings.alerts.smtp_password_file
    where = f"the variable {VARIABLE}" if name is None else str(settings.root / name)
    try:
        told = environ.get(VARIABLE, "") if name is None else Path(where).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NoSmtpPassword(where) from error
    if not told:
        raise NoSmtpPassword(where)
    return told


def _trusting(settings: Settings) -> ssl.SSLContext:
    if settings.alerts.smtp_ca_file is None:
        return ssl.create_default_context()
    path = settings.root / settings.alerts.smtp_ca_file
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as error:  # ssl.SSLError is one
        raise NoSmtpCaFile(path) from error


def _cause(error: Exception) -> Exception:
    """A server that says nothing any more is a timeout, whatever smtplib makes of it."""
    before = error.__context__
    return before if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(before, TimeoutError) else error


def _problem(error: Exception) -> str:
    """What went wrong, as a code that holds nothing of whom it was for."""
    if isinstance(error, smtplib.SMTPResponseException) and not isinstance(error, smtplib.SMTPAuthenticationError):
        return f"status {error.smtp_code}"
    return next((code for kind, code in CODES.items() if isinstance(error, kind)), "no_answer")
