"""What is told of reasons: the page, the card, the room; and whether they stay under refit."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from churn.calendar import DAY_US, to_us
from churn.errors import NoChampion, SettingsError
from churn.events import Events
from churn.stated import SPEAK_OF, Stated, cause_of, stated
from cli import explain as room
from features.parts import InMemory
from tests.unit.training import made
from training.card_reasons import about_reasons
from training.challenger import Challenger, train
from training.explain import Trees, usual_moves
from training.fit import fit
from training.keep import keep
from training.manifest import MANIFEST
from training.reasons.counted import Share
from training.reasons.deletion import Deletion
from training.reasons.grouped import Groups
from training.reasons.heard import OpenNow, open_now, said_before
from training.reasons.hits import HitRates
from training.reasons.page import page
from training.reasons.pictures import reason_pictures
from training.reasons.report import Asked, report_of
from training.reasons.stability import Manner, stability
from training.reasons.told import reasons_told
from training.recipe import Recipe
from training.reproduce import recipe_of
from training.rows import Columns, Rows
from training.versions import MemoryRegistry, NoChallenger


@pytest.fixture(scope="module")
def challenger(tmp_path_factory: pytest.TempPathFactory) -> Challenger:
    shop = made.settings(tmp_path_factory.mktemp("made"))
    return train("churn", *made.snapshots(made.log(900), shop), shop, progress=lambda _text: None)


@pytest.fixture(scope="module")
def asked(challenger: Challenger) -> Asked:
    return Asked.of(challenger.bundle, challenger.booster, challenger.test_rows)


def test_a_report_is_told_in_two_languages(asked: Asked, challenger: Challenger, tmp_path: Path) -> None:
    said = {(str(asked.rows.customer[0]), int(asked.rows.cutoff_us[0])): stated_once()}
    found = report_of(asked, version=3, model_hash="a" * 64, said=said, learned=None, seed=7)
    assert found.off < 1e-9
    assert found.stability is None
    assert found.stated == {"price": 1}
    assert found.hits is None, "one customer is too few"
    found = replace(found, open_cases={"complaint": OpenNow(2, 3, 9.4), "support_ticket": None})
    assert sum(one.share for one in found.groups) == pytest.approx(1.0)
    assert sum(one.first for one in found.groups) == pytest.approx(1.0)
    drawings = reason_pictures(list(found.features), asked.contributions, asked.X, asked.bundle)
    assert all(png.startswith(b"\x89PNG") for png in drawings.values())
    told = page(found, asked.bundle, made.settings(tmp_path), drawings)
    for words in ("Deletion", "删除检验", "How far the reasons can be trusted", "Made-up shop", "data:image/png"):
        assert words in told
    assert "3 of 2 customers, the oldest for 9 days" in told
    assert "日志从未记录解决" in told
    json.dumps(found.as_json())
    rude = replace(found, stated={f"“<script>{place}</script>”": 2 for place in range(20)})
    told = page(rude, asked.bundle, made.settings(tmp_path), {})
    assert "<script>" not in told, "words of a log are words, not HTML"
    assert told.count("&lt;script&gt;") == 30, "fifteen, in two languages"
    assert "5 others" in told


@pytest.mark.parametrize(("right", "said"), [(90, True), (10, False)])
def test_the_page_says_where_naming_one_cause_for_all_is_right_more_often(
    asked: Asked, tmp_path: Path, right: int, said: bool
) -> None:
    some, common = Share(20, 100), Share(right, 100)
    hits = HitRates(some, some, some, some, 0.1, 0.1, common, "service", common, "rhythm", {"anger": 100})
    found = report_of(asked, version=1, model_hash="a" * 64, said={}, learned=None, seed=7)
    told = page(replace(found, hits=hits), asked.bundle, made.settings(tmp_path), {})
    assert ("is right more often" in told, "而非为何离开" in told) == (said, said)


def test_words_of_few_customers_are_counted_and_not_repeated(asked: Asked) -> None:
    (one,) = stated_once()
    words = ["my name is Ann", "the parrot", "the parrot", *["too far"] * 5]
    said = {(f"c{place}", 1): [replace(one, code=None, said=word)] for place, word in enumerate(words)}
    found = report_of(asked, version=1, model_hash="a" * 64, said=said, learned=None, seed=7)
    assert found.stated == {"“too far”": 5, "other_words": 3}


def stated_once() -> list[Stated]:
    frame = pd.DataFrame(
        {
            "customer_id": ["a"],
            "event_type": ["survey"],
            "event_timestamp": pd.Series([made.START]).astype("datetime64[us, UTC]"),
            "reason_code": ["price"],
        }
    )
    return list(stated(Events.from_frame(frame), to_us(made.START) + DAY_US)["a"])


def test_what_was_said_is_read_as_of_each_cutoff(asked: Asked) -> None:
    customer, cutoff = str(asked.rows.customer[0]), int(asked.rows.cutoff_us[0])
    days = pd.to_datetime([cutoff - DAY_US, cutoff + DAY_US], unit="us", utc=True).astype("datetime64[us, UTC]")
    frame = pd.DataFrame(
        {
            "customer_id": [customer, customer],
            "event_type": "survey",
            "event_timestamp": days,
            "reason_code": ["price", "product"],
        }
    )
    found = said_before([InMemory(Events.from_frame(frame))], asked.rows)
    assert [one.code for one in found[customer, cutoff]] == ["price"]
    assert cause_of("price") in SPEAK_OF


def test_open_cases_are_counted_where_the_log_tells_solutions(asked: Asked) -> None:
    newest = int(asked.rows.cutoff_us.max())
    customers = asked.rows.customer[asked.rows.cutoff_us == newest][:3].tolist()
    days = pd.to_datetime([newest - days * DAY_US for days in (9, 4, 8, 3)], unit="us", utc=True)
    frame = pd.DataFrame(
        {
            "customer_id": [customers[0], customers[0], customers[1], customers[1]],
            "event_type": ["complaint", "complaint", "complaint", "complaint_solved"],
            "event_timestamp": days.astype("datetime64[us, UTC]"),
        }
    )
    told, apart = Events.from_frame(frame), Events.from_frame(frame.iloc[:2])
    assert open_now([InMemory(told)], asked.rows) == {"complaint": OpenNow(1, 2, 9.0), "support_ticket": None}
    solved = Events.from_frame(frame.iloc[2:])
    assert open_now([InMemory(apart), InMemory(solved)], asked.rows)["complaint"] == OpenNow(1, 2, 9.0)
    assert open_now([InMemory(apart)], asked.rows)["complaint"] is None, "who knows which are open?"


def test_the_card_tells_groups_features_and_the_deletion_test(challenger: Challenger) -> None:
    found = reasons_told(challenger, seed=7)
    parts = {heading: (paragraphs, table) for heading, paragraphs, table in about_reasons(found, challenger.bundle)}
    assert list(parts) == ["What it looks at", "Feature by feature", "How far its reasons can be trusted"]
    (told,) = parts["How far its reasons can be trusted"][0]
    assert "Deletion test" in told
    assert set(found.pictures) == {"summary.png", "dependence.png"}
    json.dumps(found.as_json())
    alone = replace(found, deletion=Deletion(Share(0, 0), Share(0, 0), Share(0, 0), 0.0, 0.0))
    assert "one group alone" in about_reasons(alone, challenger.bundle)[2][1][0]
    wrong = replace(found, deletion=replace(found.deletion, beats_random=Share(9, 10)))
    assert "below 95%: do not rely" in about_reasons(wrong, challenger.bundle)[2][1][0]
    for hits, words in ((90, "below 95%: it need not"), (96, "96.0%")):
        first = replace(found.deletion, beats_random=Share(99, 100), told_beats_random=Share(hits, 100))
        (told,) = about_reasons(replace(found, deletion=first), challenger.bundle)[2][1]
        assert ("below 95%" in told, words in told) == (hits < 95, True)
        assert first.as_json()["told_passed"] is (hits >= 95)


def test_the_room_explains_a_registered_version(challenger: Challenger) -> None:
    folder = challenger.train.path.parents[1]
    shop = made.settings(folder.parent)
    version = keep(challenger, MemoryRegistry(), shop)
    found, path = room.explained(version, shop, [InMemory(Events.from_frame(made.log(50)))])
    assert path == folder / "reasons" / "churn.html"
    assert json.loads((folder / "reasons" / "churn.json").read_text())["deletion"]["passed"] is found.deletion.passed
    told = "\n".join(room.lines(found, path))
    assert "deletion" in told
    assert ("deletion, reason told first" in told) is (found.deletion.told_beats_random.n > 0)
    assert ("stability" in told) is (version.bundle.learner == "lightgbm"), "a rule is not fitted again"


def test_the_version_asked_for_is_explained(challenger: Challenger) -> None:
    shop = made.settings(challenger.train.path.parents[2])
    registry = MemoryRegistry()
    first, second = keep(challenger, registry, shop), keep(challenger, registry, shop)
    with pytest.raises(NoChampion) as none:
        room.version_of(registry, first.name, None, is_champion=True)
    assert "churn promote" in none.value.mend
    registry.crown(first.name, first.version)
    assert room.version_of(registry, first.name, None, is_champion=True).version == first.version
    assert room.version_of(registry, first.name, None, is_champion=False).version == second.version
    assert room.version_of(registry, first.name, first.version, is_champion=False).version == first.version
    with pytest.raises(NoChallenger) as missing:
        room.version_of(registry, first.name, 99, is_champion=False)
    assert "churn mlflow" in missing.value.mend, "training another makes no version 99"
    with pytest.raises(SettingsError) as both:
        room.explain(shop, "churn", number=1, is_champion=True)
    assert "one of the two" in both.value.mend


def test_what_is_fitted_again_is_fitted_by_the_recipe_of_the_version(challenger: Challenger) -> None:
    registry = MemoryRegistry()
    version = keep(challenger, registry, made.settings(challenger.train.path.parents[2]))
    assert recipe_of(registry, version.name, version.version) == Recipe()
    told = json.loads(registry.annotation(version.name, version.version, MANIFEST) or "")
    told["recipe"]["num_leaves"] = 31
    registry.annotate(version.name, version.version, texts={MANIFEST: json.dumps(told)})
    assert recipe_of(registry, version.name, version.version) == Recipe(num_leaves=31)


@pytest.mark.slow
def test_reasons_stay_when_other_customers_are_drawn(asked: Asked, challenger: Challenger) -> None:
    learned = Rows.of(challenger.train.frame, Columns.of(challenger.train.manifest), "churn")
    fitted = fit(learned, whole_from_us=0, seed=7, threads=1, trees=30)
    bundle = asked.bundle.model_copy(
        update={"categories": fitted.categories, "usual_moves": usual_moves(fitted, learned)}
    )
    sums = Groups.of(bundle).sums(Trees(fitted.booster).contributions(bundle.prepare(asked.rows.X)))
    manner = Manner(monotone={"order_days_since": "rising"}, select=True)
    stays = stability(learned, asked.rows.X, sums, bundle, trees=30, seed=7, manner=manner)
    assert min(stays.rank_correlation) > 0.5
    assert stays.same_top.share > 0.5
    json.dumps(stays.as_json())


def test_reasons_of_one_group_alone_stay(asked: Asked, challenger: Challenger) -> None:
    learned = Rows.of(challenger.train.frame, Columns.of(challenger.train.manifest), "churn")
    bundle = asked.bundle.model_copy(update={"reasons": dict.fromkeys(asked.bundle.features, "silence")})
    sums = Groups.of(bundle).sums(asked.contributions)
    stays = stability(learned, asked.rows.X, sums, bundle, trees=2, seed=7)
    assert stays.same_top.share == stays.clear_same_top.share == 1
