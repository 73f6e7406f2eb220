"""Certificates of a test's own: an authority, and a service that it vouches for."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def make(folder: Path, address: str = "127.0.0.1") -> tuple[Path, Path, Path]:
    """Files of the authority, of the service's certificate and of its key.

    Args:
        folder: where they go.
        address: of the service.
    """
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _signed(_name("Test authority"), _name("Test authority"), root_key.public_key(), root_key, is_root=True)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    leaf = _signed(_name("Test service"), root.subject, key.public_key(), root_key, names)
    files = folder / "root.pem", folder / "service.pem", folder / "service.key"
    files[0].write_bytes(root.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[2].write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return files


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    by: ec.EllipticCurvePrivateKey,
    names: x509.SubjectAlternativeName | None = None,
    *,
    is_root: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    made = made.add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
    if names is not None:
        made = made.add_extension(names, critical=False)
    return made.sign(by, hashes.SHA256())
