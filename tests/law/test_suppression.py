"""Whoever opted out is in no list: of whatever events, in whatever order, by whatever action."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.people import people_of
from campaigns.suppress import doors_of
from tests import campaign_shop as shop

KINDS = st.sampled_from(["opt_out", "opt_in", "campaign_contact", "order"])
WHAT = st.sampled_from([None, "contact", "sms", "email", "scoring"])
EVENTS = st.lists(st.tuples(st.sampled_from("abc"), KINDS, st.integers(1, 60), WHAT), max_size=8)


@settings(max_examples=25, deadline=None)
@given(told=EVENTS)
def test_nobody_who_opted_out_passes(told: list[tuple[str, str, int, str | None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        business = shop.settings(Path(folder))
        events = [shop.event(who, kind, days, category=what) for who, kind, days, what in told]
        shop.written(business, [shop.scored(one) for one in "abc"], events)
        doors = doors_of(business, people_of(business, shop.NOW), shop.NOW, {})
        passes = set(doors.customer_ids[[code is None for code in doors.why_not(shop.COUPON)]])
    for who in "abc":
        for what in ("contact", "sms", "scoring"):
            mine = [(-days, kind == "opt_out") for one, kind, days, of in told
                    if one == who and kind in ("opt_out", "opt_in") and (of or "contact") == what]  # fmt: skip
            if mine and max(mine)[1]:
                assert who not in passes
