"""`churn run`: the whole loop, step by step, each the command of its name."""

from churn.settings import Settings
from cli.console import say
from cli.outcome import Outcome


def run(settings: Settings) -> Outcome:
    """Ingest, freeze, train, promote, materialise, prove, score and monitor; the outcome is the verdict's.

    A model that does not pass the gate does not stop the loop while the champion before it still serves.
    """
    from cli import features, ingest, monitoring, serving, training

    steps = (
        ("ingest", lambda: ingest.ingest(settings)),
        ("train", lambda: training.train(settings, None, None)),
        ("promote", lambda: training.promote(settings, None)),
        ("materialise", lambda: features.materialise(settings)),
        ("parity", lambda: features.parity(settings, customers=200)),
        ("score --all", lambda: serving.score(settings, everyone=True, ids=None, out=None)),
        ("monitor", lambda: monitoring.monitor(settings)),
    )
    results: dict[str, Outcome] = {}
    for position, (name, act) in enumerate(steps, start=1):
        say(f"\n[{position}/{len(steps)}] churn {name}")
        results[name] = act()
        say(results[name].text)
    verdict = results["monitor"]
    return Outcome(
        text=f"Everything of {settings.business.name} is in {settings.folder}.",
        as_json={name: result.as_json for name, result in results.items()},
        exit_code=verdict.exit_code,
    )
