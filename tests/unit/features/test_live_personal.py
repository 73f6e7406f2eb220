"""Live events with details of people in their attributes are refused one by one, without repeating the detail."""

import pytest

from features.live.event import LiveEvent
from features.live.personal import personal_reason


def event(**more: str) -> LiveEvent:
    told = {"source": "crm", "event_id": "e1", "customer_id": "c1", "event_type": "visit"} | more
    return LiveEvent(**told, time_us=1)


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"channel": "ann@example.com"}, "crm.channel"),
        ({"category": "13812345678"}, "crm.category"),
        ({"reason_code": "11010519491231002X"}, "crm.reason_code"),
        ({"event_type": "+44 20 7946 0958"}, "crm.event_type"),
        ({"order_id": "ann@example.com"}, "crm.order_id"),
        ({"event_type": "profile.手机", "category": "x"}, "crm.手机"),
        ({"event_type": "profile.tier", "category": "ann@example.com"}, "crm.tier"),
    ],
)
def test_details_of_people_are_refused(more: dict[str, str], where: str) -> None:
    reason = personal_reason(event(**more), ())
    assert reason is not None
    assert reason.code == "personal_data"
    assert f'allow_personal = ["{where}"]' in reason.mend
    for value in ("ann@example.com", "13812345678", "1101051949", "7946"):
        assert value not in reason.problem + reason.mend
    assert personal_reason(event(**more), {where}) is None


@pytest.mark.parametrize(
    "more",
    [
        {"channel": "phone"},
        {"category": "Garden"},
        {"order_id": "15800000001"},
        {"event_type": "profile.region", "category": "上海市"},
        {"customer_id": "ann@example.com"},  # the business's own key
        {"text": "write to ann@example.com"},
    ],
)
def test_everything_else_comes_in(more: dict[str, str]) -> None:
    assert personal_reason(event(**more), ()) is None
