"""`churn run`: the whole loop, step by step, each the command of its name, and the verdict on what serves."""

from collections.abc import Callable

from churn.settings import Settings
from cli.outcome import Outcome
from cli.single_flight import single_flight
from cli.steps import Step, go, steps


def run(settings: Settings, *, once_served: Callable[[], object] = lambda: None) -> Outcome:
    """Ingest, freeze, train, prove, promote, materialise, prove again, score and monitor; the outcome is the verdict's.

    Args:
        settings: of the business.
        once_served: called as soon as a service could start, before the base is scored and judged.

    Raises:
        AlreadyRunning: another run of this business is under way.
    """
    from cli import monitoring

    def before(name: str) -> None:
        if name == "score --all":
            once_served()

    listed = (*steps(settings), Step("monitor", lambda _: monitoring.monitor(settings)))
    with single_flight(settings.folder, "churn run"):
        results = go(listed, settings, before=before)
    verdict = results["monitor"]
    return Outcome(
        text=(
            f"Everything of {settings.business.name} is in {settings.folder}.\n"
            f"Exit code {verdict.exit_code} is the verdict: {verdict.as_json['verdict']}; see docs/operations.md."
        ),
        as_json={name: result.as_json for name, result in results.items()},
        exit_code=verdict.exit_code,
    )
