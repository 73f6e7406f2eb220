"""How customers can be reached, from a file of its own: only the export of an audience may read it.

Neither ingest nor a feature, a model, a score or a page knows these details; tests/contract/test_house.py holds that
nothing imports this file. Reads a CSV or Parquet file; gives one row a customer. Start reading at `contact_details`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from churn.errors import DataError, SettingsError, WrongColumns
from churn.settings import Settings, expand
from features.personal_words import EMAIL
from features.pseudonyms import pseudonyms_of
from features.text_table import FALSE, TRUE

DETAILS: Final = ("email", "phone", "name", "language")
CONSENTS: Final = ("may_email", "may_phone")


class NoContacts(SettingsError):
    """The settings name no file of contact details."""

    def __init__(self) -> None:
        super().__init__(
            "The settings name no file of contact details.",
            mend='give [contacts] path = "contacts.csv" and its columns; docs/data-contract.md has the form.',
        )


class WrongContacts(DataError):
    """The file of contact details is not as it should be; its values are not repeated here."""

    def __init__(self, path: Path, faults: list[str]) -> None:
        super().__init__(
            f"{path} cannot be used: " + "; ".join(faults) + ".",
            mend="give one row a customer, whole e-mail addresses, and consents as true or false; an empty consent is "
            "none.",
        )


def contact_details(settings: Settings, environ: Mapping[str, str]) -> pd.DataFrame:
    """The details of everybody in the file.

    Args:
        settings: whose `[contacts]` names the file and its columns.
        environ: what `${VARIABLES}` in its path stand for.

    Returns:
        One row a customer. Columns: customer_id, email, phone, name, language (text, null where unknown), may_email,
        may_phone (bool; false where nothing is said).

    Raises:
        NoContacts: no file is named. WrongColumns: a column is missing. WrongContacts: rows are wrong, or no file.
    """
    given = settings.contacts
    if given.path is None:
        raise NoContacts
    path = settings.root / expand(given.path, environ)
    rows = _read(path)
    names = {name: column for name in ("customer_id", *DETAILS, *CONSENTS) if (column := getattr(given, name))}
    if missing := [column for column in names.values() if column not in rows.columns]:
        raise WrongColumns(str(given.path), expected=missing, found=list(rows.columns))
    found = pd.DataFrame({name: rows[column].str.strip() for name, column in names.items()})
    found = found.reindex(columns=["customer_id", *DETAILS, *CONSENTS])
    if faults := _faults(found):
        raise WrongContacts(path, faults)
    for name in CONSENTS:
        found[name] = found[name].fillna("").str.lower().isin(TRUE)
    details = list(DETAILS)
    if (known_as := pseudonyms_of(settings)) is not None:
        found["customer_id"] = found["customer_id"].map(known_as.of)
    found[details] = found[details].astype(object).where(found[details].notna() & (found[details] != ""), None)
    return found


def _read(path: Path) -> pd.DataFrame:
    """A file as text; what is no file, or no table, is told."""
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path).astype("string")
        return pd.read_csv(path, dtype="string", keep_default_na=False)
    except (OSError, ValueError, UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise WrongContacts(path, [f"it is no CSV or Parquet file ({type(error).__name__})"]) from error


def _faults(found: pd.DataFrame) -> list[str]:
    """What is wrong with the rows, by their numbers, never by their values."""
    ids = found["customer_id"]
    emails = found["email"].fillna("")
    consents = found[list(CONSENTS)].fillna("").apply(lambda column: column.str.lower())
    wrong = {
        "no customer_id": ids.isna() | (ids == ""),
        "a customer_id that came before": ids.duplicated() & ids.notna() & (ids != ""),
        "an email that is none": (emails != "") & ~emails.map(lambda text: EMAIL.fullmatch(text) is not None),
        "a consent that is neither true nor false": ~consents.isin(TRUE | FALSE | {""}).all(axis=1),
    }
    return [
        f"{int(rows.sum()):,} rows have {what}, first row {int(rows.argmax()) + 1}"
        for what, rows in wrong.items()
        if rows.any()
    ]
