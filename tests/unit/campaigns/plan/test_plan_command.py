"""`churn campaign plan` on a small business: what is refused, what is written, and when nothing is."""

from pathlib import Path

import pytest

from campaigns.plan import planning
from campaigns.plan.planning import Asked
from campaigns.plan.writing import AlreadyPlanned
from churn.settings import Settings
from cli.campaign_plan import NoMoney, NoSuchModel, plan
from features.treatments import NoName, read_treatments
from tests.campaign_shop import COUPON, scored, settings, written


def shop_of(folder: Path) -> Settings:
    people = [f"c{number}" for number in range(12)]
    shop = settings(folder, COUPON, hold_out_ratio=0.0)
    return written(shop, [scored(one, 0.9) for one in people], values=dict.fromkeys(people, 100.0))


def asked(shop: Settings, *, dry_run: bool = False, replace: bool = False, **given: object) -> str:
    return plan(shop, Asked(**{"campaign": "spring", **given}), dry_run=dry_run, replace=replace, by=None).text  # type: ignore[arg-type]


def test_a_plan_is_written_and_replaced_until_it_is_exported(tmp_path: Path) -> None:
    shop = shop_of(tmp_path)
    assert "Contact 12 customers" in asked(shop, dry_run=True)
    assert read_treatments(shop.folder).empty
    asked(shop)
    assert len(read_treatments(shop.folder, "spring")) == 12
    with pytest.raises(AlreadyPlanned, match="--replace"):
        asked(shop)
    assert "Contact 5 customers" in asked(shop, replace=True, capacities=("5",))  # its own plan is no contact of before
    assert len(read_treatments(shop.folder, "spring")) == 5
    assert (shop.folder / "campaigns" / "spring" / "plan.html").exists()
    assert "Contact 7 customers" in asked(shop, campaign="summer"), "five cool down"


@pytest.mark.parametrize(
    ("given", "error", "mend"),
    [
        ({"only": "sideways"}, NoSuchModel, "--only churn"),
        ({"budget": -1.0}, NoMoney, "amount of 0 or more"),
        ({"campaign": "Ünique"}, NoName, "as in"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, given: dict[str, object], error: type[Exception], mend: str
) -> None:
    with pytest.raises(error, match=mend):
        asked(shop_of(tmp_path), **given)


def test_a_plan_that_is_replaced_stands_until_the_new_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = shop_of(tmp_path)
    asked(shop, campaign="spring", capacities=("5",))
    with monkeypatch.context() as patch:
        patch.setattr(planning, "plan", interrupted)
        with pytest.raises(KeyboardInterrupt):
            asked(shop, campaign="spring", replace=True)
    assert len(read_treatments(shop.folder, "spring")) == 5
    assert "Contact 7 customers" in asked(shop, campaign="summer", dry_run=True), "five cool down"
    assert "Contact 12 customers" in asked(shop, campaign="spring", replace=True), "its own plan is no contact"


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt
