"""Birthdays without their year: to wish somebody well nobody needs to know how old they are.

    "1990-05-04"   "1990/5/4"   "19900504"   "1990年5月4日"   "05-04"   "5月4日"      ->  "05-04"

The year is cut off before anything is kept: by ingest in SQL (features/judging.py), for live events in Python
(features/live/intake.py), by the same patterns. What is none of these forms is refused, since nobody could say which
part of it is the year: `05/04/1990` is a day of April to one and of May to another. Start reading at `month_day`.
"""

import re
from datetime import date
from typing import Final

from features.sql_text import literal

BIRTHDAY: Final = "birthday"  # the attribute of a profile
KIND: Final = f"profile.{BIRTHDAY}"
FORMS: Final = (  # month and day are the two groups; all are valid for Python's re and for RE2
    r"(?:[0-9]{4}-|--)?([0-9]{1,2})-([0-9]{1,2})(?:[T ].*)?",
    r"[0-9]{4}[/.]([0-9]{1,2})[/.]([0-9]{1,2})(?:[T ].*)?",
    r"[0-9]{4}([0-9]{2})([0-9]{2})(?:[.]0)?",  # 19900504.0: as numbers become texts
    r"(?:[0-9]{4}年)?([0-9]{1,2})月([0-9]{1,2})[日号]?",
)
_NAMES: Final = re.compile(r"birth|(^|_)dob(_|$)|生日|出生", re.IGNORECASE)
LEAP_YEAR: Final = 2000  # so that 29 February is a day


def month_day(text: str) -> str | None:
    """The day of the year that a text tells, as MM-DD; None where it tells none.

    >>> [month_day(one) for one in ("1990-05-04", "5月4日", " 02-29 ", "13-01", "05/04/1990")]
    ['05-04', '05-04', '02-29', None, None]
    """
    plain = text.strip()
    for form in FORMS:
        if found := re.fullmatch(form, plain):
            try:
                return f"{date(LEAP_YEAR, int(found[1]), int(found[2])):%m-%d}"
            except ValueError:
                return None
    return None


def month_day_sql(column: str) -> str:
    """The same as an expression of DuckDB, NULL where the text tells none.

    Args:
        column: an expression that gives a text.
    """
    plain = f"trim({column})"
    cases = "".join(
        f"WHEN regexp_full_match({plain}, {literal(form)}) THEN '{LEAP_YEAR}-' || regexp_extract({plain}, "
        f"{literal(form)}, 1) || '-' || regexp_extract({plain}, {literal(form)}, 2) "
        for form in FORMS
    )
    return f"strftime(TRY_CAST(CASE {cases}END AS DATE), '%m-%d')"


def may_hold_one(column: str, mapped: str | None) -> bool:
    """Whether a source's column holds birthdays, as far as can be told: by its name, or as it is mapped to them.

    Args:
        column: of the source.
        mapped: the expression of the attribute `birthday`; None where the source has none.
    """
    return bool(_NAMES.search(column)) or (mapped is not None and column.lower() in mapped.lower())
