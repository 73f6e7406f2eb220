"""`[reasons] words`: a business's own reason codes stand for causes, in batches and after live events alike."""

from pathlib import Path

import pytest

from churn.errors import ChurnError
from churn.sections import Reasons
from churn.settings import load
from churn.stated_text import told
from features.live.compaction import compact
from features.log_reading import read_events
from features.online import MemoryOnlineStore
from tests import live_shop
from tests.live_shop import batch_row, event, ingested, intake, taken

WHO = "客 0003"
OWN = {" R07 ": "price", "Zu Teuer": "price", "quality": "service"}


def said(folder: Path, own: dict[str, str], *codes: str) -> list[tuple[str | None, str | None]]:
    """Causes and words of a customer's row after live complaints; the batch says the same."""
    held = live_shop.settings(folder).model_copy(update={"reasons": Reasons(words=own)})
    ingested(held)
    store = MemoryOnlineStore()
    opened = intake(held, store)
    events = [
        event(str(n), WHO, 60 - n, reason_code=code, event_type="complaint", amount=None, order_id=None)
        for n, code in enumerate(codes)
    ]
    assert taken(opened, events) == ["accepted"] * len(codes)
    opened.close()
    (row,) = store.rows([WHO])
    assert row is not None
    assert row.stated is not None
    compact(held, wall=live_shop.Ticking())
    assert batch_row(read_events(held.folder), live_shop.features(held), held, row).stated == row.stated
    return [(one.code, one.said) for one in told(row.stated, row.as_of).reasons]


def test_words_of_the_settings_stand_for_causes_and_go_before_ours(tmp_path: Path) -> None:
    codes = ("r07", "zu teuer", "quality", "defect", "R08")
    expected = [(None, None), ("product", "defect"), ("service", "quality"), ("price", "zu teuer"), ("price", "r07")]
    assert said(tmp_path, OWN, *codes) == expected


def test_without_them_they_are_other_words(tmp_path: Path) -> None:
    assert said(tmp_path, {}, "R07", "quality") == [("product", "quality"), (None, None)]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ('{ "x" = "prices" }', "no cause 'prices'; name one of after_sale_neglect"),
        ('{ "x" = "other" }', "no cause 'other'"),
        ('{ "Price" = "product" }', "'price' has a meaning of its own"),
        ('{ "resolved" = "product" }', "'resolved' has a meaning of its own"),
        ('{ "X" = "price", "x " = "price" }', "there twice"),
        ('{ " " = "price" }', "a word is blank"),
    ],
)
def test_words_that_cannot_be_are_refused_at_the_start(tmp_path: Path, words: str, why: str) -> None:
    path = tmp_path / "churn.toml"
    path.write_text(f"[reasons]\nwords = {words}\n", encoding="utf-8")
    with pytest.raises(ChurnError) as refused:
        load(path, environ={})
    assert why in refused.value.problem
    assert "reasons.words" in refused.value.problem
