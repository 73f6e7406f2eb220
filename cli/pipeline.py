"""`churn run`: the whole loop, step by step, each the command of its name."""

from collections.abc import Callable

from churn.settings import Settings
from cli.console import say
from cli.outcome import Outcome
from cli.training import PROVEN

COMMANDS = {
    "prove": "features parity --challengers",
    "materialise": "features materialise",
    "parity": "features parity",
}  # of steps whose command has a longer name


def run(settings: Settings, *, once_served: Callable[[], object] = lambda: None) -> Outcome:
    """Ingest, freeze, train, prove, promote, materialise, prove again, score and monitor; the outcome is the verdict's.

    A model that cannot be trained or does not pass the gate does not stop the loop while the champion before it
    still serves: its scores are due all the same.

    Args:
        settings: of the business.
        once_served: called as soon as a service could start, before the base is scored and judged.
    """
    from cli import features, ingest, monitoring, parity, serving, training

    steps: tuple[tuple[str, Callable[[], Outcome]], ...] = (
        ("ingest", lambda: ingest.ingest(settings)),
        ("train", lambda: training.train(settings, None, None)),
        ("prove", lambda: parity.challengers(settings, PROVEN)),
        ("promote", lambda: training.promote(settings, None)),
        ("materialise", lambda: features.materialise(settings)),
        ("parity", lambda: parity.parity(settings, PROVEN)),
        ("score --all", lambda: serving.score(settings, everyone=True, ids=None, out=None)),
        ("monitor", lambda: monitoring.monitor(settings)),
    )
    results: dict[str, Outcome] = {}
    for position, (name, act) in enumerate(steps, start=1):
        if name in ("prove", "promote") and results["train"].exit_code:
            continue  # there is no challenger of today
        if name == "score --all":
            once_served()
        say(f"\n[{position}/{len(steps)}] churn {COMMANDS.get(name, name)}")
        results[name] = _unless_refused(act, settings)
        say(results[name].text)
    verdict = results["monitor"]
    return Outcome(
        text=(
            f"Everything of {settings.business.name} is in {settings.folder}.\n"
            f"Exit code {verdict.exit_code} is the verdict: {verdict.as_json['verdict']}; see docs/operations.md."
        ),
        as_json={name: result.as_json for name, result in results.items()},
        exit_code=verdict.exit_code,
    )


def _unless_refused(act: Callable[[], Outcome], settings: Settings) -> Outcome:
    """What a step gives; where no challenger came of it while a champion serves, that, told."""
    from training.promote import NotPromoted
    from training.rows import TooFewRows

    try:
        return act()
    except (NotPromoted, TooFewRows) as error:
        if not any((settings.folder / "champion").glob("*.json")):
            raise
        text = f"{error}\nWho served before goes on serving."
        return Outcome(text, {"refused": error.code, "problem": error.problem}, error.exit_code)
