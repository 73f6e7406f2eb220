"""Two plans at once: the second waits, and knows whom the first one chose."""

import threading
from pathlib import Path

import pytest

from campaigns.plan import writing
from campaigns.plan.planning import Asked
from cli.campaign_plan import plan
from features.treatments import read_treatments
from tests.campaign_shop import scored, settings, written


def test_two_plans_at_once_choose_nobody_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = settings(tmp_path, hold_out_ratio=0.0)
    shop = shop.model_copy(update={"value": shop.value.model_copy(update={"margin_ratio": 0.5})})
    who = ["a", "b", "c"]
    written(shop, [scored(one, 0.9, value_expected_amount=500.0) for one in who], values=dict.fromkeys(who, 900.0))
    begun, write = threading.Event(), writing.write

    def slowly(*args: object, **named: object) -> Path:
        begun.set()
        second.join(timeout=2)  # it cannot end before this one
        assert second.is_alive()
        return write(*args, **named)  # type: ignore[arg-type]

    def after_the_first() -> None:
        begun.wait(timeout=30)
        monkeypatch.setattr(writing, "write", write)
        plan(shop, Asked("second"), dry_run=False, replace=False, by=None)

    second = threading.Thread(target=after_the_first)
    monkeypatch.setattr(writing, "write", slowly)
    second.start()
    plan(shop, Asked("first"), dry_run=False, replace=False, by=None)
    second.join(timeout=60)
    rows = read_treatments(shop.folder)
    assert set(rows.loc[rows["campaign"] == "first", "customer_id"]) == set(who)
    assert rows.loc[rows["campaign"] == "second"].empty
