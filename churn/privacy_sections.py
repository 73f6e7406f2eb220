"""`[privacy]` of churn.toml: what is encrypted on the way and on disk, and whether ids are pseudonyms.

`why_plain` is the one rule of what counts as TLS in a URL; churn/settings.py holds every URL of the toml to it, who
fills in a URL later asks it then. Reads nothing; keys are no settings, they stay in the environment.
"""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from pydantic import Field

from churn.definition import Section

POSTGRES = ("postgresql", "postgres")
CHECKED = "verify-full"  # of PostgreSQL's modes the one that checks both the certificate and whose it is
LOCAL = ("sqlite", "duckdb")
UNCHECKED = {"ssl_cert_reqs": ("none", "optional"), "ssl_check_hostname": ("false", "0", "no")}
TLS_MEND = (
    "postgresql://...?sslmode=verify-full&sslrootcert=/path/ca.pem, rediss://...?ssl_ca_certs=/path/ca.pem "
    "(docs/security-at-rest.md)"
)


class Privacy(Section):
    """`[privacy]`: encryption, pseudonyms, objections; the keys are in the environment (docs/security-at-rest.md)."""

    tls_required: bool = Field(
        default=False, description="refuse a PostgreSQL or Redis whose URL does not ask for TLS and a checked host"
    )
    encrypt_files: bool = Field(
        default=False, description="encrypt event log, snapshots, score log and the like with CHURN_FILE_KEY"
    )
    pseudonymous_ids: bool = Field(
        default=False, description="call customers by pseudonyms under CHURN_PSEUDONYM_KEY, from the first run on"
    )
    learn_from_opted_out: bool = Field(
        default=False, description="let models learn from, and be judged on, customers who objected to scoring"
    )


def why_plain(url: str) -> str | None:
    """Why a connection to this URL could be read or answered by others; None where it is TLS to a checked host.

    Args:
        url: of PostgreSQL, Redis or a file; nothing of it comes back, as it may hold a secret.
    """
    try:
        parts = urlsplit(url)
        options = parse_qs(parts.query)
    except ValueError:
        return "it is no URL"
    scheme = parts.scheme.partition("+")[0]
    if scheme in LOCAL:
        return None
    if scheme in POSTGRES:
        return None if options.get("sslmode") == [CHECKED] else f"it does not say sslmode={CHECKED}"
    if scheme in ("redis", "unix"):
        return "it does not begin with rediss://"
    if scheme != "rediss":
        return "of this kind of database nobody here knows how it asks for TLS"
    return _unchecked(options)


def _unchecked(options: Mapping[str, list[str]]) -> str | None:
    for name, values in UNCHECKED.items():
        if any(value.lower() in values for value in options.get(name, [])):
            return f"{name} leaves the server unchecked"
    return None
