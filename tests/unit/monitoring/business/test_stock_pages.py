"""What a run tells of stock and flow: the JSON, the page, the figures for Prometheus; on the small shop."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn.calendar import to_us
from churn.definition import ChurnDefinition, Lapse, Lifecycle, OwnCadence, Silence, Subscription
from churn.events import Events
from churn.model_sections import Fairness
from churn.monitoring_sections import Monitoring
from features.log import read_log_manifest
from features.parts import InMemory
from monitoring.business import content as business_json
from monitoring.business.edges import month_edges
from monitoring.business.figures import figures
from monitoring.business.levels import learn
from monitoring.business.sections import sections
from monitoring.business.segments import TOTAL
from monitoring.business.taking_stock import Ground, NoSuchSegment, Stocktaking, attributes_of, ground, take_stock
from monitoring.business.words import churn_means
from tests import small_shop
from tests.monitored_shop import Shop

PARTS = ("retention", "buying", "lost", "won_back", "referral")


@pytest.fixture(scope="module")
def stock() -> Stocktaking:
    """120 customers over two years, three regions of which one is tiny, some referrals."""
    frame = small_shop.log()
    known = frame.drop_duplicates("customer_id")
    regions = np.where(np.arange(len(known)) < 5, "tiny", np.where(np.arange(len(known)) % 3 == 0, "north", "south"))
    profiles = known.assign(event_type="profile.region", category=regions, amount=np.nan)
    told = frame[frame["event_type"] == "visit"].head(40).assign(event_type="referral", amount=np.nan)
    events = Events.from_frame(pd.concat([frame.assign(category=None), profiles, told]).reset_index(drop=True))
    edges = month_edges(small_shop.FIRST, small_shop.UNTIL, small_shop.LIFECYCLE.calendar)
    parts = [InMemory(events)]
    segmentation = learn(parts, small_shop.LIFECYCLE, edges, attributes=["region"])
    settings = small_shop.settings(Path("nowhere"))
    return take_stock(settings, Ground(parts, small_shop.LIFECYCLE, edges, segmentation))


@pytest.fixture(scope="module")
def content(stock: Stocktaking, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("run")
    business_json.write(stock, folder)
    return json.loads((folder / "business.json").read_text(encoding="utf-8"))


def test_segments_add_up_to_the_total_in_every_period(content: dict[str, Any]) -> None:
    counts = {
        "retention": ("start", "end", "acquired", "kept", "lapsed", "won_back", "left_at_once"),
        "buying": ("buyers", "repeaters", "order_days", "money"),
        "lost": ("lapsed", "money"),
        "won_back": ("returned", "money"),
        "referral": ("referrals", "referrers", "acquired"),
    }
    assert set(content["dimensions"]) == {"region", "value", "frequency", "stage"}
    for period in content["periods"]:
        for families in period["segments"].values():
            for family in PARTS:
                cells = families[family]
                for name in counts[family] if cells else ():
                    total = sum(cell[name] for cell in cells.values())
                    assert total == pytest.approx(period["total"][family][name]), (period["name"], family, name)


def test_no_cell_of_few_customers_is_shown(content: dict[str, Any]) -> None:
    for period in content["periods"]:
        for families in period["segments"].values():
            assert all(np.sum(cell["flow"]) >= 20 for cell in families["retention"].values())
            rates = [cell["by_cohort"] for cell in families["retention"].values()]
            assert all(one is None or one["n"] >= 20 for one in rates)
            assert all(cell["buyers"] >= 20 for cell in families["buying"].values())
            assert all(cell["lapsed"] >= 20 for cell in families["lost"].values())
        assert not any(name.startswith("tiny") for name in period["segments"]["region"]["retention"])
    joined = content["cohorts"]["region"]
    rows = [row for level in joined.values() for rows in level.values() for row in rows]
    assert all(row["size"] is None or row["size"] >= 20 for row in rows)
    assert any(row.get("why") == "too_few" for row in rows)
    assert "joined_active" not in content["cohorts"]["value"]  # its levels would say what was bought since


def test_nobody_finds_a_small_cohort_by_subtraction(content: dict[str, Any]) -> None:
    hidden = 0
    whole = {row["name"]: row["size"] for row in content["cohorts"]["total"]["total"]["active_since"]}
    for dimension, levels in content["cohorts"].items():
        for month, size in whole.items() if dimension != "total" else ():
            rows = [row for level in levels.values() for row in level["active_since"] if row["name"] == month]
            rest = size - sum(row["size"] or 0 for row in rows)
            assert rest == 0 or rest >= 20, (dimension, month, rest)
            hidden += rest > 0
    assert hidden


def test_cohorts_of_each_level_are_on_the_page(stock: Stocktaking, content: dict[str, Any]) -> None:
    (body,) = (one.body for one in sections(stock) if one.anchor == "cohorts")
    assert "Cohorts by stage at the start" in body
    assert "tiny" not in body
    levels = content["cohorts"]["stage"]
    told = {level: row for level, mine in levels.items() for row in mine["active_since"][-12:] if row["size"]}
    for level, row in told.items():
        of_level = body[body.index(f"stage at the start, {level.replace('_', ' ')}: ") :]
        assert f">{row['name']}</th><td>{row['size']}</td>" in of_level.split("</figure>")[0]
    assert told


def test_every_number_of_the_json_can_be_read_again(stock: Stocktaking, content: dict[str, Any]) -> None:
    months = [one for one in content["periods"] if one["grain"] == "month"]
    assert [one["name"] for one in months][:2] == ["2023-01", "2023-02"]
    assert [one["is_over"] for one in months] == [True] * (len(months) - 1) + [False]  # it ends at 8:00 of Shanghai
    last = months[-2]["total"]["retention"]
    assert last["start"] == last["kept"] + last["lapsed"]
    assert last["by_formula"] == pytest.approx((last["end"] - last["acquired"]) / last["start"])
    assert last["gap"] == pytest.approx(last["by_formula"] - last["by_cohort"]["value"], abs=1e-6)
    assert content["currency"] == stock.currency
    assert content["definition"]["churn_zh"]


def test_the_page_speaks_both_languages_and_of_nobody(stock: Stocktaking) -> None:
    made = list(sections(stock))
    assert [one.anchor for one in made] == ["retention", "stages", "three-r", "repeat", "value", "segments", "cohorts"]
    for one in made:
        assert one.page == "business"
        assert one.body.count('class="en"') == one.body.count('class="zh"') > 0
        assert "00004" not in one.body
        assert "客 0001" not in one.body
        assert all(one.title)
    assert "The gap of" in made[0].body
    assert "hatched" in made[-1].body  # the month that is not over
    assert list(sections(None)) == []


def test_figures_are_of_whole_periods_and_of_stages_now(stock: Stocktaking) -> None:
    told = {(one.name, *one.labels.values()): one.value for one in figures(stock)}
    nth = stock.latest("month")
    assert nth is not None
    kept = stock.retention(nth)
    assert kept.by_cohort is not None
    assert told["churn_monitor_retention_rate", "month"] == kept.by_cohort.value
    assert told["churn_monitor_churn_rate", "month"] == pytest.approx(1 - kept.by_cohort.value)
    assert ("churn_monitor_referrals_per_customer", "quarter") in told
    now = sum(value for (name, *_), value in told.items() if name == "churn_monitor_customers")
    assert now == stock.flow(nth + 1).sum()
    assert all(np.isfinite(value) for value in told.values())


@pytest.mark.parametrize(
    ("lapse", "english"),
    [
        (Silence(days=90), "no order for more than 90 days"),
        (
            OwnCadence(times=3, min_days=30, max_days=365),
            "3 times the customer's own usual gap, at least 30 and at most",
        ),
        (Subscription(grace_days=7), "is over, or cancelled, for 7 days"),
    ],
)
def test_the_definition_is_spelled_out(lapse: Lapse, english: str) -> None:
    told = churn_means(Lifecycle(ChurnDefinition(lapse=lapse)))
    assert english in told[0]
    assert "流失率" in told[1]


def test_a_log_on_disk_is_read_bucket_by_bucket(shop: Shop) -> None:
    manifest = read_log_manifest(shop.settings.folder)
    on = ground(shop.settings, manifest, manifest.observed_until)
    assert len(on.parts) > 1
    found = take_stock(shop.settings, on)
    assert found.flow(found.of("month")[-1]).sum() == manifest.customers
    assert found.dimensions[-1].name == "stage"


def test_what_the_log_does_not_tell_yet_is_no_churn(shop: Shop) -> None:
    """The clock on the wall is half a year further than the log: figures end where the log does."""
    manifest = read_log_manifest(shop.settings.folder)
    late = ground(shop.settings, manifest, manifest.observed_until + timedelta(days=180))
    assert late.edges.now_us == to_us(manifest.observed_until)


def test_a_segment_that_there_is_none_of_is_refused(shop: Shop) -> None:
    settings = shop.settings.model_copy(update={"monitoring": Monitoring(segments=("value", "star_sign"))})
    manifest = read_log_manifest(settings.folder)
    with pytest.raises(NoSuchSegment) as refused:
        ground(settings, manifest, manifest.observed_until)
    assert "star_sign" in refused.value.problem
    assert "value" in refused.value.mend
    settings = settings.model_copy(update={"monitoring": Monitoring(segments=("stage", "value"))})
    chosen = ground(settings, manifest, manifest.observed_until).segmentation.dimensions
    assert [one.name for one in chosen] == [TOTAL, "stage", "value"]


def test_sensitive_attributes_are_told_apart_only_where_asked(shop: Shop) -> None:
    kinds = ["order", "profile.region", "profile.gender", "profile.notes"]
    settings = shop.settings.model_copy(
        update={
            "fairness": Fairness(attributes=("gender",)),
            "features": shop.settings.features.model_copy(update={"leave_out_attributes": ("notes",)}),
        }
    )
    assert attributes_of(settings, kinds, ()) == ["region"]
    assert attributes_of(settings, kinds, ("gender", "value")) == ["gender"]
