"""What a failed TLS connection to PostgreSQL or Redis means, and how to mend that: no one falls back to plain text.

The drivers check certificates themselves, as a URL asks them to (churn/privacy_sections.py says how); what they say
when that fails is put right here, for the store, the registries, the inbox and the sources alike.
"""

from collections.abc import Mapping

from churn.errors import SettingsError
from churn.privacy_sections import TLS_MEND, why_plain
from churn.settings import Settings, expand

SIGNS = (  # in what libpq, OpenSSL and redis-py say
    (
        ("does not match host name", "hostname mismatch", "ip address mismatch", "not valid for"),
        (
            "the certificate is of another host: name the server in the URL as its certificate does, or give it one "
            "that names this host"
        ),
    ),
    (
        ("root certificate file", "no such file or directory", "could not load root certificate"),
        "the file of the certificate authority (sslrootcert, ssl_ca_certs) is not where the URL says: correct the path",
    ),
    (
        ("certificate verify failed", "self-signed", "self signed", "signature failure", "local issuer", "has expired"),
        (
            "the server's certificate is not of the authority that the URL names (sslrootcert, ssl_ca_certs), or has "
            "expired: give the right authority, or renew the certificate"
        ),
    ),
    (
        ("does not support ssl", "wrong version number", "wrong_version_number", "record layer failure", "no ssl"),
        "the server speaks no TLS there: switch it on (PostgreSQL: ssl = on; Redis: --tls-port), or correct the port",
    ),
)
NEVER = "; the connection is never made without TLS instead. docs/security-at-rest.md shows both servers."


def tls_mend(reason: str) -> str | None:
    """How to mend a connection that failed for its TLS; None where it failed for something else.

    Args:
        reason: what the driver said.
    """
    said = reason.lower()
    if "ssl" not in said and "certificate" not in said and "no such file" not in said:
        return None
    return next((mend + NEVER for words, mend in SIGNS if any(word in said for word in words)), None)


def refuse_plain_sources(settings: Settings, environ: Mapping[str, str]) -> None:
    """With [privacy] tls_required, see that every database of a [[source]] is asked by TLS.

    Raises:
        SettingsError: one is not.
    """
    for position, source in enumerate(settings.source if settings.privacy.tls_required else ()):
        why = why_plain(expand(source.url, environ)) if source.url else None
        if why:
            raise SettingsError(f"[privacy] tls_required, but [[source]] number {position + 1}: {why}.", mend=TLS_MEND)
