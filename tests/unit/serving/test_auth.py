"""Keys, scopes, hosts and rates."""

import hashlib
import threading
from pathlib import Path

import pytest

from serving.auth import BadKey, Key, Keys, OpenToAll, is_loopback
from serving.rate_limit import RateLimit, RateLimitUnavailable
from serving.refusals import Forbidden, TooManyRequests, Unauthorised

DIGEST = hashlib.sha256(b"secret").hexdigest()
KEYS = Keys.of([f"crm:score+read:{DIGEST}"])


def test_a_key_is_a_name_scopes_and_a_hash() -> None:
    assert KEYS.keys == (Key("crm", frozenset({"score", "read"}), bytes.fromhex(DIGEST)),)


@pytest.mark.parametrize(
    "text",
    ["", "crm", "crm:score", "crm:score:", f":score:{DIGEST}", f"crm:admin:{DIGEST}", f"crm::{DIGEST}",
     "crm:score:secret", f"crm:score:{DIGEST}0", f"crm:score:{'g' * 64}"],
)  # fmt: skip
def test_a_key_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(BadKey, match="openssl rand"):
        Keys.of([text])


def test_two_keys_of_one_name_are_refused() -> None:
    with pytest.raises(BadKey, match="two keys"):
        Keys.of([f"crm:score:{DIGEST}", f"crm:read:{DIGEST}"])


@pytest.mark.parametrize(
    "headers",
    [{"authorization": "Bearer secret"}, {"authorization": "bearer  secret"}, {"x-api-key": "secret"}],
)
def test_the_caller_is_known_by_the_key(headers: dict[str, str]) -> None:
    assert KEYS.admit(headers, "score") == "crm"


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Basic secret"}, {"x-api-key": "Secret"}, {"x-api-key": ""}, {"x-api-key": "ключ"}],
)
def test_others_are_not(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthorised, match="Bearer"):
        KEYS.admit(headers, "score")


def test_a_scope_that_is_missing_is_named() -> None:
    with pytest.raises(Forbidden, match=r"\+events"):
        KEYS.admit({"x-api-key": "secret"}, "events")


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True), ("LOCALHOST", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.4", False), ("churn.example", False), ("", False)],
)  # fmt: skip
def test_beyond_this_machine_only_with_a_key(host: str, local: bool) -> None:
    assert is_loopback(host) == local
    KEYS.check_host(host)
    if local:
        Keys().check_host(host)
        return
    with pytest.raises(OpenToAll, match="api_keys"):
        Keys().check_host(host)


def test_a_minute_ends(tmp_path: Path) -> None:
    now = 600.0
    limit = RateLimit(tmp_path / "limits", 3, now=lambda: now)
    for _ in range(3):
        limit.take("crm")
    with pytest.raises(TooManyRequests) as refused:
        limit.take("crm")
    assert refused.value.retry_after_s == 60
    limit.take("other")
    now = 659.6
    with pytest.raises(TooManyRequests) as refused:
        limit.take("crm")
    assert refused.value.retry_after_s == 1
    now = 660.0
    limit.take("crm")
    limit.close()


def test_workers_count_together(tmp_path: Path) -> None:
    """Each has its own connection, as another process would."""
    workers = [RateLimit(tmp_path / "limits", 50, now=lambda: 0.0) for _ in range(4)]
    refused: list[int] = []

    def ask(worker: RateLimit) -> None:
        for _ in range(20):
            try:
                worker.take("crm")
            except TooManyRequests:
                refused.append(1)

    threads = [threading.Thread(target=ask, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 30


def test_no_limit_needs_no_file(tmp_path: Path) -> None:
    RateLimit(tmp_path / "no" / "limits", 0).take("crm")
    assert not (tmp_path / "no").exists()


def test_who_cannot_count_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RateLimitUnavailable, match="free some space"):
        RateLimit(tmp_path / "file" / "limits", 5).take("crm")
