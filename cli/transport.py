"""How the service is reached: by TLS where a certificate is set, and said aloud where anybody could listen or enter."""

import ssl
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from churn.errors import SettingsError
from cli.console import say

if TYPE_CHECKING:
    from churn.settings import Settings
    from serving.auth import Keys

OPEN = """
  OPEN: no API key is set. Whoever is on this machine may ask for scores, send events and erase customers.
        Nobody else is answered. `churn keys create NAME --scope score` closes it, while it runs too.
"""
PLAIN = """
  PLAIN: traffic is not encrypted, keys in it neither. Set `[serving] tls_cert_file` and `tls_key_file`, or put a proxy
         that speaks TLS in front (`trusted_proxies`).
"""


READABLE = """
  READABLE: other accounts of this machine may read {names}. `chmod 600` closes {it}.
"""
SECRET_FILES = ("keys/*.key", "keys/keys.json", "champion/verdicts.key")


class BadCertificate(SettingsError):
    """The certificate of the service, or its key, cannot be used."""

    def __init__(self, certificate: Path, key: Path, why: str) -> None:
        super().__init__(
            f"TLS cannot be spoken with {certificate} and {key}: {why}.",
            mend="give PEM files that belong together: the certificate with its chain first to last, and its key "
            "without a password.",
        )


def check(settings: "Settings", keys: "Keys", host: str) -> None:
    """Try the certificate, and say aloud what stands open.

    Raises:
        BadCertificate: it cannot be used.
    """
    from serving.auth import is_loopback

    tls = _context(settings)
    if bare := _readable(settings):
        say(READABLE.format(names=", ".join(map(str, bare)), it="it" if len(bare) == 1 else "them"))
    if not keys:
        say(OPEN)
    elif tls is None and not is_loopback(host):
        say(PLAIN)


def url_of(settings: "Settings", host: str, port: int) -> str:
    """Where the service is found."""
    scheme = "https" if settings.serving.tls_cert_file else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def options(settings: "Settings") -> list[str]:
    """What tells a server to speak TLS; both servers take the same."""
    files = _files(settings)
    return ["--ssl-certfile", str(files[0]), "--ssl-keyfile", str(files[1])] if files else []


def to_ourselves(settings: "Settings") -> ssl.SSLContext | None:
    """How we ask the service that we started whether it is up: by exactly our certificate, whatever names it has."""
    files = _files(settings)
    if files is None:
        return None
    context = ssl.create_default_context(cafile=str(files[0]))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _readable(settings: "Settings") -> list[Path]:
    """Files with secrets that other accounts may read: a backup that came back, a key that was copied."""
    ours = [path for pattern in SECRET_FILES for path in sorted(settings.folder.glob(pattern))]
    files = _files(settings)
    return [path for path in [*ours, *(files[1:] if files else ())] if path.stat().st_mode & stat.S_IROTH]


def _files(settings: "Settings") -> tuple[Path, Path] | None:
    certificate, key = settings.serving.tls_cert_file, settings.serving.tls_key_file
    if certificate is None or key is None:
        return None
    return (settings.root / certificate).absolute(), (settings.root / key).absolute()


def _context(settings: "Settings") -> ssl.SSLContext | None:
    files = _files(settings)
    if files is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(*files, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise BadCertificate(*files, str(error)) from error
    return context


def _no_password() -> str:
    raise ValueError("the key has a password")
