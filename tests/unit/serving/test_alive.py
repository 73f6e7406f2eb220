"""Whether a service lives is told by plain HTTP and by TLS, by whoever it was that started last, and why not."""

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from serving.alive import problem
from tests.servers import free_port
from tests.tls_servers import Authority

ROOT = Path(__file__).parents[3]


class Lives(BaseHTTPRequestHandler):
    """Answers as a service that lives."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/livez" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def lives(certificate: tuple[Path, Path] | None) -> Iterator[int]:
    """A server on a port of its own."""
    server = HTTPServer(("127.0.0.1", 0), Lives)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


def started(artifacts: Path, slug: str, url: str) -> None:
    """The note of `churn serve`."""
    note = artifacts / slug / "serving" / "service.json"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps({"pid": 1, "url": url}), encoding="utf-8")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_service_that_answers_lives(scheme: str, tmp_path: Path) -> None:
    with lives(Authority(tmp_path / "ca").certificate(tmp_path) if scheme == "https" else None) as port:
        started(tmp_path, "shop", f"{scheme}://0.0.0.0:{port}")
        assert problem(tmp_path) is None


def test_who_started_last_is_asked(tmp_path: Path) -> None:
    started(tmp_path, "before", f"http://0.0.0.0:{free_port()}")
    with lives(None) as port:
        started(tmp_path, "now", f"http://0.0.0.0:{port}")
        assert problem(tmp_path) is None


@pytest.mark.parametrize("note", ["{", '{"pid": 1}', '{"url": "http://0.0.0.0:x"}'])
def test_a_note_that_is_none_is_told(note: str, tmp_path: Path) -> None:
    started(tmp_path, "shop", "")
    (tmp_path / "shop" / "serving" / "service.json").write_text(note, encoding="utf-8")
    assert "service.json" in str(problem(tmp_path))


def test_a_command_for_containers_says_why_and_ends_with_one(tmp_path: Path) -> None:
    started(tmp_path, "shop", f"http://0.0.0.0:{free_port()}")
    command = [sys.executable, "-m", "serving.alive"]
    done = subprocess.run(command, cwd=ROOT, env={"CHURN_ARTIFACTS": str(tmp_path)}, capture_output=True, check=False)
    assert (done.returncode, b"refused" in done.stderr) == (1, True)
    nobody = subprocess.run(command, cwd=ROOT, env={"CHURN_ARTIFACTS": "/dev/null"}, capture_output=True, check=False)
    assert (nobody.returncode, b"no service has started" in nobody.stderr) == (1, True)


def test_a_proxy_of_the_environment_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")  # nobody listens there
    monkeypatch.delenv("no_proxy", raising=False)
    with lives(None) as port:
        started(tmp_path, "shop", f"http://0.0.0.0:{port}")
        assert problem(tmp_path) is None
