"""The wall clock steps back and forth: a limit never holds anybody up for longer than its window."""

from pathlib import Path

import pytest

from serving.auth import Key
from serving.limits.counts import SqliteCounts
from serving.rate_limit import RateLimit
from serving.refusals import TooManyRequests

CRM = Key("crm", frozenset(), bytes(32))


@pytest.mark.parametrize("step_s", [-86_400, -3600, -61, 61, 3600, 86_400])
def test_after_a_step_of_the_clock_there_is_a_new_window_and_not_a_longer_one(step_s: int, tmp_path: Path) -> None:
    now = [1_000_000.0]
    limit = RateLimit(SqliteCounts(tmp_path / "limits"), 3, now=lambda: now[0])
    for _ in range(2):  # before the step, and after it
        for _ in range(3):
            limit.take(CRM)
        with pytest.raises(TooManyRequests) as told:
            limit.take(CRM)
        assert 0 < told.value.retry_after_s <= 60
        now[0] += step_s
    limit.close()
