"""Why a part of an outlook cannot be learned: a code that answers carry, explained in docs/outlook.md."""

from churn.errors import DataError

MEND = {
    "too_few": "give a longer log or more cutoffs ([training] max_cutoffs).",
    "short_past": "give a longer log or more cutoffs ([training] max_cutoffs): the interval needs months that were "
    "predicted from months before them.",
    "no_amounts": "map an amount of the qualifying events in [[source]].",
    "subscription": "nothing: of a subscription its end is told, not the next renewal.",
    "no_churn": "nothing: who has lapsed already has no active days left.",
    "unwatched": "give a longer log: nobody was watched long enough after a lapse.",
}


class CannotTell(DataError):
    """A part of an outlook cannot be learned from these rows; the outlook goes without it and says why."""

    def __init__(self, code: str) -> None:
        super().__init__(f"This part of the outlook cannot be told: {code}.", mend=MEND[code])
        self.told = code
