"""The door of the service, made from the settings: keys, limits, brake, bounds, headers, audit log."""

import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from features.erasure.forgotten import is_forgotten
from serving.audit.scribe import Scribe
from serving.auth import Keys
from serving.body import Bounds
from serving.door import Admission
from serving.guard import Guard
from serving.headers import Dress
from serving.keys.ring import Keyring
from serving.limits.brake import Brake
from serving.limits.counts import Counts, SqliteCounts
from serving.limits.redis_counts import RedisCounts
from serving.rate_limit import RateLimit

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from churn.settings import Settings
    from serving.metrics import Metrics

LIMITS = "limits.sqlite"


def ring_of(settings: "Settings") -> Keyring:
    """All keys: those of the settings, of the variable CHURN_API_KEYS (parted by spaces or commas), of `churn keys`.

    Raises:
        BadKey, BrokenKeys: one cannot be read.
    """
    given = os.environ.get("CHURN_API_KEYS", "").replace(",", " ").split()
    return Keyring(Keys.of([*settings.serving.api_keys, *given]), settings.folder)


def guard_around(app: "ASGIApp", settings: "Settings", metrics: "Metrics", scopes: Mapping[str, str]) -> Guard:
    """The guard around the routes of a business.

    Raises:
        BadKey, BrokenKeys: a key cannot be read.
    """
    serving, ring = settings.serving, ring_of(settings)
    limit = RateLimit(_counts(settings), serving.rate_limit_per_minute, settings.keys.quota_per_day)
    return Guard(
        app,
        door=Admission(ring, limit, brake=Brake(settings.keys.failures_per_minute), used=ring.used),
        metrics=metrics,
        scopes=scopes,
        bounds=Bounds(body_bytes=1000 * serving.max_body_kb, body_seconds=serving.body_timeout_s),
        dress=Dress(serving.cors_origins),
        scribe=Scribe(settings.folder, gone=partial(is_forgotten, settings.folder), lost=metrics.audit_lost),
    )


def _counts(settings: "Settings") -> Counts:
    if settings.serving.limits == "redis":
        return RedisCounts(str(settings.serving.limits_url), settings.business.slug)
    return SqliteCounts(settings.folder / "serving" / LIMITS)
