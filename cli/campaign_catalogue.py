"""`churn campaign advise`: the recommended action of everybody, for the service to tell with every score."""

import os

from churn.errors import ChurnError, SettingsError
from churn.settings import Settings
from cli.campaign_turns import minding
from cli.consents_told import consents_told
from cli.console import step, table
from cli.outcome import Outcome


class NoActions(SettingsError):
    """The catalogue of actions is empty."""

    def __init__(self) -> None:
        super().__init__(
            "There is no [[action]] in churn.toml, so there is nothing to recommend.",
            mend="write down what can be done for a customer, what it costs and whom it turns; docs/actions.md.",
        )


def advise(settings: Settings) -> Outcome:
    """Recommend to everybody the action that is expected to earn most, or say why none is worth it.

    Where the catalogue was emptied, what was recommended before is withdrawn: the service tells it no longer.

    Raises:
        NoActions: there is no catalogue, and was none. NoScores, OldScores: nobody's score holds.
        IncompleteAction, NoValue: a figure of the business is missing. PriceByNeed: a score would decide on prices.
    """
    from campaigns.catalogue import advise as room

    if not settings.action:
        if not room.withdraw(settings.folder):
            raise NoActions
        return Outcome("The catalogue is empty: what was recommended before is withdrawn.", {"withdrawn": True})
    with minding(settings.folder):
        return _advised(settings)


def _advised(settings: Settings) -> Outcome:
    """The recommendations, written; somebody may be forgotten meanwhile."""
    from campaigns.audit.price_by_need import check
    from campaigns.catalogue import advise as room
    from campaigns.catalogue.knowing import known_of
    from campaigns.catalogue.measured import effects_of
    from campaigns.catalogue.offers import offers_of, plannable
    from campaigns.people import people_of
    from campaigns.suppress import doors_of
    from serving.now import clock_of

    check(settings, plannable(settings.action))
    now = clock_of(settings).now()
    with step("read scores, values, consents, opt-outs and contacts"):
        people = people_of(settings, now)
        doors = doors_of(settings, people, now, os.environ)
        known = known_of(settings, people, now, os.environ)
    with step(f"recommend one of {len(settings.action)} actions to {len(people):,} customers"):
        offers = offers_of(settings, people, doors, known, effects=effects_of(settings, people))
        found = room.advise(settings, people, doors, known, offers)
    rows = [{"recommended": code, "customers": count} for code, count in found.actions.items()]
    none = [{"none is worth it": room.reason_of(code), "customers": count} for code, count in found.none.items()]
    text = "\n\n".join(table(one) for one in (rows, none) if one)
    as_json = {
        "file": str(found.path),
        "customers": len(people),
        "actions": found.actions,
        "none": found.none,
        "measured": sorted(offers.measured),
    }
    return Outcome("\n".join([text, *consents_told(settings, people.rows["customer_id"]), str(found.path)]), as_json)


def is_told(settings: Settings) -> bool:
    """Whether there are recommendations of before."""
    from campaigns.catalogue.advise import FILE

    return (settings.folder / FILE).exists()


def in_the_loop(settings: Settings) -> Outcome:
    """The same as a step of the loop: what stands in its way is told, and keeps nobody from their scores."""
    try:
        return advise(settings)
    except ChurnError as error:
        return Outcome(f"Nothing is recommended.\n{error}", {"refused": error.code, "problem": error.problem})
