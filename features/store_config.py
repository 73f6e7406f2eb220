"""`[store]` of churn.toml as the words of Feast's configuration, and as a person reads it.

`repo` is what our own code opens the store with; `yaml_text` says the same in the feature_store.yaml with which
Feast's command line works in `features/` of the artifacts. The secret of a URL goes to the vendor alone: neither
messages nor the yaml carry it. Imports no vendor. Start reading at `repo`.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlencode, urlsplit

from churn.errors import SettingsError
from churn.sections import Store
from churn.settings import Settings

SECRET = "${CHURN_STORE_PASSWORD}"  # noqa: S105  # a place to fill in, as Feast's CLI reads it
POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")
READ_TIMEOUT_S = 0.25
WRITE_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 2  # psycopg's least
POSTGRES_FILES = ("sslrootcert", "sslcert", "sslkey")  # names in a URL; Feast's end with _path
REDIS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")


@dataclass(frozen=True)
class Address:
    """An on-line store.

    Args:
        kind: sqlite, redis or postgres.
        shown: where it is, without a secret.
        config: Feast's `online_store`, with the secret.
        public: the same without it.
        mend: what to do when it does not answer.
    """

    kind: str
    shown: str
    config: dict[str, Any] = field(repr=False)
    public: dict[str, Any]
    mend: str


def repo(settings: Settings, *, timeout_s: float = READ_TIMEOUT_S) -> dict[str, Any]:
    """Feast's configuration of one business, secrets in it."""
    folder = settings.folder / "features"
    online = address(settings.store, folder, timeout_s=timeout_s)
    return _repo(settings, online.config, registry(settings.store, folder).config)


def yaml_text(settings: Settings) -> str:
    """The same as a feature_store.yaml, for people and Feast's command line; without secrets."""
    folder = settings.folder / "features"
    content = _repo(settings, address(settings.store, folder).public, registry(settings.store, folder).public)
    lines = ["# Written by `churn features materialise`; changes made here are lost."]
    for name, value in content.items():
        if isinstance(value, dict):
            lines += [f"{name}:", *(f"  {key}: {json.dumps(inner)}" for key, inner in value.items())]
        else:
            lines.append(f"{name}: {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def registry(store: Store, folder: Path) -> Address:
    """Where Feast keeps its views: a file, or a PostgreSQL that several machines share.

    Args:
        store: the section.
        folder: where the file lies.

    Raises:
        SettingsError: [store] registry_url is no URL of PostgreSQL.
    """
    if store.registry_url is None:
        path = folder / "registry.db"
        local: dict[str, Any] = {"registry_type": "sql", "path": f"sqlite:///{path}"}
        return Address("sqlite", str(path), local, local, "see that the folder can be written.")
    url = urlsplit(store.registry_url)
    if url.scheme not in POSTGRES or not url.hostname:
        raise SettingsError(
            "[store] registry_url is no URL of PostgreSQL.",
            mend='set it to "postgresql://user@host:5432/features", or leave it out: then the registry is a file.',
        )
    place = f"{url.hostname}:{url.port or 5432}"
    arguments = {"connect_timeout": CONNECT_TIMEOUT_S, "client_encoding": "utf8"}
    config: dict[str, Any] = {
        "registry_type": "sql",
        "path": url._replace(scheme="postgresql+psycopg").geturl(),
        "sqlalchemy_config_kwargs": {"echo": False, "connect_args": arguments},
    }
    user = f"{url.username}:{SECRET}@" if url.password else f"{url.username}@" if url.username else ""
    tls = {name: values[-1] for name, values in parse_qs(url.query).items() if name in ("sslmode", *POSTGRES_FILES)}
    query = f"?{urlencode(tls)}" if tls else ""
    public = config | {"path": f"postgresql+psycopg://{user}{place}{url.path}{query}"}
    mend = f"start the server at {url.hostname}, or correct [store] registry_url (CHURN_STORE__REGISTRY_URL)."
    return Address("postgres", f"registry at {place}", config, public, mend)


def may_be_registered(settings: Settings) -> bool:
    """Whether views may be registered: the file is there, or a server is named, which nobody has asked yet."""
    return bool(settings.store.registry_url) or (settings.folder / "features" / "registry.db").exists()


def _repo(settings: Settings, online: dict[str, Any], registry: dict[str, Any]) -> dict[str, Any]:
    return {
        "project": settings.business.slug.replace("-", "_"),
        "provider": "local",
        "registry": registry,
        "offline_store": {"type": "duckdb"},
        "online_store": online,
        "entity_key_serialization_version": 3,
        "materialization": {"pull_latest_features": True, "online_write_batch_size": settings.store.batch_size},
    }


def address(store: Store, folder: Path, *, timeout_s: float = READ_TIMEOUT_S) -> Address:
    """Where `[store]` says the on-line store is.

    Args:
        store: the section.
        folder: where SQLite's file lies.
        timeout_s: how long Redis may take (of PostgreSQL see store_limits.py). It is never asked twice: retries turn
            an outage into seconds a call.

    Raises:
        SettingsError: the URL is missing or of another kind.
    """
    if store.online == "sqlite":
        config = {"type": "sqlite", "path": str(folder / "online.db")}
        mend = (
            "see that the folder can be written and the disk is not full; a damaged file may be deleted, "
            "`churn features materialise` writes it anew."
        )
        return Address("sqlite", config["path"], config, config, mend)
    url = _url(store)
    shown = f"{store.online} at {url.hostname}:{url.port or ''}".rstrip(":")
    mend = f"start the server at {url.hostname}, or correct [store] url (CHURN_STORE__URL)."
    build = _redis if store.online == "redis" else _postgres
    secret = unquote(url.password or "")
    public = build(url, SECRET if secret else "", timeout_s)
    return Address(store.online, shown, build(url, secret, timeout_s), public, mend)


def _url(store: Store) -> SplitResult:
    schemes = {"redis": ("redis", "rediss"), "postgres": POSTGRES}[store.online]
    example = {"redis": "redis://localhost:6379/0", "postgres": "postgresql://user@localhost:5432/features"}
    mend = f'set [store] url = "{example[store.online]}", or the variable CHURN_STORE__URL.'
    try:
        url = urlsplit(store.url or "")
        is_right = url.scheme in schemes and bool(url.hostname) and url.port != 0
    except ValueError as error:  # of a port that is no number
        raise SettingsError(f"[store] url: {error}.", mend=mend) from error
    if not is_right:
        raise SettingsError(
            f"[store] online = {store.online!r} needs a url that begins with {schemes[0]}://host.", mend=mend
        )
    if store.online == "redis" and not url.path.strip("/").isdigit() and url.path.strip("/"):
        raise SettingsError("[store] url names a database that is not a number.", mend=mend)
    return url


def _redis(url: SplitResult, secret: str, timeout_s: float) -> dict[str, Any]:
    if "," in secret:
        raise SettingsError(
            "The password of [store] url has a comma, which Feast's Redis settings cannot carry.",
            mend="give that user a password without a comma.",
        )
    options: dict[str, Any] = {"db": int(url.path.strip("/") or 0)}
    options |= {"ssl": True} if url.scheme == "rediss" else {}
    options |= _files_of(url, REDIS_FILES)
    options |= {"username": unquote(url.username)} if url.username else {}
    options |= {"password": secret} if secret else {}
    options |= {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s, "retry": None}
    parts = [f"{url.hostname}:{url.port or 6379}", *(f"{name}={json.dumps(value)}" for name, value in options.items())]
    return {
        "type": "redis",
        "connection_string": ",".join(parts),
        "skip_dedup": True,  # our own check decides, and lets a restated row of the same cutoff through
    }


def _postgres(url: SplitResult, secret: str, timeout_s: float) -> dict[str, Any]:
    del timeout_s  # Feast hands none to psycopg
    files = _files_of(url, POSTGRES_FILES)
    return {
        "type": "postgres",
        "host": url.hostname,
        "port": url.port or 5432,
        "database": url.path.strip("/") or "postgres",
        "user": unquote(url.username or "postgres"),
        "password": secret,
        "sslmode": parse_qs(url.query).get("sslmode", ["prefer"])[0],
        **{f"{name}_path": path for name, path in files.items()},
    }


def _files_of(url: SplitResult, known: tuple[str, ...]) -> dict[str, str]:
    """The files of certificates that a URL names, as its vendor calls them.

    Raises:
        SettingsError: it asks for something else, or a path has a comma, which Feast's settings cannot carry.
    """
    options = {name: values[-1] for name, values in parse_qs(url.query).items() if name != "sslmode"}
    wrong = sorted(name for name in options if name not in known) if "ssl_ca_certs" in known else []
    if wrong:
        raise SettingsError(
            f"[store] url asks for {', '.join(wrong)}, which no Redis here understands.",
            mend=f"leave it out; what may stand after the ? is {', '.join(known)}.",
        )
    files = {name: path for name, path in options.items() if name in known}
    if any("," in path for path in files.values()):
        raise SettingsError(
            "[store] url names a file with a comma, which Feast's settings cannot carry.", mend="rename that file."
        )
    return files
