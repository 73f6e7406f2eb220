"""`[webhooks]` of churn.toml: who is told of changes, of which, and how patiently.

Reads nothing; the secret is no setting, it stays in the environment or in a file of its own.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from churn.definition import Section

Part = Literal["stage", "band", "model", "abstention", "first"]
Seconds = Annotated[float, Field(gt=0, le=86400)]


class Webhooks(Section):
    """`[webhooks]`: tells other systems of each change of stage or band; docs/webhooks.md."""

    urls: tuple[str, ...] = Field(default=(), max_length=10, description="whom to tell; none: nobody")
    secret_file: str | None = Field(
        default=None, description="file with the secret(s) that sign letters; unset: variable CHURN_WEBHOOK_SECRET"
    )
    ca_file: str | None = Field(
        default=None, description="certificates that receivers are checked against; unset: those of the system"
    )
    what: tuple[Part, ...] = Field(
        default=("stage", "band", "model", "abstention"), min_length=1,
        description="changes worth a letter; `first`: of a customer nobody was told of before",
    )  # fmt: skip
    together: int = Field(default=1, ge=1, le=100, description="changes in one letter; more than 1: `scores.changed`")
    at_once: int = Field(default=4, ge=1, le=16, description="letters under way to one receiver")
    timeout_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=10.0, description="how long a receiver may take for one letter, all in all"
    )
    attempts: int = Field(default=15, ge=1, le=50, description="tries before a letter is dead; 15 take about a day")
    first_wait_s: Seconds = Field(default=5.0, description="wait after the first failure; each later one twice as long")
    most_wait_s: Seconds = Field(default=21600.0, description="the longest wait; a receiver's Retry-After up to a day")
    allow_http: bool = Field(default=False, description="let letters go without TLS")
    allow_private: bool = Field(default=False, description="let them go to loopback, private and link-local addresses")

    @model_validator(mode="after")
    def _urls_can_be_told(self) -> Self:
        if faults := faults_of(self.urls, allow_http=self.allow_http):
            raise ValueError(faults[0])
        if len(set(self.urls)) < len(self.urls):
            raise ValueError("a url is named twice; name it once")
        return self


def faults_of(urls: Sequence[str], *, allow_http: bool) -> list[str]:
    """Why letters cannot go to some URLs, each by its number: never the URL itself, which may hold a secret."""
    told = (_fault(url, allow_http=allow_http) for url in urls)
    return [f"url {number} {fault}" for number, fault in enumerate(told, start=1) if fault]


def _fault(url: str, *, allow_http: bool) -> str | None:
    """Why letters cannot go to a URL; None where they can."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "cannot be read; write https://host/path"
    if parts.scheme == "http" and not allow_http:
        return "is not https; use https, or set allow_http where nobody else can listen"
    if parts.scheme not in ("http", "https") or not host:
        return "is no address of the web; write https://host/path"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "holds a user, a password or a #fragment; letters are signed instead (docs/webhooks.md)"
    if not url.isascii() or not url.isprintable() or " " in url:
        return "holds characters that no URL has; percent-encode them"
    return None
