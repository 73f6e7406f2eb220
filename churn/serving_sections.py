"""Sections of churn.toml about the door of the service: keys, limits, what may come in, and by which way."""

import re
from typing import Literal

from pydantic import Field, model_validator

from churn.definition import Section

ORIGIN = r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?"


class Door(Section):
    """The part of `[serving]` that is about who may come in, and how. `Serving` has the rest."""

    tls_cert_file: str | None = Field(default=None, description="PEM of the certificate and its chain; unset: no TLS")
    tls_key_file: str | None = Field(default=None, description="PEM of its key; readable by the service alone")
    limits: Literal["sqlite", "redis"] = Field(default="sqlite", description="where workers count requests together")
    limits_url: str | None = Field(default=None, description="redis://host:port/0, or rediss:// with TLS, for redis")
    max_body_kb: int = Field(default=1000, ge=1, le=100_000, description="size of a request, in 1,000 bytes")
    max_customers: int = Field(default=1000, ge=1, le=1000, description="customers or events of one request")
    body_timeout_s: float = Field(default=10, gt=0, le=600, description="in which a request has to have come")
    max_connections: int = Field(default=500, ge=1, le=100_000, description="open at once in a worker; one more is 503")
    cors_origins: tuple[str, ...] = Field(default=(), description="pages that may ask: https://crm.example; else none")
    trusted_proxies: tuple[str, ...] = Field(
        default=(), description="addresses of proxies whose X-Forwarded-For and -Proto are believed"
    )

    @model_validator(mode="after")
    def _whole(self) -> "Door":
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_cert_file and tls_key_file belong together; set both, or neither")
        if self.limits == "redis" and not self.limits_url:
            raise ValueError("limits = redis needs limits_url, as redis://127.0.0.1:6379/0")
        for origin in self.cors_origins:
            if not re.fullmatch(ORIGIN, origin):  # browsers compare letter by letter: it would never count
                raise ValueError(f"cors_origins: {origin!r} is no origin; write https://crm.example, one by one")
        return self


class ApiKeys(Section):
    """`[keys]`: what callers may do with their keys; `churn keys` makes them."""

    quota_per_day: int = Field(default=0, ge=0, description="requests a key may make in a day (UTC); 0: any number")
    failures_per_minute: int = Field(default=60, ge=0, description="wrong keys from one address before it has to wait")
    session_hours: float = Field(default=12, gt=0, le=720, description="how long a login at the pages lasts")
