"""Whoever opted out is due for nothing and advised nothing, and nobody is told twice for one occasion."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from churn.action_sections import Action
from cli.campaign_catalogue import advise
from cli.campaign_due import due
from features import parquet
from tests import campaign_shop as shop

KINDS = st.sampled_from(["opt_out", "opt_in", "campaign_contact", "order"])
WHAT = st.sampled_from([None, "contact", "sms", "email"])
EVENTS = st.lists(st.tuples(st.sampled_from("abc"), KINDS, st.integers(1, 60), WHAT), max_size=6)
THANKS = Action(code="thanks", kind="thanks", channel="sms", en="t", zh="谢", orders=(1, 2, 3), within_days=90)
QUIET = Action(code="quiet", kind="regular_contact", channel="sms", en="q", zh="访", every_days=10)


@settings(max_examples=12, deadline=None)
@given(told=EVENTS)
def test_nobody_who_opted_out_is_told_of(told: list[tuple[str, str, int, str | None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        business = shop.settings(Path(folder), shop.COUPON, THANKS, QUIET)
        events = [shop.event(who, kind, days, category=what) for who, kind, days, what in told]
        shop.written(business, [shop.scored(one, 0.9) for one in "abc"], events, values=dict.fromkeys("abc", 500.0))
        path = Path(advise(business).as_json["file"])
        rows = parquet.read_frame(path)
        tasks = parquet.read_frame(Path(due(business, None).as_json["files"][0]))
    advised = set(rows.loc[rows["action"] != "none", "customer_id"])
    assert set(rows["customer_id"]) == set("abc")
    assert not tasks.duplicated(["customer_id", "action", "occasion"]).any()
    for who in "abc":
        for what in ("contact", "sms"):
            mine = [(-days, kind == "opt_out") for one, kind, days, of in told
                    if one == who and kind in ("opt_out", "opt_in") and (of or "contact") == what]  # fmt: skip
            if mine and max(mine)[1]:
                assert who not in advised | set(tasks["customer_id"])
