"""`churn monitor`: looks, judges, and writes what it found. Each part is tried by itself, on reading and on writing.

    monitoring/verdict.json         the newest verdict for machines; the service obeys its `stop`
    monitoring/history.jsonl        one line a run
    monitoring/metrics.prom         the newest figures for Prometheus
    monitoring/runs/<as_of>/        a run: verdict.json, figures.json, business.json and its pages
    monitoring/report.html          the front page of the newest run
    monitoring/cache/               what need not be computed twice

What is looked at: monitoring/looking.py. A full disk or a read-only folder hides no verdict. Start at `monitor`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from churn.clock import WallClock
from churn.settings import Settings
from features.atomic import write_json, write_text
from monitoring.attempts import Attempts, Trouble
from monitoring.business.content import write as write_business
from monitoring.business.hazards_told import write as write_hazards
from monitoring.figures import figures
from monitoring.findings import Findings
from monitoring.history import History, Run, append, codes_of, key_of, read
from monitoring.ledger.realised import Realised
from monitoring.looking import Look, Say, look
from monitoring.pages import lead, pages
from monitoring.reason import EXIT_CODES
from monitoring.runs import new_run, run_folder
from monitoring.section import Figure
from monitoring.stops import VERDICT, standing
from monitoring.summary import summary
from monitoring.textfile import METRICS, text_of
from monitoring.verdict import Verdict, as_json, judge, judge_unread, judge_whole

LASTING = ("verdict", "history", "figures")  # what others read


@dataclass(frozen=True)
class Result:
    """What `churn monitor` found.

    Args:
        verdicts: of each champion. whole: of the business.
        ledgers: of every model version that ever answered.
        content: `verdict.json`.
        page: the front page; None where it was not wanted or could not be written.
        run: the folder of the run; None where it could not be written.
        findings: what the verdicts rest on. now: the instant judged.
        history: the runs before. troubles: what could not be looked at, or not be written.
    """

    verdicts: tuple[Verdict, ...]
    ledgers: tuple[Realised, ...]
    content: dict[str, Any]
    page: Path | None
    run: Path | None
    findings: tuple[Findings, ...]
    now: datetime
    whole: Verdict
    history: History
    troubles: tuple[Trouble, ...]


def monitor(settings: Settings, *, progress: Say, with_pages: bool = True) -> Result:
    """Judge the champions of a business; keep the verdict, the figures and the pages.

    Args:
        settings: whose, and the thresholds.
        progress: told what is going on.
        with_pages: whether people will want to look at it.

    Raises:
        NoChampion: nothing was promoted yet. Whatever else is missing or broken is a reason of the verdict.
    """
    folder, business, tried = settings.folder, settings.business, Attempts()
    history = tried("history", lambda: read(folder), History())
    before = history.last_run_at
    seen = look(settings, progress=progress, last_run_at=before, tried=tried, with_business=with_pages)
    verdicts, whole = _judged(settings, seen, history)
    content = as_json(verdicts, now=seen.now, business=business.slug, clock=business.clock, whole=whole)
    content["summary"] = dict(zip(("en", "zh"), summary(verdicts, whole), strict=True))
    tried("verdict", lambda: write_json(folder / VERDICT, content), None)  # first: what follows may fail
    told = _keep(settings, seen, verdicts, whole, content)
    run, front = _write_run(settings, seen, verdicts, whole, content, told, progress if with_pages else None)
    troubles = tuple(tried.troubles)
    content = _unless_unread(content, troubles)
    return Result(
        verdicts, seen.ledgers, content, front, run, seen.findings, seen.now, whole, history, troubles
    )  # fmt: skip


def _unless_unread(content: dict[str, Any], troubles: Sequence[Trouble]) -> dict[str, Any]:
    """A good verdict that could not be written down is none: service, history and meters hold an older one."""
    lost = [one for one in troubles if one.part in LASTING]
    if not lost or content["verdict"] != "keep":  # a worse one is told as it is
        return content
    would, why = content["summary"], lost[0].problem
    told = {
        "en": f"It could not be written down, so nobody else knows it: {why} {would['en']}",
        "zh": f"结论无法写入，其他系统无从得知（英文原文：{why}）。{would['zh']}",
    }
    return content | {"verdict": "cannot_tell", "exit_code": EXIT_CODES["cannot_tell"], "summary": told}


def _judged(settings: Settings, seen: Look, history: History) -> tuple[tuple[Verdict, ...], Verdict]:
    """The verdict on each champion, also on one whose file cannot be read, and that on the business."""
    rules, now = settings.monitoring, seen.now
    told = {one.champion.model: judge(history.with_rows(one, now), rules) for one in seen.findings}
    before = standing(settings.folder)
    for one in seen.tried.troubles:
        if one.part == "champion" and one.model and one.model not in told:
            told[one.model] = judge_unread(one.model, seen.tried.of(one.model), before.get(one.model, {}))
    verdicts = tuple(history.with_since(one, now) for one in told.values())
    whole = history.with_refused(seen.whole, settings.ingest.max_rejected_share)
    return verdicts, history.with_since(judge_whole(whole, rules), now)


def _keep(
    settings: Settings, seen: Look, verdicts: Sequence[Verdict], whole: Verdict, content: dict[str, Any]
) -> list[Figure]:
    """Add the run to the history, and tell Prometheus; its figures."""
    tried, judged_at, folder = seen.tried, WallClock().now(), settings.folder
    told = tried("figures", lambda: figures(seen, verdicts, whole, judged_at=judged_at), [])
    models = {one.model: codes_of(one, seen.now) for one in (*verdicts, whole)}
    run = Run(seen.now, judged_at, content["verdict"], models, {key_of(one): float(one.value) for one in told})
    tried("history", lambda: append(folder, run), None)
    tried("figures", lambda: write_text(folder / METRICS, text_of(told)), None)
    return told


def _write_run(
    settings: Settings,
    seen: Look,
    verdicts: Sequence[Verdict],
    whole: Verdict,
    content: dict[str, Any],
    told: Sequence[Figure],
    progress: Say | None,
) -> tuple[Path | None, Path | None]:
    """The folder of the run and its front page; None for what could not be written or is not wanted."""

    def write() -> Path | None:
        with new_run(settings.folder, seen.now) as draft:
            write_json(draft / "verdict.json", content)
            write_json(draft / "figures.json", {key_of(one): float(one.value) for one in told})
            if seen.whole.stock is not None:
                seen.tried("business", partial(write_business, seen.whole.stock, draft), None)
            if seen.whole.hazards is not None:
                seen.tried("business", partial(write_hazards, seen.whole.hazards, draft), None)
                seen.tried("business", partial(seen.whole.hazards.keep, settings.folder), None)
            site = progress and seen.tried(
                "pages", lambda: pages(settings, seen, verdicts, whole, progress, draft), None
            )
            if progress and site is None:  # half a site is none
                for page in draft.glob("*.html"):
                    page.unlink()
        return lead(settings, site) if site else None

    if progress is None and run_folder(settings.folder, seen.now).exists():
        return run_folder(settings.folder, seen.now), None  # pages of the same instant stay until there are others
    failed = len(seen.tried.troubles)
    front = seen.tried("pages", write, None)
    run = run_folder(settings.folder, seen.now)
    return (run if run.is_dir() and (front or len(seen.tried.troubles) == failed) else None), front
