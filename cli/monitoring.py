"""`churn monitor`: the verdict on what serves."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cli.console import say, table
from cli.outcome import Outcome
from cli.single_flight import in_turn

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from churn.settings import Settings
    from monitoring.alerts.told import Item
    from monitoring.attempts import Trouble
    from monitoring.monitor import Result
    from monitoring.reason import Reason
    from monitoring.verdict import Since


def monitor(settings: "Settings", *, with_pages: bool = True) -> Outcome:
    """Judge the champions; the exit code is the worst: keep 0, retrain 20, watch 21, stop 22, cannot tell 23.

    A new champion that broke a floor of the watch goes back; a verdict that was keep is watch then. Of two at once the
    second waits: each reads what the other has written, and nobody is told twice.

    Raises:
        NoChampion: nothing was promoted yet. AlreadyRunning: another one does not come to its end.
    """
    with in_turn(settings.folder, "churn monitor"):
        return _monitor(settings, with_pages=with_pages)


def _monitor(settings: "Settings", *, with_pages: bool) -> Outcome:
    from cli.alerts import tell
    from monitoring.monitor import monitor as judge_all
    from monitoring.reason import EXIT_CODES

    result = judge_all(settings, progress=lambda what: say(f"  {what} ..."), with_pages=with_pages)
    sent_back, told = _watched(settings, result)
    if sent_back and result.content["verdict"] == "keep":
        result = replace(result, content=result.content | {"verdict": "watch", "exit_code": EXIT_CODES["watch"]})
    is_zh = settings.business.language == "zh"
    lines = [*_verdicts(result, settings.lifecycle.calendar.zone, is_zh=is_zh), *_ledgers(result)]
    lines += _not_written(result.troubles, is_zh=is_zh)
    lines += ["", f"The page: {result.page}"] if result.page else []
    lines += told
    lines += [f"Sent back: {one['from']}; {one['to']} serves again. {one[_in('why', is_zh)]}" for one in sent_back]
    lines += tell(settings, result, [*(_done(one, result.now) for one in sent_back), *_lost(result)])
    return Outcome("\n".join(lines), result.content | {"sent_back": sent_back}, result.content["exit_code"])


def _watched(settings: "Settings", result: "Result") -> tuple[list[dict[str, Any]], list[str]]:
    """What the watch over new champions sent back; and what to say where it could not look."""
    from churn.errors import ChurnError
    from cli.watch import watch

    try:
        return watch(settings, result.findings, result.now), []
    except (ChurnError, OSError) as error:  # the registry is away: the verdict stands, the next run watches
        return [], ["", f"The watch over new champions could not look: {error}"]


def _done(one: dict[str, Any], at: "datetime") -> "Item":
    """A champion that went back, as a piece of news."""
    from monitoring.alerts.told import Item, Told
    from monitoring.reason import Reason

    what = (f"{one['from']} went back; {one['to']} serves again. {one['why']}",
            f"{one['from']} 已退回，{one['to']} 重新服务。{one['why_zh']}")  # fmt: skip
    mend = ("see why before the next promotion: `churn history`.", "下次上线前先查明原因：`churn history`。")
    code = f"sent_back_{one['code']}"
    return Item("told", Told(one["model"], one["from"], code, "watch", at), Reason("watch", code, what, 1, 0, mend))


def _lost(result: "Result") -> "list[Item]":
    """That a verdict could not be written down, as a piece of news: each night anew, since nothing can be kept."""
    from monitoring.alerts.told import Item, Told
    from monitoring.monitor import LASTING
    from monitoring.reason import Reason

    lost = [one for one in result.troubles if one.part in LASTING][:1]
    what = ("The verdict could not be written down: service and Prometheus have an older one.",
            "结论无法写入：服务与 Prometheus 使用的仍是旧结论。")  # fmt: skip
    return [
        Item("new", Told("", "", "not_written", "cannot_tell", result.now),
             Reason("cannot_tell", "not_written", what, 1, 0, (one.mend, one.mend_zh or one.mend)))
        for one in lost
    ]  # fmt: skip


def _in(name: str, is_zh: bool) -> str:
    return f"{name}_zh" if is_zh else name


def _verdicts(result: "Result", zone: "ZoneInfo", *, is_zh: bool) -> list[str]:
    """The sentence, and each reason with what to do, in the language of the business."""
    from monitoring.summary import MODELS_ZH, OUTCOMES_ZH

    named, whole = OUTCOMES_ZH, "整个业务"
    if not is_zh:
        named, whole = {one: one.replace("_", " ") for one in OUTCOMES_ZH}, "The business as a whole"
    verdict, language = result.content["verdict"], "zh" if is_zh else "en"
    lines = [f"{'结论' if is_zh else 'Verdict'}: {named[verdict]}", result.content["summary"][language]]
    for one in (*result.verdicts, result.whole):
        if not one.model and not one.reasons:
            continue
        model = MODELS_ZH.get(one.model, one.model) if is_zh else one.model
        whom = f"{model} ({one.version})" if one.version else model or whole  # no version: its file cannot be read
        lines += ["", f"{whom}: {named[one.outcome]}"]
        for reason in one.reasons:
            lines += _reason(reason, _lasts(one.since.get(reason.code), zone, is_zh=is_zh), named, is_zh=is_zh)
    return lines


def _lasts(since: "Since | None", zone: "ZoneInfo", *, is_zh: bool) -> str:
    """Since which local day a reason stands."""
    if since is None or since.runs < 2:
        return ""
    day = f"{since.at.astimezone(zone):%Y-%m-%d}"
    return f"（自 {day} 起连续 {since.runs} 次）" if is_zh else f" (since {day}, {since.runs} runs in a row)"


def _reason(reason: "Reason", lasts: str, named: dict[str, str], *, is_zh: bool) -> list[str]:
    against, to_do = ("；阈值", "处理") if is_zh else (" against", "To do")
    measured = f"{reason.number:g}{against} {reason.threshold:g}"
    return [
        f"  {named[reason.outcome]}: {reason.what[is_zh]} {measured}{lasts}", f"    {to_do}: {reason.mend[is_zh]}",
    ]  # fmt: skip


def _not_written(troubles: "Sequence[Trouble]", *, is_zh: bool) -> list[str]:
    """What could not be written is no reason of the verdict, which was made before; what is one is told there."""
    from monitoring.attempts import PARTS, WRITTEN

    known = {one.problem for one in troubles if one.part not in WRITTEN}
    lost = [one for one in troubles if one.part in WRITTEN and one.problem not in known]
    if is_zh:
        return [
            line
            for one in lost
            for line in (
                "",
                f"未写入：{PARTS[one.part].name[1]}（英文原文：{one.problem}）",
                f"    处理: {one.mend_zh or one.mend}",
            )
        ]
    return [line for one in lost for line in ("", f"Not written: {one.part}. {one.problem}", f"    To do: {one.mend}")]


def _ledgers(result: "Result") -> list[str]:
    ledgers = result.ledgers
    if not ledgers:
        if any(one.part in ("log", "scores", "outcomes") for one in result.troubles):
            return []  # nobody knows
        return ["", "No answers were given yet, so nothing can have come true."]
    names = ("roc_auc", "log_loss", "brier", "ece", "expected_rate", "actual_rate")
    rows = [
        {"version": one.version, "state": one.state, "mature": one.n, "immature": one.immature}
        | {"first_mature_at": f"{one.first_mature_at:%Y-%m-%d}" if one.first_mature_at else "-"}
        | {name: one.figures[name].value if name in one.figures else None for name in names}
        for one in ledgers
    ]
    return ["", "What became of the scores:", table(rows)]
