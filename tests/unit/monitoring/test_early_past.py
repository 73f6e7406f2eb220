"""The past of early signs, from the log: as known then, whole weeks alone, computed once, the same bit by bit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.aftermath import Aftermath
from churn.bundle import Bundle
from churn.calendar import to_us
from churn.cohort import who_is_asked
from churn.events import FloatArray
from churn.outlook import Curve, Outlook
from churn.treeshap import STUMP, TreeShap
from features.log import read_log_manifest
from features.log_reading import read_events
from features.parts import log_parts
from monitoring.before import past
from monitoring.before.activity import chance_of_activity, raw_of
from monitoring.before.early import EarlyWeek
from monitoring.before.kept import Kept, write_kept
from monitoring.before.looking import early_signs
from monitoring.before.past import EarlySums, early_weeks, mondays
from monitoring.champion import champions
from monitoring.drift.past import pasts
from monitoring.drift.reference import look_at
from monitoring.drift.sums import Asked
from monitoring.reading.windows import reference_rows
from tests import small_shop
from tests.monitored_shop import Shop

CURVE = Curve(
    days=(7.0, 14.0, 90.0), own_days=90.0, knots=(-1.0, 1.0), shares=((0.3, 0.5, 1.0), (0.1, 0.2, 1.0)),
    kinds=("share", "share", "none"),
)  # fmt: skip
MISSING = dict.fromkeys(("remaining", "band", "value"), "too_few")


def bundle_of(shop: Shop) -> Bundle:
    (champion,) = champions(shop.settings.folder, "monitored")
    outlook = Outlook(horizons_days=(90,), curve=CURVE, missing=MISSING)
    return champion.bundle.model_copy(update={"outlook": outlook})


def rate(vectors: FloatArray) -> FloatArray:
    """Fewer orders, more churn."""
    return 1 / (2 + np.nan_to_num(vectors[:, 0]))


def weeks(shop: Shop, cache: Path, *, days_ago: int = 0, days: int = 7) -> tuple[EarlyWeek, ...]:
    settings = shop.settings
    manifest = read_log_manifest(settings.folder)
    return early_weeks(
        bundle_of(shop), rate, log_parts(settings.folder), small_shop.features(settings.lifecycle), settings.lifecycle,
        manifest, days=days, now=manifest.observed_until - timedelta(days=days_ago), cache=cache,
    )  # fmt: skip


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "WEEKS", 6)


@pytest.mark.usefixtures("few")
def test_weeks_are_those_whose_first_days_are_over_and_are_computed_once(shop: Shop, tmp_path: Path) -> None:
    manifest, calendar = read_log_manifest(shop.settings.folder), shop.settings.lifecycle.calendar
    earlier = weeks(shop, tmp_path / "kept.json", days_ago=21)
    written = (tmp_path / "kept.json").read_text()
    assert weeks(shop, tmp_path / "kept.json", days_ago=21) == earlier
    assert (tmp_path / "kept.json").read_text() == written
    later = weeks(shop, tmp_path / "kept.json")
    assert later == weeks(shop, tmp_path / "anew.json")
    assert set(earlier[3:]) < set(later)
    assert all(calendar.day_of(one.at).weekday() == 0 for one in later)
    assert later[-1].at + timedelta(days=7) <= manifest.observed_until < later[-1].at + timedelta(days=14)
    assert "客" not in written


def test_weeks_before_anybody_was_asked_are_not_looked_for_again(shop: Shop, tmp_path: Path) -> None:
    settings, manifest = shop.settings, read_log_manifest(shop.settings.folder)
    bundle, form = bundle_of(shop), Kept("f", settings.definition.id, 7, 16, 1.0)

    def missing() -> Sequence[datetime]:
        return EarlySums(
            bundle,
            "f",
            settings.lifecycle,
            manifest,
            16,
            days=7,
            now=manifest.observed_until,
            cache=tmp_path / "kept.json",
        ).missing

    every = missing()
    write_kept(tmp_path / "kept.json", form, {at: EarlyWeek(at, 9, 1.0, 1, 0.9, 1.0) for at in every[20:-1]})
    assert missing() == every[-1:]


@pytest.mark.usefixtures("few")
def test_a_week_is_who_was_asked_and_who_had_come_by_its_end(shop: Shop, tmp_path: Path) -> None:
    lifecycle, events = shop.settings.lifecycle, read_events(shop.settings.folder)
    last = weeks(shop, tmp_path / "kept.json")[-1]
    who = who_is_asked(events, lifecycle, to_us(last.at))
    mine = pd.DataFrame({"customer_id": events.customers[who.customer[who.model == "churn"]], "model": "churn"})
    end = lifecycle.calendar.plus_days(last.at, 7)
    came = Aftermath.known(events, lifecycle, end).of(mine, last.at)["next_event_days"] < 7
    later = Aftermath.known(events, lifecycle, end + timedelta(days=7)).of(mine, last.at)["next_event_days"] < 7
    assert (last.n, last.active) == (len(mine), int(came.sum()))
    assert later.sum() > came.sum()  # what reached us late was not known then


@pytest.mark.usefixtures("few")
def test_other_days_or_a_torn_file_are_computed_again(shop: Shop, tmp_path: Path) -> None:
    week = weeks(shop, tmp_path / "kept.json", days_ago=21)
    longer = weeks(shop, tmp_path / "kept.json", days_ago=21, days=14)
    assert longer[-1].active > next(one for one in week if one.at == longer[-1].at).active
    (tmp_path / "kept.json").write_text('{"form": 1, "of"')
    assert weeks(shop, tmp_path / "kept.json", days_ago=21) == week


def test_a_gap_moves_the_first_days(shop: Shop) -> None:
    lifecycle, manifest = shop.settings.lifecycle, read_log_manifest(shop.settings.folder)
    gapped = lifecycle.__class__(
        definition=lifecycle.definition.model_copy(update={"gap_days": 14}), calendar=lifecycle.calendar
    )
    ends = [mondays(one, manifest.first_event_at, manifest.observed_until, 7)[-1] for one in (lifecycle, gapped)]
    assert ends[0] - ends[1] == timedelta(days=14)


@pytest.mark.usefixtures("few")
def test_who_looks_on_where_the_quiet_past_is_computed_has_the_same_weeks(shop: Shop, tmp_path: Path) -> None:
    settings, manifest = shop.settings, read_log_manifest(shop.settings.folder)
    (champion,) = champions(settings.folder, "monitored")
    trees = TreeShap.from_text(STUMP)
    features = small_shop.features(settings.lifecycle)
    bundle = bundle_of(shop).model_copy(update={"features": features.names[:1], "categories": {}})
    champion, parts = replace(champion, bundle=bundle), log_parts(settings.folder)
    known = look_at(champion, reference_rows(champions(settings.folder, "monitored")[0]))

    def score(vectors: FloatArray) -> FloatArray:
        return bundle.probability(trees.raw(bundle.prepare(vectors)))

    now = manifest.observed_until
    alone = early_weeks(
        bundle, score, parts, features, settings.lifecycle, manifest, days=7, now=now, cache=tmp_path / "alone.json"
    )
    sums = EarlySums(
        bundle, features.hash, settings.lifecycle, manifest, len(parts), days=7, now=now, cache=tmp_path / "on.json"
    )
    assert len(sums.missing) == len(alone) == 6
    pasts(
        [Asked(champion, known, trees)], parts, features, settings.lifecycle, manifest, now=now, cache=tmp_path,
        progress=lambda _: None, watchers={"churn": sums},
    )  # fmt: skip
    assert sums.keep() == alone
    assert (tmp_path / "on.json").read_text() == (tmp_path / "alone.json").read_text()


def test_the_chance_of_activity_is_the_curves_own(shop: Shop) -> None:
    bundle, told = bundle_of(shop), np.array([0.1, 0.5, 0.9])
    silent = CURVE.silent(np.log(told / (1 - told)), told)
    np.testing.assert_allclose(chance_of_activity(bundle, told, 7.0), 1 - silent[:, 0], atol=1e-4)
    half = chance_of_activity(bundle, told, 3.5)
    assert half is not None
    np.testing.assert_allclose(1 - half, silent[:, 0] ** 0.5, atol=1e-4)
    assert chance_of_activity(bundle, told, 91.0) is None
    np.testing.assert_allclose(raw_of(bundle, told), np.log(told / (1 - told)), atol=0.01)


def test_what_is_missing_is_told(shop: Shop) -> None:
    (champion,) = champions(shop.settings.folder, "monitored")
    manifest = read_log_manifest(shop.settings.folder)
    early = early_signs(shop.settings, champion, manifest, manifest.observed_until, lambda _: None)
    assert early.abstains is not None
    assert early.abstains.code == "no_curve"
