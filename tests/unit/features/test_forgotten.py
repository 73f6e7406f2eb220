"""Who was forgotten stays away: no row, no id and no line of theirs comes in again, whatever it looks like."""

from pathlib import Path

import pytest

from features.erasure import Forgotten, is_forgotten
from features.erasure.forgotten import FOLDER, LIST, BrokenForgotten
from features.refusing import EmptyLog
from tests.orders_csv import ORDER, rejects_of, rows_of, run

LEAVER = "客 0007"
LOG = f"""customer_id,date,amount,friend
00001,2024-01-01,11.77,
{LEAVER},2024-01-12 10:30,12.0,00001
{LEAVER},yesterday,3.0,
00002,2024-02-01,7,{LEAVER}
00002,2024-02-02,much,{LEAVER}
{LEAVER},2024-05-05,8,
00003,2024-03-01,9.5,,too,{LEAVER}
"""
MAPPING = {**ORDER, "related_customer_id": "friend"}


def forget(root: Path, *customers: str) -> Forgotten:
    folder = root / "artifacts" / "shop"
    held = Forgotten.read(folder)
    listed = (held if held.salt else Forgotten.new()).blocking(customers, request="r1", at="2024-06-01T00:00:00+00:00")
    listed.write(folder)
    return listed


def test_the_list_names_nobody(tmp_path: Path) -> None:
    forget(tmp_path, LEAVER)
    folder = tmp_path / "artifacts" / "shop"
    assert is_forgotten(folder, ["00001", LEAVER]) == {LEAVER}
    assert LEAVER not in (folder / FOLDER / LIST).read_text(encoding="utf-8")
    other = tmp_path / "other"
    Forgotten.new().blocking([LEAVER], request="r", at="t").write(other)
    assert set(Forgotten.read(folder).hashes) != set(Forgotten.read(other).hashes)  # each business has its own salt


def test_a_person_may_come_back(tmp_path: Path) -> None:
    listed = forget(tmp_path, LEAVER, "00002").letting_back([LEAVER])
    listed.write(tmp_path / "artifacts" / "shop")
    assert is_forgotten(tmp_path / "artifacts" / "shop", [LEAVER, "00002"]) == {"00002"}


def test_nobody_was_forgotten_where_there_is_no_list(tmp_path: Path) -> None:
    assert is_forgotten(tmp_path, [LEAVER]) == set()
    assert LEAVER not in Forgotten()


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 1}', '{"version": 2, "salt": "", "hashes": {}}'])
def test_a_broken_list_lets_nobody_in(tmp_path: Path, content: str) -> None:
    forget(tmp_path, LEAVER)
    (tmp_path / "artifacts" / "shop" / FOLDER / LIST).write_text(content)
    with pytest.raises(BrokenForgotten) as raised:
        run(tmp_path, LOG, MAPPING)
    assert "from a backup" in raised.value.mend


def test_ingest_refuses_the_forgotten_and_keeps_nothing_of_them(tmp_path: Path) -> None:
    before = run(tmp_path, LOG, MAPPING)
    assert LEAVER in set(rows_of(before)["customer_id"])
    forget(tmp_path, LEAVER)
    after = run(tmp_path, LOG, MAPPING)
    rows, rejects = rows_of(after), rejects_of(after)
    assert set(rows["customer_id"]) == {"00001", "00002"}
    assert rows["related_customer_id"].isna().all()
    assert after.manifest.rejected == {"forgotten": 5}
    assert set(rejects["row"]) == {2, 3, 5, 6, 7}
    assert rejects[["customer_id", "raw"]].isna().all().all()
    assert LEAVER not in rejects.to_json(force_ascii=False)
    assert after.manifest.observed_until == before.manifest.observed_until  # their last order was the newest event


def test_refusing_the_forgotten_is_no_fault_of_the_mapping(tmp_path: Path) -> None:
    good = f"customer_id,date,amount\n00001,2024-01-01,1\n{LEAVER},2024-01-02,2\n"
    forget(tmp_path, LEAVER)
    assert run(tmp_path, good, max_rejected_share=0.0).manifest.rejected == {"forgotten": 1}


def test_a_log_of_the_forgotten_alone_is_empty(tmp_path: Path) -> None:
    forget(tmp_path, LEAVER)
    with pytest.raises(EmptyLog):
        run(tmp_path, f"customer_id,date,amount\n{LEAVER},2024-01-02,2\n")
