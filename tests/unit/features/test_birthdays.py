"""A birthday keeps its month and day alone, by whatever way it comes in."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from features.birthdays import KIND, may_hold_one, month_day, month_day_sql
from features.kind_rows import rows_of_kinds
from features.live.compaction import compact
from features.live.opening import INBOX
from features.sources import ingest
from tests import live_shop
from tests.live_shop import event, intake, taken
from tests.orders_csv import ORDER, rejects_of, rows_of, run

TOLD = [
    ("1990-05-04", "05-04"), ("1990-5-4T00:00:00+08:00", "05-04"), ("1990/05/04", "05-04"), ("1990.05.04", "05-04"),
    ("19900504", "05-04"), ("19900504.0", "05-04"), ("1990年5月4日", "05-04"), ("5月4日", "05-04"),
    ("--05-04", "05-04"), (" 02-29 ", "02-29"), ("1991-02-29", "02-29"), ("05/04/1990", None), ("4 May 1990", None),
    ("90-05-04", None), ("13-01", None), ("02-30", None), ("1990", None), ("", None),
]  # fmt: skip


def test_file_and_live_read_every_form_alike() -> None:
    said = pa.table({"said": [text for text, _ in TOLD]})
    with duckdb.connect(":memory:") as connection:
        connection.register("told", said)
        found = connection.execute(f"SELECT {month_day_sql('said')} FROM told").fetchall()
    assert [day for (day,) in found] == [month_day(text) for text, _ in TOLD] == [day for _, day in TOLD]


PEOPLE = "who,date,born\na,2024-01-01,1990-05-04\nb,2024-01-01,1990/05/06\nc,2024-01-01,07/05/1990\nd,bad,1990-05-08\n"


@pytest.mark.parametrize(
    ("mapping", "born"),
    [
        ({"event_type": None, "attributes": {"birthday": "born"}}, "born"),
        ({"event_type": None, "attributes": {"birthday": "TRY_CAST(replace(born, '-', '') AS INTEGER)"}}, "born"),
        ({"event_type": "'profile.birthday'", "category": "born"}, "birth_date"),
        ({"event_type": "'profile.birthday'", "amount": "replace(born, '-', '')"}, "date_of_birth"),
    ],
)
def test_no_year_comes_in_by_file(tmp_path: Path, mapping: dict[str, Any], born: str) -> None:
    told = {name: one.replace("born", born) if isinstance(one, str) else one for name, one in mapping.items()}
    report = run(tmp_path, PEOPLE.replace("born", born), ORDER | {"customer_id": "who", "amount": None} | told)
    log = rows_of(report)
    assert log.loc[log["customer_id"] == "a", "category"].tolist() == ["05-04"]
    assert log["amount"].isna().all()
    rejects = rejects_of(report)
    assert "unparsable_time" in set(rejects["reason"])
    for frame in (log, rejects):
        assert "1990" not in frame.drop(columns=["row", "raw"], errors="ignore").to_csv()
    assert not any("1990" in str(raw) for raw in rejects["raw"]), "what was refused keeps none either"


def test_what_tells_no_day_is_refused_with_its_mend(tmp_path: Path) -> None:
    mapping = {"event_type": None, "attributes": {"birthday": "born"}, "customer_id": "who", "amount": None}
    report = run(tmp_path, PEOPLE, ORDER | mapping)
    assert report.manifest.rejected == {"bad_birthday": 1, "unparsable_time": 1}


def test_no_year_comes_in_live_and_no_file_of_the_service_holds_one(tmp_path: Path) -> None:
    held = live_shop.settings(tmp_path)
    live_shop.ingested(held)
    opened = intake(held)
    told = {"event_type": KIND, "amount": None, "order_id": None}
    words = [
        event("1", category="1987-11-23", **told),
        event("2", "客 0004", category="19870611", **told),
        event("3", "客 0005", **told | {"amount": 19870715.0}),
    ]
    assert opened.judge(words) == [None] * 3
    assert taken(opened, words) == ["accepted"] * 3
    assert taken(opened, [event("1", category="11-23", **told)]) == ["duplicate"], "the year made no difference"
    wrong = opened.judge([event("4", category="23/11/1987", **told)])[0]
    assert wrong is not None
    assert (wrong.code, "1987" in wrong.problem + wrong.mend) == ("bad_birthday", False)
    opened.close()
    found = rows_of_kinds(held, (KIND,))
    assert dict(zip(found["customer_id"], found["category"], strict=True)) == {
        "客 0003": "11-23", "客 0004": "06-11", "客 0005": "07-15",
    }  # fmt: skip
    assert b"1987" not in (held.folder / INBOX).read_bytes()
    compact(held)
    ingest(held, environ={}, wall=live_shop.Ticking())
    assert set(rows_of_kinds(held, (KIND,))["category"]) == {"11-23", "06-11", "07-15"}


def test_columns_of_birthdays_are_known_by_name_or_by_mapping() -> None:
    assert [may_hold_one(one, "left(bd, 10)") for one in ("birth_date", "DOB", "出生日期", "bd", "order_date")] == [
        True, True, True, True, False,
    ]  # fmt: skip
