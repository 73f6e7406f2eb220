"""Customers who were merged after a campaign was planned: followed by effects, cool-downs, objections and hold-outs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose

from campaigns.contacted import contacts_since
from campaigns.hold_out import chance_of_campaigns, kept_out_for_good
from campaigns.ledger.effect import effects_of
from campaigns.ledger.export import export
from campaigns.ledger.overall import overall
from campaigns.people import People
from campaigns.suppress import COOLING_DOWN, KEPT_OUT, OPTED_OUT, doors_of
from churn.sections import IdMap
from churn.settings import Settings
from features.parts import log_parts
from features.sources import ingest
from features.treatments import write_treatments
from tests.campaign_shop import COUPON, NOW, event, scored, settings, treatments, written

TREATED = [f"t{number:03d}" for number in range(80)]
HELD = [f"h{number:03d}" for number in range(40)]
MERGED_AT = NOW - timedelta(days=50)  # the window is open from 100 to 40 days ago


def mapped(business: Settings, merged: dict[str, str], known_from: datetime = MERGED_AT) -> Settings:
    """The same business once its id map says who is whom."""
    source = business.source[0].model_copy(update={"name": "shop", "ingested_at": "event_timestamp"})
    rows = [f"shop,{former},{heir},{known_from.isoformat()}" for former, heir in merged.items()]
    (business.root / "ids.csv").write_text("\n".join(["source,source_id,customer_id,known_from", *rows]) + "\n")
    found = business.model_copy(update={"source": (source,), "id_map": IdMap(path="ids.csv")})
    ingest(found, environ={})
    return found


def shop(
    folder: Path, events: Sequence[dict[str, Any]], merged: dict[str, str], *, planned: dict[str, bool] | None = None
) -> Settings:
    people = {**dict.fromkeys(TREATED, True), **dict.fromkeys(HELD, False)} if planned is None else planned
    ids = [*people, *(heir for heir in merged.values() if heir not in people)]
    business = written(settings(folder, COUPON), [scored(one) for one in ids], events)
    write_treatments(
        business.folder, "autumn", treatments("autumn", people, days_ago=100, window_days=60, propensity=2 / 3)
    )
    return mapped(business, merged)


def test_what_the_heir_did_is_what_became_of_whom_it_was_planned_for(tmp_path: Path) -> None:
    merged = {one: f"new-{one}" for one in [*TREATED[:20], *HELD[:5]]}
    before = [event(one, "order", 80, amount=60.0) for one in TREATED[:10]]  # under the old id, before the merge
    after = [event(f"new-{one}", "order", 45, amount=30.0) for one in [*TREATED[10:20], *HELD[:5]]]
    contacts = [event(one, "campaign_contact", 99, category="autumn", channel="sms") for one in TREATED[:40]]
    business = shop(tmp_path, [*before, *after, *contacts], merged)
    (found,) = effects_of(business, log_parts(business.folder), ["autumn"], NOW)
    assert found.retained is not None
    assert found.revenue is not None
    assert_allclose((found.retained.treated, found.retained.held_out), (20 / 80, 5 / 40))
    assert_allclose((found.revenue.treated, found.revenue.held_out), ((600 + 300) / 80, 150 / 40))
    assert found.reached == 0.5
    assert found.is_causal  # what was known before is that of the old ids: the first order of each
    assert not any("unknown" in name for name in found.balance.columns)


def test_two_who_are_one_by_now_are_one_row_treated_if_one_was(tmp_path: Path) -> None:
    merged = dict(zip(HELD[:10], TREATED[:10], strict=True)) | {TREATED[20]: TREATED[21]}
    business = shop(tmp_path, [event(one, "order", 45, amount=10.0) for one in TREATED[:10]], merged)
    (found,) = effects_of(business, log_parts(business.folder), ["autumn"], NOW)
    assert (found.balance.n_treated, found.balance.n_held_out) == (79, 30)
    expected = (109 - 11) * 2 / 3 + 11 * (1 - 1 / 9)
    assert_allclose(found.balance.expected_treated, expected)
    assert found.retained is not None
    assert found.retained.n_treated == 79


def test_a_merge_after_the_telling_changes_nothing_that_was_told(tmp_path: Path) -> None:
    events = [event(one, "order", 80, amount=60.0) for one in TREATED[:10]]
    for name in "ab":
        (tmp_path / name).mkdir()
    (plain,) = effects_of(shop(tmp_path / "a", events, {"x": "y"}), log_parts(tmp_path / "a/artifacts/campaign-shop"),
                          ["autumn"], NOW - timedelta(days=39))  # fmt: skip
    business = shop(tmp_path / "b", events, {TREATED[0]: "late"})
    later = mapped(business, {TREATED[0]: "late"}, NOW - timedelta(days=10))
    (found,) = effects_of(later, log_parts(later.folder), ["autumn"], NOW - timedelta(days=39))
    assert found.retained == plain.retained


def test_cool_downs_objections_and_hold_outs_follow_the_person(tmp_path: Path) -> None:
    merged = {"planned": "heir", "refuses": "heir2", "told": "heir3"}
    events = [event("refuses", "opt_out", 60), event("told", "campaign_contact", 5, reason_code="coupon")]
    business = shop(tmp_path, events, merged, planned={"planned": True, "refuses": True, "told": True, "alone": True})
    lately = treatments("late", {"planned": True}, days_ago=9, window_days=60)
    write_treatments(business.folder, "late", lately)
    had = contacts_since(business, NOW - timedelta(days=30), NOW)
    assert sorted(had["customer_id"]) == ["heir", "heir3", "planned", "told"]
    ids = ["heir", "heir2", "heir3", "alone"]
    business = business.model_copy(
        update={"campaigns": business.campaigns.model_copy(update={"no_consent_needed": ("sms",)})}
    )
    people = People(pd.DataFrame({"customer_id": ids}), NOW, {}, "")
    told = doors_of(business, people, NOW, {}).why_not(COUPON)
    assert told.tolist() == [COOLING_DOWN, OPTED_OUT, COOLING_DOWN, None]


def test_who_was_held_out_for_good_under_one_id_stays_so(tmp_path: Path) -> None:
    ids = [f"c{number:03d}" for number in range(400)]
    business = settings(tmp_path, COUPON, permanent_hold_out_ratio=0.2)
    out = dict(zip(ids, kept_out_for_good(business, ids), strict=True))
    merged = {one: f"n{one}" for one in ids[:200]}
    alone = kept_out_for_good(business, [f"n{one}" for one in ids[:200]])
    business = mapped(written(business, [scored(one) for one in [*ids, *merged.values()]]), merged)
    now = kept_out_for_good(business, [*merged.values(), *ids[200:]])
    assert now[:200].tolist() == [out[one] or mine for one, mine in zip(ids[:200], alone, strict=True)]
    assert now[200:].tolist() == [out[one] for one in ids[200:]]
    assert_allclose(chance_of_campaigns(business, ["nc000", "c300"]), [0.64, 0.8])
    people = People(pd.DataFrame({"customer_id": ["nc000", *ids[200:]]}), NOW, {}, "")
    codes = doors_of(business, people, NOW, {}).why_not(COUPON)
    assert set(codes[kept_out_for_good(business, people.rows["customer_id"])]) == {KEPT_OUT}
    found = overall(business, log_parts(business.folder), NOW - timedelta(days=60), NOW)
    assert found.kept_out == int(now.sum())
    assert_allclose(found.balance.expected_treated, 200 * 0.64 + 200 * 0.8)
    assert np.isfinite(found.balance.p_ratio)


def test_a_list_names_a_merged_customer_once_and_by_the_id_of_today(tmp_path: Path) -> None:
    planned = {"a": True, "b": True, "c": True, "d": False}
    business = settings(tmp_path, COUPON, no_consent_needed=["sms"])
    business = written(business, [scored(one) for one in [*planned, "z"]])
    write_treatments(business.folder, "spring", treatments("spring", planned, days_ago=1, window_days=60))
    business = mapped(business, {"a": "z", "b": "z"}, NOW - timedelta(hours=20))
    current = business.folder / "features" / "current.parquet"
    rows = pd.read_parquet(current)
    rows[~rows["customer_id"].isin(["a", "b"])].to_parquet(current)
    found = export(business, "spring", NOW, {})
    assert found.rows == 2
    lines = (business.folder / "campaigns" / "spring" / "list-sms.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["c", "z"]
