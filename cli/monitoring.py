"""`churn monitor`: the verdict on what serves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.console import say, table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings
    from monitoring.attempts import Trouble
    from monitoring.ledger.realised import Realised
    from monitoring.verdict import Verdict


def monitor(settings: "Settings") -> Outcome:
    """Judge the champions; the exit code is the worst: keep 0, retrain 20, watch 21, stop 22, cannot tell 23.

    A new champion that broke a floor of the watch goes back; a verdict that was keep is watch then.
    """
    from cli.watch import watch
    from monitoring.monitor import monitor as judge_all
    from monitoring.reason import EXIT_CODES

    result = judge_all(settings, progress=lambda what: say(f"  {what} ..."))
    lines = [f"Verdict: {result.content['verdict']}", *_verdicts([*result.verdicts, result.whole])]
    lines += [*_ledgers(result.ledgers), *_not_written(result.troubles)]
    lines += ["", f"The page: {result.page}"] if result.page else []
    sent_back = watch(settings, result.findings, result.now)
    said = "why_zh" if settings.business.language == "zh" else "why"
    lines += [f"Sent back: {one['from']}; {one['to']} serves again. {one[said]}" for one in sent_back]
    code = result.content["exit_code"] or (EXIT_CODES["watch"] if sent_back else 0)
    return Outcome("\n".join(lines), result.content | {"sent_back": sent_back}, code)


def _verdicts(verdicts: "Sequence[Verdict]") -> list[str]:
    lines = []
    for verdict in verdicts:
        name = f"{verdict.model} ({verdict.version})" if verdict.model else "The business as a whole"
        lines += ["", f"{name}: {verdict.outcome}"]
        for reason in verdict.reasons:
            lines += [f"  {reason.outcome}: {reason.what[0]} {reason.number:g} against {reason.threshold:g}"]
            lines += [f"    To do: {reason.mend[0]}"]
    return lines


def _not_written(troubles: "Sequence[Trouble]") -> list[str]:
    """What could not be written is no reason of the verdict, which was made before."""
    from monitoring.attempts import WRITTEN

    return [
        line
        for one in troubles
        if one.part in WRITTEN
        for line in ("", f"Not written: {one.part}. {one.problem}", f"    To do: {one.mend}")
    ]


def _ledgers(ledgers: "Sequence[Realised]") -> list[str]:
    if not ledgers:
        return ["", "No answers were given yet, so nothing can have come true."]
    names = ("roc_auc", "log_loss", "brier", "ece", "expected_rate", "actual_rate")
    rows = [
        {"version": one.version, "state": one.state, "mature": one.n, "immature": one.immature}
        | {"first_mature_at": f"{one.first_mature_at:%Y-%m-%d}" if one.first_mature_at else "-"}
        | {name: one.figures[name].value if name in one.figures else None for name in names}
        for one in ledgers
    ]
    return ["", "What became of the scores:", table(rows)]
