"""The front page: what it says in each state of the ledger, that its pictures are sound, and that nothing leaks in."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from churn.stages import FIVE
from monitoring.data.contract import Fault, faults
from monitoring.drift.reference import FeatureReference, Reference
from monitoring.looking import look
from monitoring.reading.seen import seen_of
from monitoring.report import FROM_OUTSIDE
from monitoring.site.page import page
from monitoring.verdict import judge
from tests.monitored_shop import Shop
from tests.unit.monitoring.test_ledger import matured


def shown(shop: Shop, business: str = "Monitored shop") -> str:
    seen = look(shop.settings, progress=lambda what: None)
    verdicts = [judge(found, shop.settings.monitoring) for found in seen.findings]
    return page(
        seen.findings, verdicts, seen.ledgers, {"churn": "evidently-churn.html"}, business=business, language="zh",
        now=datetime(2025, 1, 1, tzinfo=UTC), clock="log", abstentions=seen.answers.abstentions,
        stages=seen.current.stages,
    )  # fmt: skip


def test_matured_scores_are_shown_with_their_interval_and_curve(shop: Shop) -> None:
    rows = matured(shop)
    shop.write_scores(rows)
    shop.write_scores(shop.now(), name="now")
    text = shown(shop)
    assert f"{len(rows):,} answers are mature." in text
    assert "realised (90 % interval)" in text
    assert text.count("<circle") == 10


@pytest.mark.parametrize(("rows", "said"), [(100, "too few to say"), (0, "No answers yet.")])
def test_what_cannot_be_judged_has_no_figure(shop: Shop, rows: int, said: str) -> None:
    if rows:
        shop.write_scores(matured(shop).head(rows))
    text = shown(shop)
    assert said in text
    assert "interval" not in text


def test_every_stage_is_counted_and_mapped_to_the_five(shop: Shop) -> None:
    stages = pd.read_parquet(shop.current_path)["stage"]
    text = shown(shop)
    for stage, five in FIVE.items():
        count, words = (stages == stage.value).sum(), stage.value.replace("_", " ")
        assert f"<tr><td>{words}</td><td>{five.zh} {five.en}</td><td>{count:,}</td></tr>" in text
    shop.change_current({"stage": None})
    assert "Where customers stand" not in shown(shop)


def test_pictures_are_well_formed_and_nothing_comes_from_outside(shop: Shop) -> None:
    shop.write_scores(matured(shop))
    shop.write_scores(shop.now(), name="now")
    text = shown(shop, business='<script src="//evil.example">')
    pictures = re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL)
    assert len(pictures) == 1 + 1 + 6  # calibration, scores, features
    for picture in pictures:
        ElementTree.fromstring(picture)
    assert "<script" not in text
    assert not FROM_OUTSIDE.search(text)
    assert FROM_OUTSIDE.search('<script async src="//evil.example">')


def test_new_codes_are_a_fault_and_rare_ones_are_none(shop: Shop) -> None:
    codes = np.random.default_rng(7).integers(0, 3, 1000).astype(float)
    seen = FeatureReference.of(codes, np.zeros(1000), is_category=True)
    known = Reference(snapshot_hash="s", model="churn", rows=1000, features={"region_latest": seen})
    frame = shop.now().head(1000)

    def found(values: np.ndarray) -> list[Fault]:
        return faults(seen_of(frame.assign(region_latest=values[: len(frame)]), known, sample_rows=10), known)

    assert found(codes) == []
    (fault,) = found(np.where(codes == 1, 99.0, codes))
    assert (fault.code, round(fault.share, 1)) == ("unseen", 0.3)
    assert "change of unit or of codes" in fault.mend[0]
