"""What stands beside a score: the action that is due, the customer's value by the business, when they were contacted.

Read from `tables/actions.parquet`, `values`, `contacts` and `categories`, which other rooms write; the columns are
those of churn/tables.py. Where one is missing its fields are null with `not_configured`, where one is broken with
`unreadable_table`. Start reading at `Tables.told`.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from churn.calendar import Calendar
from churn.offer_tables import CATEGORIES
from churn.tables import ACTIONS, CONTACTS, NONE_WORTH_IT, VALUES
from features.live.opted_out import NOBODY, Objections
from features.opt_outs import CONTACT
from serving.changes.state import OPTED_OUT
from serving.schemas import NOT_CONFIGURED, Score, WireAction
from serving.scorer import Answer
from serving.tables.indexed import EVERY_S, Indexed

NO_ACTION, NO_VALUE = "no_action", "no_value"
NO_MARGIN_RATIO, NO_SPEND = "no_margin_ratio", "no_expected_spend"  # a tier without money
NOT_WORTH_IT = "none_worth_it"  # somebody looked, and no action is expected to earn its cost, or may be done
OUTDATED = "action_outdated"  # it was meant for another stage than the customer is in by now
NOT_KEPT = "not_kept"  # no log says what it was
HIDDEN = frozenset({"unknown_customer", "erased"})


class Tables:
    """The tables of a business. Threads may share it.

    Args:
        folder: the artifacts of the business.
        objections: who opted out: nobody is told what to do for a customer who wants no contact.
        calendar: whose days `due_day` is of.
    """

    def __init__(self, folder: Path, objections: Objections = NOBODY, calendar: Calendar | None = None) -> None:
        self.objections = objections
        self._calendar = calendar or Calendar()
        self.actions = Indexed(folder, ACTIONS, (("due", "ascending"), ("action", "ascending")))
        self.values = Indexed(folder, VALUES)
        self.contacts = Indexed(folder, CONTACTS, (("contacted_at", "descending"),))
        self.categories = Indexed(folder, CATEGORIES, (("rank", "ascending"),))
        self._ending = threading.Event()

    def keep_up(self) -> None:
        """Take notice of files that are replaced while nobody asks, until `close`.

        Without it the first answer after a night tells the table of the day before, or of none.
        """
        threading.Thread(target=self._keep_up, name="tables", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._ending.set()

    def told(self, answers: Sequence[Answer], language: str) -> list[Answer]:
        """Answers with the action that is due first and the value that the business gives the customer."""
        self.actions.follow()
        self.values.follow()
        if self.actions.code == self.values.code == NOT_CONFIGURED:
            return list(answers)
        silent = self.objections.among([one.score.customer_id for one in answers], CONTACT)
        told = [structs.replace(one.score, **self._of(one.score, language)) for one in answers]
        return [
            replace(one, score=_uncontacted(score) if score.customer_id in silent else score)
            for one, score in zip(answers, told, strict=True)
        ]

    def again(self, score: Score, action: WireAction | None, language: str) -> Score:
        """An answer of the past with the action that it told, in another language where the table has its words still.

        Args:
            score: made again.
            action: as it was told; None where none was.
            language: en or zh.
        """
        codes = self.codes()
        if action is None:
            code = codes["actions"] or NO_ACTION
        elif action.action == NONE_WORTH_IT:
            told = {"action": None, "action_code": NOT_WORTH_IT, "action_why": action.why}
            return structs.replace(score, **told, value_tier_code=codes["values"] or NOT_KEPT)
        else:
            rows = [row for row in self.actions.rows(score.customer_id) if row["action"] == action.action]
            same = [row for row in rows if action.text in (row["action_en"], row["action_zh"])]
            text = _action(same[0], language, self._calendar).text if same else action.text
            action, code = structs.replace(action, text=text, due_day=_day(action.due, self._calendar)), None
        tier_code = codes["values"] or NOT_KEPT
        return structs.replace(score, action=action, action_code=code, value_tier_code=tier_code)

    def codes(self) -> dict[str, str | None]:
        """Why each table says nothing; None where it does."""
        every = {"actions": self.actions, "values": self.values, "contacts": self.contacts}
        every["categories"] = self.categories
        for one in every.values():
            one.follow()
        return {name: one.code for name, one in every.items()}

    def _keep_up(self) -> None:
        while not self._ending.wait(EVERY_S):
            self.codes()

    def _of(self, score: Score, language: str) -> dict[str, Any]:
        if score.abstention and score.abstention.code in HIDDEN:  # of strangers nothing is looked up
            return {"action_code": score.abstention.code, "value_tier_code": score.abstention.code}
        if score.abstention and score.abstention.code == OPTED_OUT:
            return {"action_code": OPTED_OUT, "value_tier_code": OPTED_OUT}  # they are made of scores, too
        actions, values = self.actions.rows(score.customer_id), self.values.rows(score.customer_id)
        value = values[0] if values else None
        nothing = {"action_code": self.actions.code or NO_ACTION}
        return {
            **(_told(score, actions[0], language, self._calendar) if actions else nothing),
            "value_tier": value and value["value_tier"],
            "margin_amount": value and value["expected_value_amount"],
            "value_tier_code": _no_money(value) if value else self.values.code or NO_VALUE,
        }


def _no_money(value: dict[str, Any]) -> str | None:
    """Why a customer with a tier has no margin; None where there is one."""
    if value["expected_value_amount"] is not None:
        return None
    return NO_MARGIN_RATIO if value["clv_code"] == NO_MARGIN_RATIO else NO_SPEND


def _told(score: Score, row: dict[str, Any], language: str, calendar: Calendar) -> dict[str, Any]:
    """The action of a row as fields of the answer, or why there is none."""
    action = _action(row, language, calendar)
    if row["stage"] is not None and row["stage"] != score.stage:
        return {"action": None, "action_code": OUTDATED}
    if action.action == NONE_WORTH_IT:
        return {"action": None, "action_code": NOT_WORTH_IT, "action_why": action.why}
    return {"action": action, "action_code": None}


def _uncontacted(score: Score) -> Score:
    """An answer about somebody who wants no contact."""
    if score.action is None:
        return score
    return structs.replace(score, action=None, action_code=OPTED_OUT, action_why=None)


def _action(row: dict[str, Any], language: str, calendar: Calendar) -> WireAction:
    """An action in the language asked for, or in the other where it has no words in that one."""
    first, other = ("zh", "en") if language == "zh" else ("en", "zh")
    text, why = (row[f"{name}_{first}"] or row[f"{name}_{other}"] for name in ("action", "why"))
    return WireAction(row["action"], text or row["action"], why, row["due"], _day(row["due"], calendar))


def _day(due: datetime | None, calendar: Calendar) -> date | None:
    """The day of the business on which an instant lies: in UTC it may be the one before."""
    return None if due is None else calendar.day_of(due)
