"""What a catalogue of actions may say, and how a fault in it is told."""

from pathlib import Path

import pytest

from churn.action_sections import FAMILIES, Action
from churn.errors import SettingsError
from churn.settings import load

COUPON = '[[action]]\ncode = "coupon"\nkind = "coupon"\nchannel = "sms"\nen = "A coupon"\nzh = "优惠券"\n'


def refused(folder: Path, text: str) -> str:
    (folder / "churn.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as told:
        load(folder / "churn.toml", environ={})
    return str(told.value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('code = "none"', "take another code"),
        ('channel = "smoke"', "there is no channel 'smoke'"),
        ('reasons = ["moon"]', "there is no reason 'moon'"),
        ("take_up_ratio = 0.3\ntake_up_range = [0.05, 0.2]", "take_up_range must hold take_up_ratio"),
        ("take_up_range = [0.05, 0.2]", "take_up_range must hold take_up_ratio"),
        ("contact_amont = 1", "did you mean 'contact_amount'"),
        ('stages = ["asleep"]', "stages"),
    ],
)
def test_a_fault_is_told_where_it_is(line: str, told: str, tmp_path: Path) -> None:
    rest = [one for one in COUPON.splitlines() if one.split(" ")[0] != line.split(" ", maxsplit=1)[0]]
    assert told in refused(tmp_path, "\n".join([*rest, line]))


def test_a_code_is_there_once(tmp_path: Path) -> None:
    assert "'coupon' is there twice" in refused(tmp_path, COUPON + COUPON)


def test_price_by_need_wants_its_reason(tmp_path: Path) -> None:
    assert "price_by_need_reason" in refused(tmp_path, "[campaigns]\nprice_by_need = true\n")
    assert "no channel 'smoke'" in refused(tmp_path, '[campaigns]\nno_consent_needed = ["smoke"]\n')


def test_every_kind_has_its_words() -> None:
    kinds = Action.model_fields["kind"].annotation.__args__  # type: ignore[union-attr]
    assert set(kinds) == set(FAMILIES)
