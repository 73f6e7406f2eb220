"""`churn campaign uplift`: what each action changes for whom, learned from campaigns in which chance decided."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from churn.settings import Settings
from cli.console import step
from cli.misnamed import UntriedAction
from cli.outcome import Outcome

if TYPE_CHECKING:
    import pandas as pd

    from cli.opened import OpenLog

NOTHING = ("No campaign was planned yet: nothing to learn from.", "尚无活动可供学习。")


def uplift(settings: Settings, action: str | None) -> Outcome:
    """Learn the uplift of an action, or of every action that a campaign had.

    Raises:
        UntriedAction: no campaign had it.
    """
    from campaigns.uplift.told import sentences
    from cli.opened import open_log
    from features.treatments import read_treatments

    treatments = read_treatments(settings.folder)
    known = sorted(treatments["action"].unique())
    if action is not None and action not in known:
        raise UntriedAction(action, known)
    wanted = known if action is None else [action]
    lines: list[str] = []
    as_json: dict[str, Any] = {}
    if wanted and len(treatments):
        with step("reading the event log"):
            log = open_log(settings)
        for one in wanted:
            with step(f"learning what {one} changes"):
                told = _learned(settings, log, treatments[treatments["action"] == one], one)
            as_json[one] = told
            lines += [one, *(f"  {line}" for line in sentences(told, settings.business.language))]
    return Outcome("\n".join(lines or [NOTHING[settings.business.language == "zh"]]), as_json)


def _learned(settings: Settings, log: "OpenLog", treatments: "pd.DataFrame", action: str) -> dict[str, Any]:
    """Learn one action, and keep it."""
    from campaigns.ledger.effect import NEVER_EXPORTED
    from campaigns.uplift.gathering import Refused, gathered
    from campaigns.uplift.judging import judged
    from campaigns.uplift.keeping import PAGE, file_of, keep
    from campaigns.uplift.page import page
    from campaigns.uplift.training import trained
    from churn.calendar import to_us
    from features.atomic import write_text
    from features.opt_outs import left_out_of_learning
    from features.persons import persons_of
    from features.treatments import is_on_paper

    wanted, seed, threads = settings.uplift, settings.training.seed, settings.training.threads
    path = file_of(settings.folder, action)
    people = persons_of(settings.folder, known_before_us=to_us(log.now))
    ids = [str(one) for one in treatments["campaign"].unique()]
    on_paper = {one: NEVER_EXPORTED for one in ids if is_on_paper(settings.folder, one)}
    treatments = treatments[~treatments["campaign"].isin(list(on_paper))]
    rows = gathered(
        treatments, log.parts, log.served, log.lifecycle, wanted, now=log.now, seed=seed, people=people,
        without=left_out_of_learning(settings),
    )  # fmt: skip
    rows = replace(rows, left_out={**rows.left_out, **on_paper})
    figures = model = None
    if not isinstance(rows, Refused):
        made = trained(rows, folds=wanted.folds, seed=seed, threads=threads)
        model = made.model
        figures = judged(
            made, rows.trial, rows.customer, draws=wanted.draws, confidence=wanted.confidence, seed=seed
        )  # fmt: skip
    told = keep(settings.folder, action, rows, figures, model, now=log.now, seed=seed)
    write_text(path.with_name(PAGE), page(told, settings.business.language))
    return told
