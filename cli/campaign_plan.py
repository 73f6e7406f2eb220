"""`churn campaign plan`: the best list for a budget."""

import os
from typing import TYPE_CHECKING, Any

from churn.cohort import CHURN, REACTIVATION
from churn.errors import SettingsError
from churn.settings import Settings
from cli.campaign_catalogue import NoActions
from cli.campaign_turns import choosing
from cli.consents_told import consents_told
from cli.console import step, table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from campaigns.catalogue.offers import Offers
    from campaigns.people import People
    from campaigns.plan.planning import Asked, Plan


class NoMoney(SettingsError):
    """The budget is no amount of money."""

    def __init__(self, budget: float) -> None:
        super().__init__(
            f"A budget of {budget} cannot be spent.", mend="give an amount of 0 or more, or leave `--budget` out."
        )


class NoSuchModel(SettingsError):
    """A plan is asked for a model that there is not."""

    def __init__(self, only: str | None) -> None:
        super().__init__(
            f"--only {only} names no model.", mend=f"say `--only {CHURN}` or `--only {REACTIVATION}`, or leave it out."
        )


def plan(settings: Settings, asked: "Asked", *, dry_run: bool, replace: bool, by: str | None) -> Outcome:
    """Choose whom to contact with what, hold some out by chance, and write it down.

    Raises:
        NoActions: the catalogue is empty. NoMoney, NoSuchModel: what is asked makes no sense. AlreadyPlanned: the id is
        taken. What `offers_of` raises: a figure of the business is missing.
    """
    if not settings.action:
        raise NoActions
    if asked.only not in (None, CHURN, REACTIVATION):
        raise NoSuchModel(asked.only)
    if asked.budget is not None and not 0 <= asked.budget < float("inf"):
        raise NoMoney(asked.budget)
    with choosing(settings.folder, "churn campaign plan"):
        return _planned(settings, asked, dry_run=dry_run, replace=replace, by=by)


def _planned(settings: Settings, asked: "Asked", *, dry_run: bool, replace: bool, by: str | None) -> Outcome:
    """The plan, by the only one who chooses customers now."""
    from campaigns.plan import planning, writing
    from campaigns.plan.page import PAGE, page
    from features.atomic import write_text
    from serving.now import clock_of

    writing.check_new(settings.folder, asked.campaign, replace=replace)
    now = clock_of(settings).now()
    people, offers = _offers(settings, asked.campaign)
    with step(f"choose among {len(people):,} customers and {len(offers.actions)} actions"):
        found = planning.plan(settings, people, offers, asked)
    as_json = writing.as_json(settings, people, found, now, by=by)
    lines = [*sentences(found, settings), *consents_told(settings, people.rows["customer_id"])]
    is_empty = not as_json["totals"]["chosen"]
    if is_empty:
        zh = settings.business.language == "zh"
        lines.append("未写入任何文件。" if zh else "Nothing is written; a plan of this id from before stays as it is.")
    if not dry_run and not is_empty:
        with step("write the plan"):
            path = writing.write(settings, people, found, now, by=by)
            write_text(path.parent / PAGE, page(found, settings, now))
        lines.append(f"{path}\nThe lists: `churn campaign export --id {asked.campaign}`.")
    return Outcome("\n".join(lines), as_json)


def _offers(settings: Settings, campaign: str) -> "tuple[People, Offers]":
    """Everybody, and what each action would earn with them."""
    from campaigns.catalogue.knowing import known_of
    from campaigns.catalogue.measured import effects_of
    from campaigns.catalogue.offers import offers_of
    from campaigns.people import people_of
    from campaigns.suppress import doors_of
    from serving.now import clock_of

    now = clock_of(settings).now()
    with step("read scores, values, consents, opt-outs and contacts"):
        people = people_of(settings, now)
        doors = doors_of(settings, people, now, os.environ, without=campaign)  # of before, where it is replaced
        known = known_of(settings, people, now, os.environ)
    with step("tell what each action would earn"):
        return people, offers_of(settings, people, doors, known, effects=effects_of(settings, people))


def sentences(found: "Plan", settings: Settings) -> list[str]:
    """What was planned, for people to read."""
    from campaigns.plan.reasons import WORDS
    from campaigns.plan.told import outcome

    zh = settings.business.language == "zh"
    lines = [outcome(found, settings.business.currency)[zh]]
    if rows := found.by_action():
        lines += ["", table([{**one, "stage": one["stage"] or ""} for one in rows])]
    reasons: list[dict[str, Any]] = [
        {"why": WORDS[code][zh], "code": code, "customers": count} for code, count in found.by_reason().items()
    ]
    return [*lines, "", table(reasons), ""]
