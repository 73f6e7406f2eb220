"""Servers of a test's own that answer by TLS alone: a PostgreSQL and a Redis, with a certificate for `localhost`.

`Authority` makes certificates; a second one stands for whoever is not to be trusted.
"""

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import require
from tests.servers import HOW, Postgres, Redis, wait_for

HOST = "localhost"  # the one name in the certificate: 127.0.0.1 is another host


class Authority:
    """A certificate authority of a test, `ca.pem` in a folder.

    Args:
        folder: where files go; made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test's authority")])
        self.path = folder / "ca.pem"
        self.path.write_bytes(_pem(self._signed(self._name, self._key.public_key(), is_authority=True)))

    def certificate(self, folder: Path) -> tuple[Path, Path]:
        """A certificate for `localhost` and its key, in a folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
        files = folder / "server.pem", folder / "server.key"
        files[0].write_bytes(_pem(self._signed(name, key.public_key(), is_authority=False)))
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
        files[1].chmod(0o600)
        return files

    def _signed(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, is_authority: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        made = made.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        if not is_authority:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        return made.sign(self._key, hashes.SHA256())


class TlsRedis(Redis):
    """A Redis that listens to TLS alone."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        super().__init__(folder)
        self._authority, self._files = authority, authority.certificate(folder)
        told = subprocess.run(["redis-cli", "--help"], capture_output=True, text=True, check=False)
        require("--cacert" in told.stdout + told.stderr, "A Redis built with TLS", HOW)
        self.url = f"rediss://:hush-hush@{HOST}:{self.port}/3?ssl_ca_certs={authority.path}"
        self.plain_url = f"redis://:hush-hush@{HOST}:{self.port}/3"

    def start(self) -> None:
        certificate, key = map(str, self._files)
        listen = ["--port", "0", "--tls-port", str(self.port), "--bind", "127.0.0.1", "--requirepass", "hush-hush"]
        tls = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no"]
        tls += ["--tls-ca-cert-file", str(self._authority.path)]
        kept = ["--dir", str(self.folder), "--save", ""]
        self._process = subprocess.Popen(["redis-server", *listen, *tls, *kept], stdout=subprocess.DEVNULL)
        wait_for(self.port)


class TlsPostgres(Postgres):
    """A PostgreSQL that lets nobody in who comes without TLS."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        super().__init__(folder)
        certificate, key = authority.certificate(folder)
        place = f"churn:hush-hush@{HOST}:{self.port}/postgres"
        self.plain_url = f"postgresql+psycopg://{place}?sslmode=disable"
        self.url = f"postgresql+psycopg://{place}?sslmode=verify-full&sslrootcert={authority.path}"
        if os.geteuid() == 0:
            for path in (certificate, key):
                shutil.chown(path, "postgres")
        data = folder / "data"
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(f"ssl = on\nssl_cert_file = '{certificate}'\nssl_key_file = '{key}'\n")
        (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
