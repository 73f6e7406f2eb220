"""What customers consent to, and nothing else of the file that says how they can be reached.

`[contacts]` names a file with addresses, numbers and names, which only the export of an audience may read. Here two of
its columns are read beside the ids: consent to e-mail, consent to calls and messages. No detail of anybody enters this
process. Start reading at `consents`.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from churn.errors import DataError
from churn.settings import Settings, expand
from features.pseudonyms import pseudonyms_of
from features.text_table import FALSE, TRUE, NoTable, header_of, text_of

LONGEST_WORD = 12  # that is shown as an example: what is longer may tell of somebody
MOST_WORDS = 5  # of a column whose words may be shown: one with more may hold names


class NoConsents(DataError):
    """The file of [contacts] cannot be read, or has not the columns that are named."""

    def __init__(self, why: str, mend: str = "") -> None:
        super().__init__(
            f"The consents of [contacts] cannot be read: {why}.",
            mend=mend
            or "name a CSV or Parquet file with one row a customer, and its columns in [contacts] customer_id, "
            "may_email and may_phone; docs/data-contract.md has the form.",
        )


def consents(settings: Settings, environ: Mapping[str, str]) -> pd.DataFrame | None:
    """Who may be written to, and who may be called.

    Args:
        settings: whose `[contacts]` names the file and its columns.
        environ: what `${VARIABLES}` in its path stand for.

    Returns:
        One row a customer, indexed by customer_id. Columns: may_email, may_phone (bool; False where nothing is said).
        None where no file is named, or neither consent.

    Raises:
        NoConsents: the file cannot be read, or lacks a column.
    """
    given = settings.contacts
    columns = {name: column for name in ("may_email", "may_phone") if (column := getattr(given, name))}
    if given.path is None or not columns:
        return None
    rows = _read(settings.root / expand(given.path, environ), [given.customer_id, *columns.values()])
    found = pd.DataFrame(
        {name: _is_true(rows[columns[name]]) if name in columns else False for name in CONSENTS}, rows.index
    )
    ids = rows[given.customer_id].astype(object)
    known_as = pseudonyms_of(settings)
    found.index = pd.Index(ids if known_as is None else ids.map(known_as.of), name="customer_id")
    return found[~found.index.duplicated()]


CONSENTS = ("may_email", "may_phone")
BY_CHANNEL: Final = {  # channel: the consent that it needs, unless `[contacts] consents` names a column of its own
    "email": "may_email",
    **dict.fromkeys(("phone", "sms", "whatsapp", "telegram", "line"), "may_phone"),
}


def channel_consents(settings: Settings, environ: Mapping[str, str], channels: Iterable[str]) -> pd.DataFrame:
    """Who consented to being reached by these channels.

    Args:
        settings: whose `[contacts]` names the file and its columns.
        environ: what `${VARIABLES}` in its path stand for.
        channels: codes of channels.

    Returns:
        One row a customer of whom a consent is known, indexed by customer_id. One bool column a channel: False where
        nothing is said, where no column tells it, and for everybody where no file is named.

    Raises:
        NoConsents: the file cannot be read, or lacks a column.
    """
    given, wanted = settings.contacts, list(channels)
    columns = {one: given.consents.get(one) or getattr(given, BY_CHANNEL.get(one, ""), None) for one in wanted}
    told = {one: column for one, column in columns.items() if column}
    if given.path is None or not told:
        return pd.DataFrame(columns=wanted, index=pd.Index([], name="customer_id", dtype=object), dtype=bool)
    rows = _read(settings.root / expand(given.path, environ), list({given.customer_id, *told.values()}))
    found = pd.DataFrame({one: _is_true(rows[told[one]]) if one in told else False for one in wanted}, rows.index)
    ids = rows[given.customer_id].astype(object)
    known_as = pseudonyms_of(settings)
    found.index = pd.Index(ids if known_as is None else ids.map(known_as.of), name="customer_id")
    return found.groupby(level=0).all()  # a customer who is there twice consents only where both say so


def _is_true(told: pd.Series) -> pd.Series:
    """Which words mean yes; nothing said is no.

    Raises:
        NoConsents: a word is neither yes nor no.
    """
    words = told.str.lower()
    strange = ~words.isin(TRUE | FALSE | {""})
    if strange.any():
        row = int(strange.to_numpy().argmax())
        example = str(told.iloc[row])
        is_word = example.isalpha() and len(example) <= LONGEST_WORD and words.nunique() <= MOST_WORDS
        shown = f", as {example!r}" if is_word else ""  # no number, no address, no name
        raise NoConsents(
            f"{int(strange.sum()):,} rows of column {told.name} are neither yes nor no{shown}, first row {row + 1}",
            "say true or false, yes or no, y or n, 1 or 0, 是 or 否; an empty cell is no.",
        )
    return words.isin(TRUE)


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    """These columns as text, and no other."""
    try:
        found = header_of(path)
        if missing := [one for one in columns if one not in found]:
            raise NoConsents(f"{path.name} has no column {', '.join(missing)}; it has {', '.join(found)}")
        return text_of(path, columns)
    except NoTable as error:
        raise NoConsents(f"{path.name}, columns {', '.join(columns)}: {error.why}", f"{error.mend}.") from error
