"""What a customer stated, as an answer tells it: beside the reasons of the model, and never among them.

Reads the text that lies in a row (churn/stated_text.py). Only codes, sources and days leave: no words of a customer's
own. Knows no store and no model. Start reading at `stated_beside`.
"""

from typing import Any, Final

from churn.calendar import Calendar
from churn.reasons import CAUSES, OTHER, SOURCES
from churn.stated import Stated
from churn.stated_text import NOTHING, told
from features.online import OnlineRow
from serving.schemas import WireOpenCases, WireStated

SOLUTIONS_UNKNOWN: Final = "solutions_unknown"
QUIET: Final[dict[str | None, dict[str, Any]]] = {  # of most customers
    None: {},
    "{}": {"open_complaint_code": SOLUTIONS_UNKNOWN},
    NOTHING: {"open_complaint": WireOpenCases(0, None), "open_complaint_code": None},
}


def stated_beside(row: OnlineRow, language: str, calendar: Calendar) -> dict[str, Any]:
    """The fields of a Score that say what its customer stated, as of the row.

    Args:
        row: of the customer.
        language: of the texts, en or zh.
        calendar: whose days dates are.
    """
    if (quiet := QUIET.get(row.stated)) is not None:
        return quiet
    said = told(row.stated or "{}", row.as_of)
    reasons = [_worded(one, language, calendar) for one in said.reasons]
    if said.open is None:
        return {"stated_reasons": reasons, "open_complaint_code": SOLUTIONS_UNKNOWN}
    oldest = round(said.open.oldest_days, 2) if said.open.count else None
    cases = WireOpenCases(said.open.count, oldest)
    return {"stated_reasons": reasons, "open_complaint": cases, "open_complaint_code": None}


def _worded(one: Stated, language: str, calendar: Calendar) -> WireStated:
    reason, source, day = CAUSES.get(one.code or "", OTHER), SOURCES[one.source], calendar.day_of(one.at)
    if language == "zh":
        text = f"客户于{day.year}年{day.month}月{day.day}日{source.zh}表示：{reason.zh}。"
    else:
        text = f"Stated {source.en} on {day.day} {day:%B %Y}: {reason.en}."
    return WireStated(
        code=reason.code, text=text, said=one.said, source=source.code, date=day, actionable=reason.actionable
    )
