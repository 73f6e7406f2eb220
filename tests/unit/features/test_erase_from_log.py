"""A log without a customer: the same, byte by byte, as an ingest that refuses them; other buckets are left alone."""

from pathlib import Path

import pytest

from features.erasure.log import erase_from_log
from features.erasure.store import NOTHING, Whom
from features.file_lock import Busy
from features.log import LOG, LOG_BEFORE, NoLog, bucket_name, bucket_of, read_log_manifest
from features.log_reading import read_events
from features.shelf import workshop
from tests.orders_csv import ORDER, rejects_of, rows_of, run
from tests.unit.features.test_forgotten import LEAVER, forget

MAPPING = {**ORDER, "event_type": "kind", "related_customer_id": "friend"}
HEAD = "customer_id,date,amount,kind,friend\n"


def orders(customers: int = 60) -> str:
    """Three events a customer; the leaver has the first and the last, some rows that are none, and one friend."""
    names = [f"C{number:03d}" for number in range(customers)]
    rows = [f"{name},2024-0{month}-1{n % 10},{n},order," for n, name in enumerate(names) for month in (2, 3, 4)]
    rows += [f"{LEAVER},2024-01-01,5,order,", f"{LEAVER},2024-05-05,5,farewell,", f"{LEAVER},2024-03-03,much,order,"]
    rows += [
        f"C007,2024-03-03,1,referral,{LEAVER}",
        f"C008,2024-03-03,,referral,{LEAVER}",
        f"C009,2024-02-30,,x,{LEAVER}",
    ]
    return HEAD + "\n".join([*rows, f'C010,2024-03-03,1,order,,"{LEAVER}"']) + "\n"


def folder_of(root: Path) -> Path:
    return root / "artifacts" / "shop"


def test_what_is_left_is_what_an_ingest_writes_that_refuses_them(tmp_path: Path) -> None:
    run(tmp_path, orders(), MAPPING)
    erased = erase_from_log(folder_of(tmp_path), Whom(frozenset({LEAVER})))
    after = read_log_manifest(folder_of(tmp_path))
    forget(tmp_path, LEAVER)
    again = run(tmp_path, orders(), MAPPING)
    told = {"rejected": {}, "columns": {}}  # an ingest counts their good rows too
    assert after.as_json() | told == again.manifest.as_json() | told
    assert (erased.rows, erased.found) == (2 + 3, {LEAVER})
    assert after.rejected == {"forgotten": 3}
    assert "farewell" not in after.kinds


def test_only_what_names_them_is_written(tmp_path: Path) -> None:
    report = run(tmp_path, orders(), MAPPING)
    before = {path.name: path.stat().st_ino for path in report.path.iterdir()}
    erased = erase_from_log(folder_of(tmp_path), Whom(frozenset({LEAVER})))
    touched = {name for name, inode in before.items() if (report.path / name).stat().st_ino != inode}
    named = {bucket_name(bucket_of(name, 16)) for name in (LEAVER, "C007", "C008")}
    assert touched == {*named, "rejects.parquet", "manifest.json"}
    assert erased.files == len(named) + 1
    assert erased.bytes_written == sum((report.path / name).stat().st_size for name in touched - {"manifest.json"})


def test_nobody_is_named_any_more(tmp_path: Path) -> None:
    report = run(tmp_path, orders(), MAPPING)
    assert LEAVER in rejects_of(report).to_json(force_ascii=False)
    erase_from_log(folder_of(tmp_path), Whom(frozenset({LEAVER})))
    told = rows_of(report).to_json(force_ascii=False) + rejects_of(report).to_json(force_ascii=False)
    assert LEAVER not in told
    assert len(read_events(folder_of(tmp_path), [LEAVER])) == 0
    assert len(read_events(folder_of(tmp_path))) == 60 * 3 + 2


def test_who_is_not_there_changes_nothing(tmp_path: Path) -> None:
    report = run(tmp_path, orders(), MAPPING)
    inode = report.path.stat().st_ino
    assert erase_from_log(folder_of(tmp_path), Whom(frozenset({"nobody"}))) == NOTHING
    assert report.path.stat().st_ino == inode
    assert erase_from_log(tmp_path / "nothing", Whom(frozenset({"nobody"}))) == NOTHING


def test_whoever_is_on_the_list_goes_though_nobody_names_them(tmp_path: Path) -> None:
    run(tmp_path, orders(), MAPPING)
    listed = forget(tmp_path, LEAVER)
    assert erase_from_log(folder_of(tmp_path), Whom(listed=listed)).found == {LEAVER}


def test_the_last_customer_takes_the_log_along(tmp_path: Path) -> None:
    run(tmp_path, f"{HEAD}{LEAVER},2024-01-01,5,order,\n", MAPPING)
    assert erase_from_log(folder_of(tmp_path), Whom(frozenset({LEAVER}))).rows == 1
    with pytest.raises(NoLog):
        read_log_manifest(folder_of(tmp_path))


def test_a_log_that_was_left_aside_by_a_kill_goes_too(tmp_path: Path) -> None:
    report = run(tmp_path, orders(), MAPPING)
    aside = report.path.with_name(LOG_BEFORE)
    report.path.rename(aside)  # killed while the folder was replaced
    assert erase_from_log(folder_of(tmp_path), Whom(frozenset({LEAVER}))).rows == 5
    assert not aside.exists()
    aside.mkdir()  # killed after that
    erase_from_log(folder_of(tmp_path), Whom(frozenset({LEAVER})))
    assert not aside.exists()
    assert (folder_of(tmp_path) / LOG).exists()


def test_one_at_a_time(tmp_path: Path) -> None:
    run(tmp_path, orders(), MAPPING)
    with workshop(folder_of(tmp_path)), pytest.raises(Busy) as raised:
        erase_from_log(folder_of(tmp_path), Whom(frozenset({LEAVER})))
    assert "wait until it is done" in raised.value.mend
