"""One letter over one connection: to no private address, within its deadline, no redirect followed."""

import datetime
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from serving.webhooks.posting import Line, Receiver, Reply, is_public
from tests.webhook_receiver import Endpoint, endpoint, status


@pytest.fixture
def here() -> Iterator[Endpoint]:
    with endpoint() as made:
        yield made


def post(
    url: str, *, allow_private: bool = True, timeout_s: float = 5.0, context: ssl.SSLContext | None = None
) -> Reply:
    line = Line(Receiver(url, timeout_s, allow_private, context))
    try:
        return line.post(b"{}", {"webhook-id": "1"})
    finally:
        line.close()


def test_a_letter_arrives_as_json(here: Endpoint) -> None:
    assert post(here.url) == Reply(204)
    (got,) = here.got
    assert got.body == b"{}"
    assert (got.headers["content-type"], got.headers["webhook-id"]) == ("application/json", "1")
    assert got.headers["host"] == here.url.split("/")[2]


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (status(200), Reply(200)),
        (status(301, Location="http://127.0.0.1:1/"), Reply(301, "status 301")),
        (status(410), Reply(410, "status 410")),
        (status(429, Retry_After="120"), Reply(429, "status 429", 120.0)),
        (status(503, Retry_After="999999999999"), Reply(503, "status 503", 86400.0)),
        (status(503, Retry_After="soon"), Reply(503, "status 503")),
        (status(503, Retry_After="-5"), Reply(503, "status 503")),
        (status(500, Retry_After="120"), Reply(500, "status 500")),
        (status(503, Retry_After="Sun, 06 Nov 1994 08:49:37 GMT"), Reply(503, "status 503", 0.0)),
        (lambda handler: handler.wfile.write(b"no http at all\r\n\r\n"), Reply(None, "ended")),
        (lambda handler: handler.connection.shutdown(socket.SHUT_RDWR), Reply(None, "ended")),
    ],
)
def test_what_a_receiver_answers(here: Endpoint, answer: object, reply: Reply) -> None:
    here.always = answer  # type: ignore[assignment]
    assert post(here.url) == reply


def test_a_retry_after_may_be_a_date(here: Endpoint) -> None:
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=100)
    here.always = status(429, Retry_After=format_datetime(at, usegmt=True))
    assert 97 < (post(here.url).retry_after_s or 0) <= 100


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True),
        ("127.0.0.1", False), ("127.8.9.1", False), ("0.0.0.0", False), ("10.1.2.3", False), ("172.16.0.1", False),
        ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False),
        ("255.255.255.255", False), ("192.0.2.1", False), ("::1", False), ("::", False), ("fe80::1%eth0", False),
        ("fd00::1", False), ("ff02::1", False), ("::ffff:127.0.0.1", False), ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False), ("64:ff9b::a9fe:a9fe", False), ("2002:7f00:1::", False), ("2002:0a00:1::", False),
        ("::127.0.0.1", False), ("64:ff9b:1::a00:1", False), ("fec0::1", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0"])
def test_nothing_goes_to_this_machine_or_its_network(here: Endpoint, host: str) -> None:
    url = here.url.replace("127.0.0.1", host)
    assert post(url, allow_private=False).problem in ("address_not_allowed", "unknown_host")
    assert here.got == []


def test_a_receiver_that_drips_or_is_silent_has_its_deadline(here: Endpoint) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n":
            handler.wfile.write(bytes([byte]))
            time.sleep(0.05)

    for answer in (drip, lambda _: time.sleep(1.5)):
        here.always = answer
        began = time.monotonic()
        assert post(here.url, timeout_s=0.4).problem == "timeout"
        assert time.monotonic() - began < 1.2


def test_a_long_answer_is_not_read(here: Endpoint) -> None:
    def long(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(10**9))
        handler.end_headers()
        handler.wfile.write(b"x" * 10**6)

    here.always = long
    began = time.monotonic()
    assert post(here.url) == Reply(200)
    assert time.monotonic() - began < 2


def test_nobody_listens(here: Endpoint) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert post(f"http://127.0.0.1:{free.getsockname()[1]}/").problem == "refused"
    assert post("http://no-such-host.invalid/").problem == "unknown_host"


def test_a_connection_is_kept_and_opened_anew_where_it_ended(here: Endpoint) -> None:
    line = Line(Receiver(here.url, 5.0, True))
    ports: list[int] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        ports.append(handler.client_address[1])
        status(204)(handler)

    def note_and_end(handler: BaseHTTPRequestHandler) -> None:
        note(handler)
        handler.close_connection = True  # without saying so

    here.answers = [note, note_and_end, note]
    for _ in range(3):
        assert line.post(b"{}", {}).is_taken
    line.close()
    assert ports[0] == ports[1] != ports[2]


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """A server's context for 127.0.0.1 (or a name), and the file of who signed it: itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "127.0.0.1":
        names = [x509.IPAddress(ipaddress.ip_address(name))]
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate = folder / f"{name}.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / f"{name}.key").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, folder / f"{name}.key")
    return context, certificate


def test_tls_goes_by_the_name(tmp_path: Path) -> None:
    good, mine = certified(tmp_path, "127.0.0.1")
    with endpoint(good) as here:
        assert post(here.url, context=ssl.create_default_context(cafile=mine)) == Reply(204)
        assert post(here.url).problem == "tls", "nobody whom this system trusts signed it"
    other, theirs = certified(tmp_path, "other.example")
    with endpoint(other) as here:
        assert post(here.url, context=ssl.create_default_context(cafile=theirs)).problem == "tls"
        assert here.got == []
