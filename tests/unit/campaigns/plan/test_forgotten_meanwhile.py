"""Who is forgotten while a plan is made is not in what it writes."""

from pathlib import Path

import pytest

from campaigns.plan import writing
from campaigns.plan.planning import Asked
from cli.campaign_plan import plan
from features.erasure.forgotten import Forgotten
from features.treatments import read_treatments
from tests.campaign_shop import scored, settings, written


def test_who_is_forgotten_meanwhile_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = settings(tmp_path, hold_out_ratio=0.1)
    shop = shop.model_copy(update={"value": shop.value.model_copy(update={"margin_ratio": 0.5})})
    who = ["a", "b", "c"]
    written(shop, [scored(one, 0.9, value_expected_amount=500.0) for one in who], values=dict.fromkeys(who, 900.0))
    write = writing.write

    def after_a_forget(*args: object, **named: object) -> Path:
        Forgotten.new().blocking(["b"], request="r", at="2025-01-01").write(shop.folder)
        return write(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(writing, "write", after_a_forget)
    plan(shop, Asked("spring"), dry_run=False, replace=False, by=None)
    assert sorted(read_treatments(shop.folder)["customer_id"]) == ["a", "c"]
