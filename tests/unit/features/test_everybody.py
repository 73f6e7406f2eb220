"""Everybody's rows of now, gathered part by part: the rows of the batch in order, few at a time, and nothing stays."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from churn.events import Events
from churn.privacy_sections import Privacy
from features import parquet
from features.current_file import current_groups, read_current, write_current
from features.encryption import KEY, appoint, new_key
from features.everybody import RUN, Everybody, everybody
from features.parts import InMemory, Part
from features.snapshots import current
from tests import small_shop

LOG = small_shop.events(small_shop.log(customers=2500, events=5000))
ASKED = (small_shop.features(), small_shop.LIFECYCLE, small_shop.CUTOFFS[-1])


def parts(count: int = 3) -> list[Part]:
    return [InMemory(LOG.of(LOG.customers[number::count])) for number in range(count)]


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Everybody]:
    with everybody(parts(), *ASKED, folder=tmp_path) as found:
        yield found


@pytest.mark.parametrize("at_once", [1000, 700, 10_000])
def test_blocks_are_the_rows_of_the_batch_in_their_order(people: Everybody, at_once: int) -> None:
    people.at_once = at_once
    whole = current(LOG, *ASKED)
    blocks = list(people.frames())
    assert len(people.ids) > len(parts())  # a part lies in several runs
    assert max(map(len, people.ids)) == RUN
    assert {len(block) for block in blocks[:-1]} <= {at_once}
    pd.testing.assert_frame_equal(pd.concat(blocks, ignore_index=True), whole)
    assert len(people) == len(whole)
    assert dict(people.models) == whole["model"].fillna("none").value_counts().to_dict()
    assert sorted(people.customer_ids.to_pylist()) == list(whole["customer_id"])


def test_written_block_by_block_they_are_the_same_file_of_now(people: Everybody, tmp_path: Path) -> None:
    whole, people.at_once = current(LOG, *ASKED), 600
    write_current(people.frames(), *ASKED[:2], tmp_path / "blocks")
    write_current(whole, *ASKED[:2], tmp_path / "whole")
    (blocks, told), (once, told_once) = read_current(tmp_path / "blocks"), read_current(tmp_path / "whole")
    pd.testing.assert_frame_equal(blocks, once)
    assert told == told_once
    assert max(map(len, current_groups(tmp_path / "blocks"))) == 600


def test_nobody_is_a_table_without_rows(tmp_path: Path) -> None:
    before = small_shop.LIFECYCLE.calendar.plus_days(small_shop.FIRST, -1)
    with everybody([InMemory(LOG)], *ASKED[:2], before, folder=tmp_path) as nobody:
        (frame,) = nobody.frames()
        write_current(nobody.frames(), *ASKED[:2], tmp_path)
    pd.testing.assert_frame_equal(frame, current(LOG, *ASKED[:2], before))
    rows, told = read_current(tmp_path)
    assert (len(nobody), len(rows), told["rows"], told["as_of"]) == (0, 0, 0, None)


def test_nothing_stays_also_where_a_part_fails(tmp_path: Path) -> None:
    class Broken:
        def read(self) -> Events:
            raise OSError(28, "No space left on device")

    with everybody(parts(), *ASKED, folder=tmp_path) as found:
        assert found.path.exists()
    with pytest.raises(OSError, match="No space"), everybody([*parts(), Broken()], *ASKED, folder=tmp_path):
        raise AssertionError
    assert list(tmp_path.iterdir()) == []


def test_the_draft_is_encrypted_where_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, new_key())
    settings = small_shop.settings(tmp_path).model_copy(update={"privacy": Privacy(encrypt_files=True)})
    appoint(settings)
    with everybody(parts(), *ASKED, folder=settings.folder / "features") as found:
        assert parquet.is_encrypted(found.path)
        pd.testing.assert_frame_equal(pd.concat(found.frames(), ignore_index=True), current(LOG, *ASKED))
