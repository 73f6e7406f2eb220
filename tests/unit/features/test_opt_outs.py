"""Who wants to be left alone: of what, since when, as known at an instant; live events count at once."""

from datetime import timedelta
from pathlib import Path

from churn.calendar import to_us
from features.live.event import LiveEvent
from features.live.opening import inbox_of
from features.opt_outs import opt_outs
from tests.campaign_shop import NOW, event, scored, settings, written

SHOP = [scored("a"), scored("b")]


def told(shop: object, **asked: object) -> list[tuple[str, str]]:
    found = opt_outs(shop, **asked)  # type: ignore[arg-type]
    return list(zip(found["customer_id"], found["category"], strict=True))


def test_the_last_word_of_each_kind_counts(tmp_path: Path) -> None:
    events = [
        event("a", "opt_out", 9, category="Scoring "), event("a", "opt_out", 9), event("a", "opt_in", 5),
        event("b", "opt_out", 4, category="sms"), event("b", "opt_in", 4, category="sms"),
    ]  # fmt: skip
    shop = written(settings(tmp_path), SHOP, events)
    assert told(shop) == [("a", "scoring"), ("b", "sms")]
    assert told(shop, as_of=NOW - timedelta(days=5)) == [("a", "contact"), ("a", "scoring")]


def test_a_log_without_any_and_no_log_have_none(tmp_path: Path) -> None:
    shop = settings(tmp_path)
    assert told(shop) == []
    assert told(written(shop, SHOP)) == []


def test_what_came_live_counts_at_once(tmp_path: Path) -> None:
    shop = written(settings(tmp_path), SHOP)
    with inbox_of(shop) as ledger:
        live = LiveEvent(
            customer_id="a", event_type="opt_out", time_us=to_us(NOW), event_id="1", source="", category="scoring",
        )  # fmt: skip
        ledger.commit([live], now_us=to_us(NOW))
    assert told(shop) == [("a", "scoring")]
