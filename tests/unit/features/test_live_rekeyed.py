"""Live events of an id that a map gives to somebody: now, and when a later map says otherwise."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from churn.calendar import to_us
from churn.events import before
from churn.sections import IdMap
from churn.settings import Settings
from features.holders import resolve
from features.live.compaction import compact
from features.log_reading import read_events
from tests.live_shop import NOW, Ticking, event, ingested, intake, settings, taken

CALL = replace(event("call", minutes=5, event_type="hotline", order_id=None), source="phone", source_id="+49-17")


def mapped(held: Settings, *rows: tuple[str, timedelta]) -> Settings:
    """The same business with an id map that says since when the caller is whom."""
    lines = [f"phone,+49-17,{customer},{(NOW + since).isoformat()}" for customer, since in rows]
    (held.root / "ids.csv").write_text("source,source_id,customer_id,known_from\n" + "\n".join(lines) + "\n")
    return held.model_copy(update={"id_map": IdMap(path="ids.csv", live_sources=("phone",))})


def callers(held: Settings, hours: float) -> list[str]:
    """Who called, as known some hours from now."""
    seen = before(read_events(held.folder), to_us(NOW + timedelta(hours=hours)))
    return [str(seen.customers[place]) for place in seen.customer[seen.is_kind("hotline")]]


def test_a_live_event_goes_to_who_holds_the_id_and_moves_when_that_changes(tmp_path: Path) -> None:
    held = mapped(settings(tmp_path), ("00004", timedelta(days=-3)))
    ingested(held)
    opened = intake(held)
    whose = opened.resolve("phone", "+49-17")
    assert (whose, opened.resolve("web", "+49-17")) == ("00004", "+49-17")
    assert taken(opened, [replace(CALL, customer_id=whose)]) == ["accepted"]
    opened.close()
    compact(held, wall=Ticking())
    assert callers(held, 1) == ["00004"]
    assert resolve(held.folder, "phone", "+49-17") == "00004"  # the map is in the compacted log, too
    later = mapped(held, ("00004", timedelta(days=-3)), ("客 0003", timedelta(hours=2)))
    ingested(later, NOW + timedelta(hours=3))
    assert (callers(later, 1), callers(later, 2), callers(later, 2.5)) == (["00004"], ["00004"], ["客 0003"])
    opened = intake(later)
    assert opened.resolve("phone", "+49-17") == "客 0003"
    opened.close()
