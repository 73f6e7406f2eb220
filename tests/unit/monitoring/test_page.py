"""The pages of a run: what they say in each state, that every link leads somewhere, and that nothing leaks in."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.page import both
from churn.sections import Business
from churn.stages import FIVE
from monitoring.business.words import STAGE_WORDS
from monitoring.data.contract import Fault, faults
from monitoring.drift.reference import FeatureReference, Reference
from monitoring.ledger.sections import sections as about_outcomes
from monitoring.looking import look
from monitoring.pages import lead, pages
from monitoring.reading.seen import seen_of
from monitoring.report import FROM_OUTSIDE
from monitoring.section import PAGES
from monitoring.verdict import judge, judge_whole
from tests.monitored_shop import Shop
from tests.unit.monitoring.test_ledger import matured

EVIL = '<script src="//evil.example">'


def written(shop: Shop, folder: Path, *, rows: int = 10_000) -> dict[str, str]:
    """Every page of a run by its file; without Evidently's, for which there are too few customers."""
    training = shop.settings.training.model_copy(update={"min_rows": rows})
    settings = shop.settings.model_copy(update={"training": training})
    seen = look(settings, progress=lambda what: None)
    verdicts = [judge(found, settings.monitoring) for found in seen.findings]
    folder.mkdir()
    pages(settings, seen, verdicts, judge_whole(seen.whole, settings.monitoring), lambda what: None, folder)
    assert seen.tried.troubles == []
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}


@pytest.fixture
def site(shop: Shop, tmp_path: Path) -> dict[str, str]:
    shop.write_scores(matured(shop))
    shop.write_scores(shop.now(), name="now")
    named = shop.settings.model_copy(update={"business": Business(name=EVIL, slug="monitored", clock="log")})
    return written(replace(shop, settings=named), tmp_path / "run")


def test_there_is_every_page_in_both_languages(site: dict[str, str]) -> None:
    assert set(site) == {f"{page}{end}" for page in PAGES for end in (".html", ".zh.html")}
    for name, text in site.items():
        assert f'<html lang="{"zh" if ".zh." in name else "en"}">' in text
        switched = name.replace(".zh.", ".") if ".zh." in name else name.replace(".html", ".zh.html")
        assert f'href="./{switched}"' in text


def test_every_link_leads_to_a_place_and_stays_in_its_language(site: dict[str, str]) -> None:
    ids = {name: set(re.findall(r'\bid="([^"]+)"', text)) for name, text in site.items()}
    for name, text in site.items():
        assert len(re.findall(r'\bid="', text)) == len(ids[name]), "an id stands twice"
        for link in re.findall(r'href="([^"]*)"', text):
            page, _, anchor = link.partition("#")
            if page and not page.startswith("./"):
                assert page in site
                assert (".zh." in page) == (".zh." in name)
            assert not anchor or anchor in ids[page or name], link


def test_nothing_runs_and_nothing_comes_from_outside(site: dict[str, str]) -> None:
    for text in site.values():
        assert "<script" not in text
        assert not FROM_OUTSIDE.search(text)
        assert "&lt;script" in text
    assert FROM_OUTSIDE.search('<script async src="//evil.example">')


def test_a_reason_that_no_section_has_a_place_for_still_leads_to_its_page(shop: Shop, tmp_path: Path) -> None:
    shop.write_scores(shop.now(), name="now")
    shop.change_current({"order_total_90d": None})
    site = written(shop, tmp_path / "run")
    where = re.findall(r'href="(data\.html#churn-[^"]+)"', site["index.html"])
    assert "data.html#churn-order_total_90d" in where
    assert all(f'id="{one.partition("#")[2]}"' in site["data.html"] for one in where)
    assert "order_total_90d: missing column" in site["index.html"]


def test_alarms_that_ask_for_the_same_ask_once_and_each_leads_to_its_evidence(shop: Shop, tmp_path: Path) -> None:
    shop.write_scores(shop.now(), name="now")
    shop.change_current({"order_total_90d": None, "order_count_90d": None})
    text = written(shop, tmp_path / "run")["index.html"]
    (alarms,) = re.findall(r'<ul class="reasons">(.*?)</ul>', text.partition('id="churn-verdict"')[2][:20_000])[:1]
    for feature in ("order_total_90d", "order_count_90d"):
        assert f'href="data.html#churn-{feature}"' in alarms
    mends = re.findall(r'<p><span class="en">([^<]*)', alarms)
    assert len(mends) == len(set(mends)), "what to do stands there once"


def test_people_are_told_times_of_their_own_clock(shop: Shop, tmp_path: Path) -> None:
    seen_at = look(shop.settings, progress=lambda what: None).now
    here = seen_at.astimezone(shop.settings.lifecycle.calendar.zone)
    assert here.utcoffset() != timedelta(0), "or nothing is shown by this"
    text = written(shop, tmp_path / "run")["index.html"]
    assert f"As of {here:%Y-%m-%d %H:%M} (Asia/Shanghai)" in text
    assert 'id="reactivation-unserved"' in text, "what nobody answers is not passed over"
    assert 'id="churn-unserved"' not in text


def test_matured_scores_are_shown_with_their_interval_and_curve(shop: Shop) -> None:
    rows = matured(shop)
    shop.write_scores(rows)
    seen = look(shop.settings, progress=lambda what: None)
    section, cohorts = about_outcomes(seen.findings, seen.ledgers)
    assert cohorts.anchor == "cohorts"
    assert f"{len(rows):,} answers are mature." in section.body
    assert "realised (90 % interval)" in section.body
    assert section.body.count("<circle") == 10


@pytest.mark.parametrize(("rows", "said"), [(100, "too few to say"), (0, "No answers yet.")])
def test_what_cannot_be_judged_has_no_figure(shop: Shop, tmp_path: Path, rows: int, said: str) -> None:
    if rows:
        shop.write_scores(matured(shop).head(rows))
    text = written(shop, tmp_path / "run")["performance.html"]
    assert said in text
    assert "interval" not in text


def test_every_stage_is_counted_and_mapped_to_the_five(shop: Shop, tmp_path: Path) -> None:
    stages = pd.read_parquet(shop.current_path)["stage"]
    text = written(shop, tmp_path / "run")["data.html"]
    for stage, five in FIVE.items():
        count = (stages == stage.value).sum()
        assert f"<tr><td>{both(*STAGE_WORDS[stage])}</td><td>{both(five.en, five.zh)}</td>" in text
        assert f"<td>{count:,}</td></tr>" in text
    shop.change_current({"stage": None})
    assert "Where customers stand" not in written(shop, tmp_path / "other")["data.html"]


def test_the_first_page_leads_to_the_newest_run(shop: Shop, tmp_path: Path) -> None:
    settings = shop.settings
    seen = look(settings, progress=lambda what: None)
    verdicts = [judge(found, settings.monitoring) for found in seen.findings]
    (tmp_path / "run").mkdir()
    whole = judge_whole(seen.whole, settings.monitoring)
    made = pages(settings, replace(seen, findings=()), verdicts, whole, lambda what: None, tmp_path / "run")
    text = lead(settings, made).read_text(encoding="utf-8")
    (where,) = set(re.findall(r'(?:url=|href=")([^"]*)"', text))
    assert where == f"runs/{seen.now:%Y-%m-%dT%H%M%SZ}/index.html"


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
