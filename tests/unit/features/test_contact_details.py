"""Contact details: read with clear errors that repeat none of them, and never a source of events."""

from pathlib import Path

import pandas as pd
import pytest

from churn.errors import WrongColumns
from churn.sections import Contacts
from churn.settings import Settings
from features.contact_details import NoContacts, WrongContacts, contact_details
from features.contact_path import ContactsAsSource
from features.sources import ingest
from tests.orders_csv import ORDER, ORDERS, shop

COLUMNS = {"email": "mail", "phone": "tel", "name": "who", "language": "lang", "may_email": "ok"}
GOOD = "customer_id,mail,tel,who,lang,ok\n00001,ann@example.com,138 1234 5678,Ann,en,yes\n00002,,,王伟,zh,\n"


def of(root: Path, text: str, **columns: str) -> Settings:
    (root / "contacts.csv").write_text(text, encoding="utf-8")
    return Settings(contacts=Contacts(path="contacts.csv", **(COLUMNS | columns)), root=root)


def test_details_are_read_as_they_are(tmp_path: Path) -> None:
    found = contact_details(of(tmp_path, GOOD), {})
    assert found.columns.tolist() == [
        "customer_id", "email", "phone", "name", "language", "may_email", "may_phone",
    ]  # fmt: skip
    assert found["customer_id"].tolist() == ["00001", "00002"]
    assert found["email"].tolist() == ["ann@example.com", None]
    assert found["phone"].tolist() == ["138 1234 5678", None]
    assert found["may_email"].tolist() == [True, False]
    assert found["may_phone"].tolist() == [False, False]  # nobody said so


def test_parquet_reads_alike(tmp_path: Path) -> None:
    settings = of(tmp_path, GOOD)
    pd.read_csv(tmp_path / "contacts.csv", dtype=str).to_parquet(tmp_path / "contacts.parquet")
    parquet = settings.contacts.model_copy(update={"path": "${HERE}/contacts.parquet"})
    found = contact_details(settings.model_copy(update={"contacts": parquet}), {"HERE": str(tmp_path)})
    pd.testing.assert_frame_equal(found, contact_details(settings, {}))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD + "00001,bob@example.com,,,,\n", "1 rows have a customer_id that came before, first row 3"),
        (GOOD + ",bob@example.com,,,,\n", "1 rows have no customer_id, first row 3"),
        (GOOD + "00003,bob at example,,,,\n", "1 rows have an email that is none, first row 3"),
        (GOOD + "00003,,,,,perhaps\n", "1 rows have a consent that is neither true nor false, first row 3"),
        ("", "it is no CSV or Parquet file"),
    ],
)
def test_wrong_rows_are_told_without_their_values(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(WrongContacts) as raised:
        contact_details(of(tmp_path, text), {})
    assert says in raised.value.problem
    assert "one row a customer" in raised.value.mend
    assert "bob" not in str(raised.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongColumns, match="telephone") as raised:
        contact_details(of(tmp_path, GOOD, phone="telephone"), {})
    assert raised.value.exit_code == 10


def test_a_missing_file_and_none_at_all(tmp_path: Path) -> None:
    with pytest.raises(NoContacts, match="path = "):
        contact_details(Settings(), {})
    gone = Settings(contacts=Contacts(path="nowhere.csv"), root=tmp_path)
    with pytest.raises(WrongContacts, match=r"nowhere\.csv"):
        contact_details(gone, {})


@pytest.mark.parametrize("path", ["contacts.csv", "*.csv", "./../{here}/contacts.csv", "${{HERE}}/contacts.csv"])
def test_no_source_reads_the_contacts(tmp_path: Path, path: str) -> None:
    (tmp_path / "contacts.csv").write_text(ORDERS)
    wanted = shop(tmp_path, {"path": path.format(here=tmp_path.name), **ORDER})
    wanted = wanted.model_copy(update={"contacts": Contacts(path="contacts.csv")})
    with pytest.raises(ContactsAsSource) as raised:
        ingest(wanted, environ={"HERE": str(tmp_path)})
    assert raised.value.exit_code == 12
    assert "a file of their own" in raised.value.mend
