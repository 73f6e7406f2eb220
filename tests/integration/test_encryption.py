"""Files that are encrypted: whoever has the key reads what was written, nobody else finds a customer in them."""

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from churn.privacy_sections import Privacy
from churn.settings import Settings
from features import parquet
from features.cipher_lines import HEAD, LINE, plain_lines
from features.encryption import (
    KEY,
    KEYS_BEFORE,
    MARK,
    BadFileKey,
    NoFileKey,
    WrongFileKey,
    appoint,
    is_encrypting,
    new_key,
)
from features.erasure.log import erase_from_log
from features.erasure.store import Whom
from features.live.compaction import compact
from features.log import BrokenLog
from features.log_reading import read_events
from features.reencrypting import key_of, rewrite
from features.sources import ingest
from features.store import FeatureStore
from monitoring.reading.windows import read_scores
from serving.erasing import erase_from_score_log
from serving.refusals import Erased
from serving.score_index import recall
from serving.score_log import FOLDER, ScoreLog, read
from tests import live_shop, small_shop, tiny_service
from tests.searching import naming

LEAVER = "客 0007"


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(KEY, made := new_key())
    return made


@pytest.fixture
def shop(tmp_path: Path, key: str) -> Settings:
    """The live shop, ingested with encryption, and its twin without."""
    settings = live_shop.settings(tmp_path)
    ingest(settings, environ={}, wall=live_shop.Ticking())
    settings.folder.rename(tmp_path / "plain")
    encrypted = settings.model_copy(update={"privacy": Privacy(encrypt_files=True)})
    appoint(encrypted)
    ingest(encrypted, environ={}, wall=live_shop.Ticking())
    return encrypted


def manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "log" / "manifest.json").read_text()))


def test_a_log_says_the_same_and_shows_nothing(shop: Settings, tmp_path: Path) -> None:
    twin = tmp_path / "plain"
    assert naming(twin, LEAVER)
    assert naming(shop.folder, LEAVER) == set()
    assert all(parquet.is_encrypted(path) for path in shop.folder.rglob("*.parquet"))
    ours, theirs = read_events(shop.folder), read_events(twin)
    assert ours.customers.tolist() == theirs.customers.tolist()
    assert ours.amount.tobytes() == theirs.amount.tobytes()
    assert read_events(shop.folder, [LEAVER]).customers.tolist() == [LEAVER]
    assert manifest(shop.folder)["log_hash"] == manifest(twin)["log_hash"], "the content has one hash"


def test_a_customer_is_erased_from_an_encrypted_log(shop: Settings, tmp_path: Path) -> None:
    whom = Whom(frozenset({LEAVER}))
    assert erase_from_log(shop.folder, whom).rows == erase_from_log(tmp_path / "plain", whom).rows > 0
    assert LEAVER not in read_events(shop.folder).customers.tolist()
    assert manifest(shop.folder)["log_hash"] == manifest(tmp_path / "plain")["log_hash"]


def test_a_live_event_is_compacted_into_an_encrypted_log(shop: Settings) -> None:
    before = len(read_events(shop.folder))
    opened = live_shop.intake(shop)
    assert live_shop.taken(opened, [live_shop.event("l1", LEAVER), live_shop.event("l2", "客 new")]) == ["accepted"] * 2
    opened.close()
    assert compact(shop, wall=live_shop.Ticking()).events == 2
    assert len(read_events(shop.folder)) == before + 2
    assert all(parquet.is_encrypted(path) for path in shop.folder.rglob("*.parquet"))


def test_a_snapshot_and_its_past_are_read(tmp_path: Path, key: str) -> None:
    settings = small_shop.settings(tmp_path).model_copy(update={"privacy": Privacy(encrypt_files=True)})
    appoint(settings)
    plain = small_shop.frozen(tmp_path / "elsewhere")
    snapshot = small_shop.frozen(settings.folder)
    assert snapshot.manifest["hash"] == plain.manifest["hash"]
    assert parquet.is_encrypted(snapshot.rows_path)
    assert naming(settings.folder, LEAVER) == set()
    store = FeatureStore(settings)
    store.apply(small_shop.features(), snapshot.rows_path)
    frame = snapshot.frame
    answer = store.history(frame[["customer_id", "event_timestamp"]].head(20))
    names = list(small_shop.features().names)
    pd.testing.assert_frame_equal(answer[names], frame[names].head(20), check_dtype=False)
    assert naming(settings.folder, LEAVER) == set()


@pytest.fixture
def log(tmp_path: Path, key: str) -> Path:
    """A score log of three answers; the folder of the business."""
    settings = tiny_service.settings(tmp_path).model_copy(update={"privacy": Privacy(encrypt_files=True)})
    appoint(settings)
    ids = ["C1", LEAVER, "C2"]
    answers = tiny_service.scorer().score(ids, [tiny_service.row(one) for one in ids], language="en", top=2)
    held = ScoreLog(settings.folder)
    for answer in answers:
        held.append([answer.log_row()]).result()
    held.close()
    return settings.folder


def segment(folder: Path) -> Path:
    (found,) = (folder / FOLDER).glob("*.jsonl")
    return found


def test_a_score_log_reads_as_it_was_written(log: Path) -> None:
    stored = segment(log).read_bytes().splitlines()
    assert stored[0].startswith(HEAD)
    assert [line[:1] for line in stored[1:]] == [LINE] * 3
    assert naming(log, "score_id") == naming(log, LEAVER) == set()
    assert read(log)["customer_id"].tolist() == ["C1", LEAVER, "C2"]
    assert len(read_scores(log).frame) == 3
    assert read_scores(log).unreadable == 0


def test_a_line_is_erased_where_it_stands(log: Path) -> None:
    score_id = str(read(log)["score_id"].iloc[1])
    size = segment(log).stat().st_size
    assert erase_from_score_log(log, Whom(frozenset({LEAVER}))).rows == 1
    assert segment(log).stat().st_size == size
    assert read(log)["customer_id"].tolist() == ["C1", "C2"]
    with pytest.raises(Erased):
        recall(log, score_id)
    assert recall(log, str(read(log)["score_id"].iloc[0])).row["customer_id"] == "C1"
    assert erase_from_score_log(log, Whom(frozenset({LEAVER}))).rows == 0


def test_a_torn_and_a_changed_line_are_no_answers(log: Path) -> None:
    path = segment(log)
    lines = path.read_bytes().splitlines(keepends=True)
    changed = lines[1][:40] + (b"A" if lines[1][40:41] != b"A" else b"B") + lines[1][41:]
    path.write_bytes(b"".join([lines[0], changed, lines[2], lines[3][:50]]))
    assert read_scores(log).unreadable == 2
    assert [json.loads(line)["customer_id"] for line in list(plain_lines(path))[1:2]] == [LEAVER]


def test_without_its_key_nothing_is_read(log: Path, shop: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = next((shop.folder / "log").glob("bucket*"))
    for given, family in ((None, NoFileKey), (new_key(), WrongFileKey), ("mellon", BadFileKey)):
        monkeypatch.delenv(KEY) if given is None else monkeypatch.setenv(KEY, given)
        for ask in (lambda: read(log), lambda: parquet.read_table(bucket), lambda: read_events(shop.folder)):
            with pytest.raises(family) as told:
                ask()
            assert KEY in told.value.mend or "new-key" in told.value.mend
            assert "mellon" not in str(told.value)


def test_a_key_that_was_replaced_reads_on(shop: Settings, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, new_key())
    monkeypatch.setenv(KEYS_BEFORE, f"{new_key()}, {key}")
    assert LEAVER in read_events(shop.folder).customers.tolist()


def test_a_damaged_file_is_told_and_never_read_as_something_else(shop: Settings) -> None:
    bucket = max((shop.folder / "log").glob("bucket*"), key=lambda path: path.stat().st_size)
    content = bytearray(bucket.read_bytes())
    content[60] ^= 1
    bucket.write_bytes(content)
    with pytest.raises(BrokenLog):
        read_events(shop.folder)


def test_switched_off_what_is_encrypted_is_read_and_what_is_written_is_plain(shop: Settings) -> None:
    appoint(shop.model_copy(update={"privacy": Privacy()}))
    assert not (shop.folder / MARK).exists()
    assert LEAVER in read_events(shop.folder).customers.tolist()
    parquet.write_table(pa.table({"x": [1]}), shop.folder / "new.parquet")
    assert not parquet.is_encrypted(shop.folder / "new.parquet")


def test_only_what_lies_with_the_business_is_encrypted(shop: Settings, tmp_path: Path) -> None:
    assert is_encrypting(shop.folder / "any" / "where")
    assert not is_encrypting(tmp_path / "sheet.parquet")


def test_files_are_written_anew_as_the_settings_ask(
    shop: Settings, log: Path, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain to encrypted, to another key, and back: what they say stays, what they are kept as changes."""
    before, plain = read_events(shop.folder), shop.model_copy(update={"privacy": Privacy()})
    appoint(plain)
    assert rewrite(shop.folder).rewritten > 0
    assert naming(shop.folder, LEAVER)
    assert not any(key_of(path) for path in shop.folder.rglob("*.parquet"))
    monkeypatch.setenv(KEY, newer := new_key())
    appoint(shop)
    first = rewrite(shop.folder)
    assert (first.kept, rewrite(shop.folder).rewritten, rewrite(shop.folder).kept) == (0, 0, first.rewritten)
    assert naming(shop.folder, LEAVER) == set()
    assert read_events(shop.folder).amount.tobytes() == before.amount.tobytes()
    monkeypatch.setenv(KEYS_BEFORE, key)
    told = read(log)
    assert rewrite(log).rewritten == 1, "its segment had the key of before"
    monkeypatch.delenv(KEYS_BEFORE)
    pd.testing.assert_frame_equal(read(log), told)
    monkeypatch.setenv(KEY, key)
    with pytest.raises(WrongFileKey):
        read(log)
    assert newer


def test_a_segment_that_is_being_written_is_left(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = segment(log)
    writing = ScoreLog(log)
    answer = tiny_service.scorer().score(["C9"], [tiny_service.row("C9")], language="en", top=2)[0]
    writing.append([answer.log_row()]).result()
    (busy,) = set((log / FOLDER).glob("*.jsonl")) - {done}
    monkeypatch.setenv(KEYS_BEFORE, os.environ[KEY])
    monkeypatch.setenv(KEY, new_key())
    assert rewrite(log).in_use == (busy,)
    writing.close()
    assert rewrite(log).in_use == ()
    assert read(log)["customer_id"].tolist() == ["C1", LEAVER, "C2", "C9"]
