"""A reason of a verdict: a number against a threshold, in words of two languages, with its mend and its evidence.

    stop         it cannot be scored with, or broken data has moved the scores: mend the data, retraining would learn it
    retrain      what became of the scores has left the back-test behind; or the scores have, on sound data, and there
                 are newer outcomes to learn from than the champion's
    watch        something moved that does not ask for a new model yet
    cannot_tell  too little to judge by; nothing else is wrong
    keep         none of these

Start reading at `Reason`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from churn.page import Two

EXIT_CODES = {"keep": 0, "retrain": 20, "watch": 21, "stop": 22, "cannot_tell": 23}
WORST_FIRST = ("stop", "retrain", "watch", "cannot_tell", "keep")


@dataclass(frozen=True)
class Reason:
    """Why a verdict is what it is.

    Args:
        outcome: the verdict that this alone asks for.
        code: what it is about, for machines; alerts of one code and model are one alarm.
        what: the same for people, English and Chinese.
        number: what was measured. threshold: what it was held against.
        mend: what to do, English and Chinese.
        evidence: where the site shows it, page#anchor (`drift.html#order_total_90d`).
        about: columns, kinds or sources that it names; one more of them is news, though the alarm stands already.
    """

    outcome: str
    code: str
    what: Two
    number: float
    threshold: float
    mend: Two
    evidence: str = "index.html"
    about: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As `verdict.json` has it."""
        return {
            "outcome": self.outcome, "code": self.code, "what": self.what[0], "what_zh": self.what[1],
            "number": self.number, "threshold": self.threshold, "mend": self.mend[0], "mend_zh": self.mend[1],
            "evidence": self.evidence,
        }  # fmt: skip


def worst(outcomes: Sequence[str]) -> str:
    """The verdict over several."""
    return next((one for one in WORST_FIRST if one in outcomes), "keep")
