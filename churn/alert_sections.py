"""`[alerts]` of churn.toml: who is told when monitoring finds something, and how often at most.

Reads nothing; the password of the mail server is no setting, it stays in the environment or in a file of its own.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from churn.definition import Section

Address = Annotated[str, StringConstraints(pattern=r"^[^\s@<>,;:\"]+@[^\s@<>,;:\"]+$", max_length=254)]
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Alerts(Section):
    """`[alerts]`: who is told what `churn monitor` finds: webhooks, signed as those of [webhooks], and e-mail."""

    urls: tuple[str, ...] = Field(default=(), max_length=10, description="webhooks that are told; none: none is")
    mail_to: tuple[Address, ...] = Field(default=(), max_length=20, description="who gets an e-mail; none: nobody")
    mail_from: Address | None = Field(default=None, description="whom it comes from")
    smtp_host: str | None = Field(default=None, description="the mail server")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="587 with starttls, 465 with tls")
    smtp_security: Literal["starttls", "tls", "none"] = Field(default="starttls", description="how it is spoken to")
    smtp_user: str | None = Field(default=None, description="who logs in; unset: nobody does")
    smtp_password_file: str | None = Field(
        default=None, description="file with the password; unset: variable CHURN_SMTP_PASSWORD"
    )
    smtp_ca_file: str | None = Field(
        default=None, description="certificates that it is checked against; unset: those of the system"
    )
    verdicts: tuple[Literal["stop", "retrain", "watch", "cannot_tell"], ...] = Field(
        default=("stop", "retrain", "watch", "cannot_tell"), min_length=1, description="verdicts worth an alert"
    )
    cool_down_hours: float = Field(
        default=72, ge=0, le=8760, description="for so long an alarm that comes back is not told again, unless worse"
    )
    service_url: str | None = Field(
        default=None, pattern=r"^https?://[^\s/]+$", description="where people reach the service; letters link there"
    )

    @model_validator(mode="after")
    def _mail_can_be_sent(self) -> Self:
        if self.mail_to and (self.smtp_host is None or self.mail_from is None):
            raise ValueError("mail_to names somebody; name smtp_host and mail_from too")
        if self.smtp_user and self.smtp_security == "none" and self.smtp_host not in LOOPBACK:
            raise ValueError("smtp_user would send its password in the clear; take starttls or tls")
        return self
