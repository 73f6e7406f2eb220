"""From one plan to the next, as a user types it: plan, lists, what was sent and bought, effect, uplift, next plan."""

import csv
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from campaigns.hold_out import kept_out_for_good
from churn.settings import load
from features.treatments import read_treatments
from tests.campaign_shop import NOW, event, scored, written
from tests.command_line import churn, refused

pytestmark = pytest.mark.slow

CUSTOMERS, WINDOW_DAYS, TREATED_COME, OTHERS_COME = 1400, 30, 0.5, 0.25
LATER = NOW + timedelta(days=WINDOW_DAYS + 2)
TOML = """
[business]
slug = "campaign-shop"
timezone = "Asia/Shanghai"
clock = "log"

[ingest]
buckets = 4

[contacts]
path = "contacts.csv"
may_email = "may_email"
may_phone = "may_phone"

[campaigns]
hold_out_ratio = 0.4
permanent_hold_out_ratio = 0.05

[uplift]
min_side_rows = 300
folds = 2
draws = 200

[[action]]
code = "coupon"
kind = "coupon"
channel = "sms"
en = "A coupon"
zh = "优惠券"
contact_amount = 0.1
offer_amount = 5.0
take_up_ratio = 0.2
margin_ratio = 0.5
window_days = 30
cool_down_days = 90

[[source]]
path = "log.parquet"
customer_id = "customer_id"
event_type = "event_type"
event_timestamp = "event_timestamp"
event_id = "event_id"
category = "category"
channel = "channel"
reason_code = "reason_code"
amount = "amount"
"""
SENT = """
[[source]]
path = "sent.csv"
timezone = "UTC"
customer_id = "customer"
event_type = "case when answered = 'yes' then 'campaign_response' else 'campaign_contact' end"
event_timestamp = "sent_at"
event_id = "id"
category = "campaign"
channel = "channel"
reason_code = "action"
"""


@dataclass(frozen=True)
class Shop:
    """A business with scores of everybody, and the file of what was sent."""

    config: Path

    @property
    def root(self) -> Path:
        return self.config.parent

    def told(self, *words: str) -> dict[str, object]:
        said = churn("campaign", *words, "--json", config=self.config)
        assert said.code == 0, said.err
        return dict(json.loads(said.out))

    def listed(self, campaign: str) -> set[str]:
        """Who stands in the list of a campaign."""
        folder = load(self.config).folder / "campaigns" / campaign
        with (folder / "list-sms.csv").open(encoding="utf-8-sig") as file:
            return {row["customer_id"] for row in csv.DictReader(file)}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    config = tmp_path / "churn.toml"
    config.write_text(TOML, encoding="utf-8")
    ids = [f"c{number:04d}" for number in range(CUSTOMERS)]
    random = np.random.default_rng(3)
    past = [event(one, "order", float(random.uniform(5, 300)), amount=40.0) for one in ids]
    written(load(config), [scored(one, 0.9) for one in ids], past, values=dict.fromkeys(ids, 100.0))
    return Shop(config)


def time_passes(shop: Shop) -> float:
    """What was sent by the list, what was bought, and scores of everybody anew; how much oftener the treated came."""
    random, rows = np.random.default_rng(5), read_treatments(load(shop.config).folder, "spring")
    comes = random.random(len(rows)) < np.where(rows["is_treated"], TREATED_COME, OTHERS_COME)
    late = [event(one, "order", -float(random.uniform(2, 25)), amount=60.0) for one in rows["customer_id"][comes]]
    late.append(event(rows["customer_id"].iloc[0], "visit", -(WINDOW_DAYS + 2)))
    before = pd.read_parquet(shop.root / "log.parquet")
    after = pd.DataFrame(late).reindex(columns=before.columns)
    after["event_id"] = [f"late{number}" for number in range(len(after))]
    after["event_timestamp"] = pd.to_datetime(after["event_timestamp"], utc=True).astype("datetime64[us, UTC]")
    pd.concat([before, after.astype(before.dtypes)]).to_parquet(shop.root / "log.parquet")
    at = f"{NOW + timedelta(days=1):%Y-%m-%d %H:%M:%S}"
    came = set(rows["customer_id"][comes & rows["is_treated"]])
    sent = [(one, "spring", at, "sms", "coupon", "no", f"s{one}") for one in sorted(shop.listed("spring"))]
    sent += [(one, "spring", at, "sms", "coupon", "yes", f"r{one}") for one in sorted(came)]
    columns = ["customer", "campaign", "sent_at", "channel", "action", "answered", "id"]
    pd.DataFrame(sent, columns=columns).to_csv(shop.root / "sent.csv", index=False)
    shop.config.write_text(TOML + SENT, encoding="utf-8")
    assert churn("ingest", config=shop.config).code == 0
    folder = load(shop.config).folder / "scores" / "batch"
    (batch,) = folder.glob("*.parquet")
    scores, shift = pd.read_parquet(batch), LATER - NOW
    names = ["cutoff", "scored_at", "valid_until"]
    scores[names] = scores[names] + pd.Timedelta(shift)
    scores.to_parquet(folder / f"{LATER:%Y-%m-%dT%H%M%SZ}.parquet", index=False)
    return float(comes[rows["is_treated"]].mean() - comes[~rows["is_treated"]].mean())


def test_from_one_campaign_to_the_next(shop: Shop) -> None:
    settings = load(shop.config)
    shop.told("plan", "--id", "spring")
    planned = read_treatments(settings.folder, "spring")
    treated = set(planned.loc[planned["is_treated"], "customer_id"])
    assert not kept_out_for_good(settings, planned["customer_id"]).any()
    assert 0.5 < len(treated) / len(planned) < 0.7
    shop.told("export", "--id", "spring")
    assert shop.listed("spring") == treated
    refused(churn("campaign", "effect", "--id", "spring", config=shop.config), 11, "ask again then")
    assert "not learned: the window of no campaign" in churn("campaign", "uplift", config=shop.config).out

    oftener = time_passes(shop)
    told = shop.told("effect", "--id", "spring")["spring"]
    assert told["causal"] is True
    assert told["retained"]["value"] == pytest.approx(oftener, abs=1e-6)
    assert told["retained"]["low"] > 0
    assert told["reached_share"] == 1.0
    assert (told["contacts_by"], told["offers_by"]) == ("log", "responses")

    learned = shop.told("uplift", "--action", "coupon")["coupon"]
    assert learned["verdict"] == "no_order"  # the coupon moves all alike: it is learned, and no ranking is claimed

    shop.told("plan", "--id", "summer")
    following = read_treatments(settings.folder, "summer")
    assert not set(following["customer_id"]) & treated  # the coupon of spring still cools down
    assert set(following["customer_id"]) == set(planned["customer_id"]) - treated
    why = pd.read_parquet(settings.folder / "campaigns" / "summer" / "decisions.parquet").set_index("customer_id")
    assert set(why.loc[sorted(treated), "code"]) == {"cooling_down"}
