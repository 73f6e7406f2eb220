"""Limits that workers share, and the brake: nobody gets more than there is, nobody locks another out."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from serving.auth import Key
from serving.limits.brake import Brake
from serving.limits.counts import DAY, MINUTE, Counts, RateLimitUnavailable, SqliteCounts, size_of_lease
from serving.limits.redis_counts import RedisCounts
from serving.rate_limit import RateLimit
from serving.refusals import TooManyFailures, TooManyRequests

ROOT = Path(__file__).parents[3]
CRM, OTHER = Key("crm", frozenset(), bytes(32)), Key("other", frozenset(), bytes(32))
WORKER = """
import sys
from pathlib import Path
from serving.auth import Key
from serving.limits.counts import SqliteCounts
from serving.limits.redis_counts import RedisCounts
from serving.rate_limit import RateLimit
from serving.refusals import TooManyRequests

kind, where, per_minute = sys.argv[1], sys.argv[2], int(sys.argv[3])
counts = SqliteCounts(Path(where)) if kind == "sqlite" else RedisCounts(*where.split(" "))
limit, passed = RateLimit(counts, per_minute, now=lambda: 30.0), 0
key = Key("crm", frozenset(), bytes(32))
print("ready", flush=True)
sys.stdin.readline()
try:
    while True:
        limit.take(key)
        passed += 1
except TooManyRequests:
    print(passed)
"""


@pytest.fixture(params=["sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Where counts are kept, as a worker is told it."""
    if request.param == "sqlite":
        return "sqlite", str(tmp_path / "limits")
    return "redis", f"{request.getfixturevalue('redis_url')} test-{uuid.uuid4().hex}"


def counts_at(place: tuple[str, str]) -> Counts:
    kind, where = place
    return SqliteCounts(Path(where)) if kind == "sqlite" else RedisCounts(*where.split(" "))


@pytest.mark.parametrize("per_minute", [20, 5000])
def test_processes_together_let_the_limit_through_and_no_more(place: tuple[str, str], per_minute: int) -> None:
    """Each asks until it is refused: all leases are used up then, so that it is exactly the limit."""
    command = [sys.executable, "-c", WORKER, *place, str(per_minute)]
    workers = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    passed = [int(worker.communicate(timeout=30)[0]) for worker in workers]
    assert sum(passed) == per_minute


def test_a_minute_ends(place: tuple[str, str]) -> None:
    now = 600.0
    limit = RateLimit(counts_at(place), 3, now=lambda: now)
    told = [dict(limit.take(CRM)) for _ in range(3)]
    assert told[0] == {b"ratelimit-policy": b'"minute";q=3;w=60', b"ratelimit": b'"minute";r=2;t=60'}
    assert told[2][b"ratelimit"] == b'"minute";r=0;t=60'
    with pytest.raises(TooManyRequests, match="3 requests of this minute") as refused:
        limit.take(CRM)
    assert refused.value.retry_after_s == 60
    limit.take(OTHER)
    now = 659.6
    with pytest.raises(TooManyRequests) as refused:
        limit.take(CRM)
    assert refused.value.retry_after_s == 1
    now = 660.0
    limit.take(CRM)
    limit.close()


def test_a_key_has_limits_of_its_own_and_a_day(place: tuple[str, str]) -> None:
    now = 86_400.0 * 10 + 60 * 5
    limit = RateLimit(counts_at(place), 1, per_day=100, now=lambda: now)
    key = Key("crm", frozenset(), bytes(32), rate_per_minute=0, quota_per_day=5)
    for _ in range(5):
        limit.take(key)
    with pytest.raises(TooManyRequests, match="5 requests of this day") as refused:
        limit.take(key)
    assert refused.value.retry_after_s == 86_400 - 300
    free = Key("free", frozenset(), bytes(32), rate_per_minute=0, quota_per_day=0)
    assert [limit.take(free) for _ in range(3)] == [[], [], []]
    limit.close()


def test_a_restart_forgets_no_quota(tmp_path: Path) -> None:
    for _ in range(2):
        limit = RateLimit(tmp_path / "limits", 0, per_day=10, now=lambda: 0.0)
        for _ in range(5):
            limit.take(CRM)
        limit.close()
    with pytest.raises(TooManyRequests):
        RateLimit(tmp_path / "limits", 0, per_day=10, now=lambda: 0.0).take(CRM)


def test_leases_shrink_as_less_is_left() -> None:
    assert [size_of_lease(left) for left in (0, 1, 16, 31, 32, 600, 10**6)] == [0, 1, 1, 1, 2, 37, 64]


def test_who_was_refused_costs_no_count(tmp_path: Path) -> None:
    asked: list[int] = []

    class Counted(SqliteCounts):
        def lease(self, *args: object) -> object:  # type: ignore[override]
            asked.append(1)
            return super().lease(*args)  # type: ignore[arg-type]

    limit = RateLimit(Counted(tmp_path / "limits"), 2, now=lambda: 0.0)
    for _ in range(2):
        limit.take(CRM)
    for _ in range(50):
        with pytest.raises(TooManyRequests):
            limit.take(CRM)
    assert len(asked) == 2


def test_no_limit_needs_no_file(tmp_path: Path) -> None:
    RateLimit(tmp_path / "no" / "limits", 0).take(CRM)
    assert not (tmp_path / "no").exists()


def test_who_cannot_count_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RateLimitUnavailable, match="free some space"):
        RateLimit(tmp_path / "file" / "limits", 5).take(CRM)


def test_a_redis_that_is_down_is_left_alone_for_a_second() -> None:
    now = 0.0
    counts = RedisCounts("redis://:hush-hush@127.0.0.1:1/0", "shop", lambda: now)
    for why in ("ConnectionError", "a moment ago"):
        with pytest.raises(RateLimitUnavailable, match=why) as refused:
            counts.lease("crm", MINUTE, 1, 5)
        assert "hush" not in str(refused.value)
    now = 1.0
    with pytest.raises(RateLimitUnavailable, match="ConnectionError"):
        counts.lease("crm", DAY, 1, 5)
    counts.close()


class TestBrake:
    def test_after_so_many_failures_an_address_waits_for_the_next_minute(self) -> None:
        now = 90.0
        brake = Brake(3, lambda: now)
        for _ in range(3):
            brake.failed("1.2.3.4")
        with pytest.raises(TooManyFailures, match="send a key") as refused:
            brake.failed("1.2.3.4")
        assert refused.value.retry_after_s == 30
        brake.failed("1.2.3.5")
        now = 120.0
        brake.failed("1.2.3.4")

    def test_neighbours_of_one_ipv6_net_are_one(self) -> None:
        brake = Brake(2, lambda: 0.0)
        brake.failed("2001:db8::1")
        brake.failed("2001:db8::ffff")
        with pytest.raises(TooManyFailures):
            brake.failed("2001:db8::3%eth0")
        brake.failed("2001:db8:0:1::3")

    def test_many_addresses_together_are_braked_too(self) -> None:
        brake = Brake(2, lambda: 0.0)
        for last in range(20):
            brake.failed(f"10.0.0.{last}")
        with pytest.raises(TooManyFailures):
            brake.failed("10.0.1.1")

    def test_nobody_locks_a_key_out(self) -> None:
        """A key that cannot be guessed always enters; one of the settings where it entered before."""
        brake = Brake(1, lambda: 0.0)
        known, new = Key("known", frozenset(), bytes(32)), Key("new", frozenset(), bytes(32))
        strong = Key("strong", frozenset(), bytes(32), made_here=True)
        brake.entered(known, "1.2.3.4")
        brake.failed("1.2.3.4")
        for key in (known, strong):
            brake.entered(key, "1.2.3.4")
        with pytest.raises(TooManyFailures):
            brake.entered(new, "1.2.3.4")
        brake.entered(new, "5.6.7.8")

    def test_none_is_no_brake(self) -> None:
        brake = Brake(0)
        for _ in range(1000):
            brake.failed("1.2.3.4")
