"""Who objects to what: the newest word counts, known in time, from the log and from the inbox."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from churn.privacy_sections import Privacy
from churn.settings import Settings
from features.catalogue import catalogue
from features.catalogue.kinds import KNOWN, SILENT
from features.live.compaction import compact
from features.live.event import LiveEvent
from features.live.opted_out import MARK, OptedOut
from features.log import read_log_manifest
from features.opt_outs import (
    CATEGORIES,
    KINDS,
    ROWS,
    category_of,
    left_out_of_learning,
    nearest,
    opt_outs,
    standing,
)
from features.parts import log_parts
from features.snapshot_rows import Question
from features.snapshots import Snapshot, freeze_all
from tests import live_shop
from tests.live_shop import NOW, Ticking, event, intake, taken


def said(
    number: str, who: str = "客 0003", kind: str = "opt_out", category: str | None = "scoring", minutes: float = 60
) -> LiveEvent:
    """A word of a customer some minutes before NOW."""
    return event(number, who, minutes, event_type=kind, category=category, amount=None, order_id=None)


def who(found: pd.DataFrame, category: str = "scoring") -> set[str]:
    """Customers who object to something."""
    return set(found.loc[found["category"] == category, "customer_id"])


def test_every_kind_is_listed_and_makes_no_feature(tmp_path: Path) -> None:
    assert set(KINDS) == SILENT
    assert set(KINDS) <= set(KNOWN)
    held = live_shop.settings(tmp_path)
    plain = catalogue(["order", "visit"], {"order": {"amount"}}, held.lifecycle)
    more = catalogue(["order", "visit", *KINDS], {"order": {"amount"}, "opt_out": {"category"}}, held.lifecycle)
    assert plain.hash == more.hash


def test_the_newest_word_counts_and_at_one_instant_the_objection(tmp_path: Path) -> None:
    held = live_shop.settings(tmp_path)
    live_shop.ingested(held)
    with_words = [
        said("1", "客 0001", minutes=90), said("2", "客 0001", "opt_in", minutes=30),  # and again
        said("3", "客 0002", "opt_in", minutes=50), said("4", "客 0002", minutes=50),
        said("5", "客 0003", "opt_in", minutes=20), said("6", "客 0003", minutes=90),  # told late, happened before
        said("7", "客 0004", category=None), said("8", "客 0004", category="微信"),
    ]  # fmt: skip
    opened = intake(held)
    taken(opened, with_words)
    opened.close()
    found = opt_outs(held)
    assert who(found) == {"客 0002"}
    assert who(found, "contact") == who(found, "wechat") == {"客 0004"}
    assert list(opt_outs(held, categories=["wechat"])["category"]) == ["wechat"]
    (since,) = found.loc[found["customer_id"] == "客 0002", "since"]
    assert since == NOW - timedelta(minutes=50)


def test_log_and_inbox_say_the_same_and_only_what_was_known(tmp_path: Path) -> None:
    held = live_shop.settings(tmp_path)
    live_shop.ingested(held)
    assert opt_outs(held).empty
    opened = intake(held)
    taken(opened, [said("1"), said("2", "客 0005", category="email")])
    told = opt_outs(held)
    compact(held, wall=Ticking(NOW + timedelta(hours=1)))
    compact(held, wall=Ticking(NOW + timedelta(hours=2)))  # the inbox holds the events no more
    opened.close()
    assert opt_outs(held).equals(told)
    assert opt_outs(held, NOW - timedelta(minutes=30)).empty  # it had happened, and nobody knew
    assert who(opt_outs(held, NOW + timedelta(hours=1))) == {"客 0003"}


def test_an_objection_in_words_nobody_knows_is_not_lost(tmp_path: Path) -> None:
    held = live_shop.settings(tmp_path)
    live_shop.ingested(held)
    opened = intake(held)
    taken(opened, [said("1", category="scorring"), said("2", "客 0004", category="newsletter")])
    assert who(opt_outs(held)) == {"客 0003"}
    assert who(opt_outs(held), "contact") == {"客 0003", "客 0004"}
    taken(opened, [said("3", kind="opt_in", category="scorring", minutes=5)])
    assert who(opt_outs(held)) == {"客 0003"}  # what nobody understands lifts nothing
    taken(opened, [said("4", kind="opt_in", category="scoring", minutes=4)])
    assert who(opt_outs(held)) == set()
    opened.close()


def test_words_for_categories() -> None:
    assert {category_of(one) for one in CATEGORIES} == set(CATEGORIES)
    assert [category_of(one) for one in ("", "  ", "画像", "E-Mail", "电话", "scorring")] == [
        "contact", "contact", "scoring", "email", "phone", None,
    ]  # fmt: skip
    assert (nearest("scorring"), nearest("xyz")) == ("scoring", None)


def test_whoever_is_told_accepted_is_heeded_by_every_process(tmp_path: Path) -> None:
    held = live_shop.settings(tmp_path)
    live_shop.ingested(held)
    worker, other = OptedOut(held), OptedOut(held)
    assert worker.among(["客 0003"]) == other.among(["客 0003"]) == set()
    opened = intake(held)
    taken(opened, [event("o1")])
    assert not (held.folder / MARK).exists()  # an order is no reason to look
    for turn in range(3):
        taken(opened, [said(f"out{turn}", minutes=30 - 2 * turn)])
        assert worker.among(["客 0003", "客 0004"]) == other.among(["客 0003"]) == {"客 0003"}
        taken(opened, [said(f"in{turn}", kind="opt_in", minutes=29 - 2 * turn)])
        assert worker.among(["客 0003"]) == other.among(["客 0003"]) == set()
    taken(opened, [said("last", minutes=1), said("all", category="", minutes=1)])
    for _ in range(3):  # the log has them, the inbox does not, and nothing changes
        compact(held, wall=Ticking(NOW + timedelta(hours=1)))
        assert worker.among(["客 0003"]) == {"客 0003"} == worker.among(["客 0003"], "contact")
        worker.settle()
    taken(opened, [said("never", "客 0009", minutes=1)])
    assert (
        worker.among(["客 0009", "客 0003", "客 0001"])
        == {"客 0009", "客 0003"}
        == OptedOut(held).among(["客 0009", "客 0003"])
    )
    opened.close()


def test_a_log_that_was_made_anew_is_taken_up(tmp_path: Path) -> None:
    held = live_shop.settings(tmp_path)
    live_shop.ingested(held)
    worker = OptedOut(held)
    assert worker.among(["客 0001"]) == set()
    source = tmp_path / "shop.parquet"
    frame = pd.read_parquet(source)
    frame["category"] = None
    frame.loc[0, ["customer_id", "event_type", "category"]] = ["客 0001", "opt_out", "scoring"]
    frame.to_parquet(source)
    changed = held.model_copy(update={"source": (held.source[0].model_copy(update={"category": "category"}),)})
    live_shop.ingested(changed)
    worker.among(["客 0001"])
    worker.settle()
    assert worker.among(["客 0001"]) == {"客 0001"}


def test_opt_outs_are_no_activity(tmp_path: Path) -> None:
    held = live_shop.settings(tmp_path)
    live_shop.ingested(held)
    opened = intake(held)
    before = opened.refresher.features
    taken(opened, [said("1", "somebody new")])
    (row,) = opened.refresher._store.rows(["somebody new"])  # what a request would read
    assert row is not None
    assert (row.stage, row.model) == ("prospect", None)
    assert before.hash == live_shop.features(held).hash
    opened.close()


@pytest.mark.parametrize("superseded_us", [None, 9])
def test_an_objection_that_was_taken_back_stands_no_more(superseded_us: int | None) -> None:
    row = {
        "customer_id": "a", "event_type": "opt_out", "category": "scoring", "event_timestamp": 1, "ingested_at": 1,
        "superseded_at": superseded_us,
    }  # fmt: skip
    rows = pa.Table.from_pylist([row], schema=ROWS)
    assert who(standing(rows, 9)) == {"a"}
    assert who(standing(rows, 10)) == ({"a"} if superseded_us is None else set())


def test_no_model_learns_from_who_objects_unless_the_settings_say_so(tmp_path: Path) -> None:
    held = live_shop.settings(tmp_path, customers=60, events=2_000)
    live_shop.ingested(held)
    plain = _frozen(held)
    opened = intake(held)
    taken(opened, [said("1"), said("2", "客 0005"), said("3", "客 0006", category="email")])
    opened.close()
    assert left_out_of_learning(held) == {"客 0003", "客 0005"}
    without = _frozen(held)
    theirs = plain.frame["customer_id"].isin({"客 0003", "客 0005"})
    assert theirs.any()
    pd.testing.assert_frame_equal(without.frame, plain.frame[~theirs].reset_index(drop=True))
    assert without.manifest["opted_out_customers"] == 2
    assert "opted_out_customers" not in plain.manifest
    allowing = held.model_copy(update={"privacy": Privacy(learn_from_opted_out=True)})
    assert _frozen(allowing).hash == plain.hash


def _frozen(held: Settings) -> Snapshot:
    """The cutoff two months before NOW, for learning."""
    manifest = read_log_manifest(held.folder)
    cutoff = held.lifecycle.calendar.midnight(datetime(2024, 12, 30, tzinfo=UTC).date())
    question = Question((cutoff,), manifest.observed_until, left_out_of_learning(held))
    (made,) = freeze_all(
        log_parts(held.folder), live_shop.features(held), held.lifecycle, [question], log_hash=manifest.log_hash,
        folder=held.folder,
    )  # fmt: skip
    return made
