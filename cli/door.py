"""The door of the service, made from the settings: keys, limits, brake, bounds, headers, audit log."""

import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from features.erasure.forgotten import is_forgotten
from features.pseudonyms import pseudonyms_of
from serving.audit.scribe import Scribe
from serving.auth import Keys
from serving.body import Bounds
from serving.door import Admission
from serving.guard import Guard
from serving.headers import Dress
from serving.keys.ring import Keyring
from serving.limits.brake import Brake
from serving.limits.counts import Counts, SqliteCounts
from serving.limits.once import Once, SqliteOnce
from serving.limits.redis_counts import RedisCounts, RedisOnce
from serving.proxies import Proxies
from serving.pseudonyms import veiled
from serving.rate_limit import RateLimit
from serving.signatures import Signatures
from serving.web.login import SCOPES as LOGIN_SCOPES
from serving.web.login import LoginDesk
from serving.web.session import Sessions

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from churn.settings import Settings
    from serving.metrics import Metrics

LIMITS, TAKEN = "limits.sqlite", "taken.sqlite"


def ring_of(settings: "Settings") -> Keyring:
    """All keys: those of the settings, of the variable CHURN_API_KEYS (parted by spaces or commas), of `churn keys`.

    Raises:
        BadKey, BrokenKeys: one cannot be read.
    """
    given = os.environ.get("CHURN_API_KEYS", "").replace(",", " ").split()
    return Keyring(Keys.of([*settings.serving.api_keys, *given]), settings.folder)


class Door(NamedTuple):
    """What lets people and programs in."""

    admission: Admission
    sessions: Sessions
    login: LoginDesk


def door_of(settings: "Settings") -> Door:
    """The door of a business.

    Raises:
        BadKey, BrokenKeys: a key cannot be read.
    """
    ring, keys = ring_of(settings), settings.keys
    limit = RateLimit(_counts(settings), settings.serving.rate_limit_per_minute, keys.quota_per_day)
    sessions = Sessions(settings.folder, hours=keys.session_hours, ended=once_of(settings))
    admission = Admission(ring, limit, brake=Brake(keys.failures_per_minute), sessions=sessions, used=ring.used)
    return Door(admission, sessions, LoginDesk(admission, sessions, settings.business.name, settings.business.language))


def guard_around(
    app: "ASGIApp", settings: "Settings", metrics: "Metrics", scopes: Mapping[str, str], door: Door
) -> Guard:
    """The guard around the routes of a business."""
    serving = settings.serving
    return Guard(
        veiled(app, pseudonyms_of(settings)),
        door=door.admission,
        metrics=metrics,
        scopes={**scopes, **LOGIN_SCOPES},
        bounds=Bounds(body_bytes=1000 * serving.max_body_kb, body_seconds=serving.body_timeout_s),
        dress=Dress(serving.cors_origins),
        proxies=Proxies(serving.trusted_proxies),
        scribe=Scribe(settings.folder, gone=partial(is_forgotten, settings.folder), lost=metrics.audit_lost),
    )


def once_of(settings: "Settings") -> Once:
    """What workers remember together, so that it happens once."""
    if settings.serving.limits == "redis":
        return RedisOnce(str(settings.serving.limits_url), settings.business.slug)
    return SqliteOnce(settings.folder / "serving" / TAKEN)


def signatures_of(settings: "Settings") -> Signatures:
    """What is asked of the signatures of live events: secrets of the variable CHURN_EVENTS_SECRET, parted by spaces."""
    return Signatures(os.environ.get("CHURN_EVENTS_SECRET", "").split(), once_of(settings))


def _counts(settings: "Settings") -> Counts:
    if settings.serving.limits == "redis":
        return RedisCounts(str(settings.serving.limits_url), settings.business.slug)
    return SqliteCounts(settings.folder / "serving" / LIMITS)
