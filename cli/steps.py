"""The steps from the sources to everybody's score: what each goes by, does and leaves, for `churn run` and `retrain`.

    ingest --> snapshot --> train --> leaks --> prove --> promote --> materialise --> parity --> score --all
        --> campaign value --> campaign categories --> campaign advise

A step may be done again at any time; `inputs` and `stands` say when it need not be. A model that cannot be trained or
does not pass the gate does not stop the loop while the champion before it still serves: its scores are due all the
same. Start reading at `steps`, then `go`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn.settings import Settings
from cli.console import say
from cli.journal import Done, Journal
from cli.outcome import Outcome

if TYPE_CHECKING:
    from training.folding import FrozenFold

PROVEN = 200  # customers whose rows must come back from the store as they were written
Results = dict[str, Outcome]


@dataclass(frozen=True)
class Step:
    """A step of the loop.

    Args:
        name: its key among the results.
        act: does it; given the results before.
        inputs: what it goes by, of the results before; the same inputs give the same result.
        stands: whether what it made is still there, given its result.
        command: the command that does the same by hand, without `churn`; unset: its name.
        of_challenger: it is left out where no challenger of today came of the training.
    """

    name: str
    act: Callable[[Results], Outcome]
    inputs: Callable[[Results], Any] = lambda _results: None
    stands: Callable[[Any], bool] = lambda _as_json: True
    command: str | None = None
    of_challenger: bool = False


def steps(settings: Settings, before: Mapping[str, Any] | None = None) -> tuple[Step, ...]:
    """The steps of a business.

    Args:
        settings: whose.
        before: the newest versions before a run that broke off (name to number): what was registered or promoted
            since then is not made again.
    """
    newest = None if before is None else before["versions"]
    return (*_learning(settings, newest), *_proving(settings, newest), *_serving(settings), *_acting(settings))


def _learning(settings: Settings, newest: Mapping[str, int] | None) -> tuple[Step, ...]:
    """From the sources to registered models."""
    from cli import retraining

    folder = settings.folder
    held: list[FrozenFold] = []  # what was frozen in this run need not be read again
    return (
        Step(
            "ingest", lambda _: retraining.ingest(settings), lambda _: retraining.sources(settings),
            lambda _: (folder / "log" / "manifest.json").exists(),
        ),
        Step(
            "snapshot", lambda _: retraining.freeze(settings, held),
            lambda done: [_log_of(done), retraining.learned_by(settings)],
            lambda made: all((folder / path).exists() for path in made.values()), "snapshot freeze",
        ),
        Step(
            "train", lambda done: retraining.train(settings, done["snapshot"].as_json, held, newest),
            lambda done: done["snapshot"].as_json, lambda _: retraining.challengers(settings) != {},
        ),
    )  # fmt: skip


def _proving(settings: Settings, newest: Mapping[str, int] | None) -> tuple[Step, ...]:
    """From registered models to who serves."""
    from cli import leaks, parity, retraining

    return (
        Step(
            "leaks", lambda _: leaks.leaks(settings),
            lambda done: [_log_of(done), retraining.learned_by(settings)],
            lambda hunt: leaks.stands(settings, hunt), of_challenger=True,
        ),
        Step(
            "prove", lambda _: parity.challengers(settings, PROVEN),
            lambda _: [retraining.challengers(settings), settings.store.online],
            command="features parity --challengers", of_challenger=True,
        ),
        Step(
            "promote", lambda _: retraining.promote(settings, newest), lambda _: retraining.challengers(settings),
            lambda promoted: retraining.serve(settings, promoted), of_challenger=True,
        ),
    )  # fmt: skip


def _serving(settings: Settings) -> tuple[Step, ...]:
    """From who serves to everybody's score."""
    from cli import features, parity, retraining, serving

    return (
        Step(
            "materialise", lambda _: features.materialise(settings),
            lambda done: [_log_of(done), retraining.day(settings), retraining.serving(settings)],
            lambda made: features.on_line(settings) == made["feature_set_hash"], "features materialise",
        ),
        Step(
            "parity", lambda _: parity.parity(settings, PROVEN), lambda done: done["materialise"].as_json,
            command="features parity",
        ),
        Step(
            "score --all", lambda _: serving.score(settings, everyone=True, ids=None, out=None),
            lambda done: [done["materialise"].as_json, retraining.serving(settings)],
            lambda made: all(Path(file).exists() for file in made["files"]),
        ),
    )  # fmt: skip


def _acting(settings: Settings) -> tuple[Step, ...]:
    """From everybody's score to what they are worth, what to offer them, and what to do where there is a catalogue."""
    from cli import campaign_catalogue, campaign_categories, campaign_value

    value = Step(
        "campaign value", lambda _: campaign_value.value(settings),
        lambda done: [_log_of(done), done["score --all"].as_json, settings.value.model_dump(mode="json")],
        lambda made: all(Path(file).exists() for file in made["files"].values()),
    )  # fmt: skip
    categories = Step("campaign categories", lambda _: campaign_categories.in_the_loop(settings))  # opt-outs may be new
    advise = Step("campaign advise", lambda _: campaign_catalogue.in_the_loop(settings))
    is_asked = bool(settings.action) or campaign_catalogue.is_told(settings)  # an emptied catalogue withdraws them
    return (value, categories, advise) if is_asked else (value, categories)


def go(
    listed: Sequence[Step],
    settings: Settings,
    journal: Journal | None = None,
    *,
    before: Callable[[str], object] = lambda _name: None,
) -> Results:
    """Do the steps, one after the other; those that the journal has as finished are not done again.

    Args:
        listed: the steps.
        settings: whose.
        journal: of a run that may have broken off; without one everything is done.
        before: told the name of each step before it.
    """
    results: Results = {}
    goes_on = journal is not None
    for position, step in enumerate(listed, start=1):
        if step.of_challenger and results["train"].exit_code:
            continue  # there is no challenger of today
        before(step.name)
        say(f"\n[{position}/{len(listed)}] churn {step.command or step.name}")
        done = kept(step, journal, results) if journal is not None and goes_on else None
        goes_on = done is not None
        if done is not None:
            say(f"  done at {done.at}, by a run that broke off")
            results[step.name] = done.outcome
        else:
            results[step.name] = _done(step, results, settings, journal)
            say(results[step.name].text)
    return results


def kept(step: Step, journal: Journal, results: Results) -> Done | None:
    """What a run that broke off has done of a step; None where it is to be done again."""
    done = journal.finished(step.name, step.inputs(results))
    return done if done is not None and step.stands(done.as_json) else None


def _done(step: Step, results: Results, settings: Settings, journal: Journal | None) -> Outcome:
    if journal is None:
        return _unless_refused(step, results, settings)
    began, inputs = time.perf_counter(), step.inputs(results)
    outcome = _unless_refused(step, results, settings)
    return journal.note(step.name, inputs, outcome, time.perf_counter() - began).outcome


def _unless_refused(step: Step, results: Results, settings: Settings) -> Outcome:
    """What a step gives; where no challenger came of it while a champion serves, that, told."""
    from churn.outcomes import OneOutcome
    from training.gathering import ImmatureTest
    from training.promote import NotPromoted
    from training.rows import TooFewRows

    try:
        return step.act(results)
    except (NotPromoted, TooFewRows, OneOutcome, ImmatureTest) as error:
        if not any((settings.folder / "champion").glob("*.json")):
            raise
        text = f"{error}\nWho served before goes on serving."
        return Outcome(text, {"refused": error.code, "problem": error.problem}, error.exit_code)


def _log_of(done: Results) -> str:
    return str(done["ingest"].as_json["log_hash"])
