"""The page of the runs: every run with its verdict, and figures over time. Start reading at `sections`."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from churn.calendar import Calendar
from churn.page import both, table
from monitoring.history import Run
from monitoring.runs import run_folder
from monitoring.section import Section
from monitoring.site.keys import OF_BUSINESS, OF_MODELS, Key, way
from monitoring.site.light import MODELS, WORDS, badge
from monitoring.site.plots import Mark, Series, line

TONGUES = ("en", "zh")
SHOWN = 60  # runs in the table, newest first


def sections(runs: Sequence[Run], folder: Path, calendar: Calendar) -> Iterator[Section]:
    """The page of the runs.

    Args:
        runs: oldest first.
        folder: the artifacts of the business: where the pages of a run still lie there, its line links to them.
        calendar: whose time of day people are told.
    """
    if len(runs) > 1:
        models = _models(runs)
        pictures = "".join(
            [
                *(_picture(runs, key, models, calendar) for key in OF_MODELS),
                *(_picture(runs, key, [None], calendar) for key in OF_BUSINESS),
            ]
        )
        yield Section("history", "figures", ("Over the runs", "历次变化"), f'<div class="grid">{pictures}</div>')
    note = (f"{len(runs)} runs; the newest {SHOWN} are listed.", f"共 {len(runs)} 次运行；列出最近 {SHOWN} 次。")
    told = _runs(runs, folder, calendar)
    yield Section("history", "runs", ("Runs", "历次运行"), told, note if len(runs) > SHOWN else None)


def _models(runs: Sequence[Run]) -> list[str]:
    return sorted({model for one in runs for model in one.models if model})


def _picture(runs: Sequence[Run], key: Key, models: Sequence[str | None], calendar: Calendar) -> str:
    ways = [(model, way(runs, key, model)) for model in models]
    series = [
        Series(MODELS.get(model, (model, model)) if model else key.words, values)
        for model, values in ways
        if any(one is not None for one in values)
    ]
    if not series:
        return ""
    days = [(one.as_of - runs[0].as_of).total_seconds() / 86_400 for one in runs]
    labels, is_share = [f"{calendar.day_of(one.as_of)}" for one in runs], key.shape.endswith("%")
    marks = _swaps(runs, days) if models != [None] else []
    return line(series, labels, title=key.words, at=days, marks=marks, as_percent=is_share)


def _swaps(runs: Sequence[Run], days: Sequence[float]) -> list[Mark]:
    """Where another version serves than in the run before."""
    served = [{model: str(one.get("version", "")) for model, one in run.models.items() if model} for run in runs]
    return [
        Mark(days[at], (version, version))
        for at in range(1, len(runs))
        for model, version in served[at].items()
        if model in served[at - 1] and served[at - 1][model] != version
    ]


def _runs(runs: Sequence[Run], folder: Path, calendar: Calendar) -> str:
    if not runs:
        return f"<p>{both('No run was written down yet.', '尚无运行记录。')}</p>"
    models = _models(runs)
    names = [both(*MODELS.get(model, (model, model))) for model in models]
    head = [both("as of", "截至"), both("verdict", "结论"), *names, both("why", "原因")]
    rows = [_row(one, models, folder, calendar) for one in reversed(runs[-SHOWN:])]
    return f'<div class="scroll wraps">{table(head, rows)}</div>'


def _row(one: Run, models: Sequence[str], folder: Path, calendar: Calendar) -> list[str]:
    when = f"{one.as_of.astimezone(calendar.zone):%Y-%m-%d %H:%M}"
    link = "".join(
        f'<span class="{each}">{_link(run_folder(folder, one.as_of), each, when)}</span>' for each in TONGUES
    )
    codes = sorted({str(code) for each in one.models.values() for code in each.get("codes", ())})
    told = " ".join(f"<code>{escape(code)}</code>" for code in codes) or "–"
    return [link, badge(one.verdict), *(_of(one, model) for model in models), told]


def _link(run: Path, language: str, when: str) -> str:
    """To a run's first page, in a language where it has one; none where its pages are gone."""
    pages = (f"index.{language}.html", "index.html")
    file = next((one for one in pages if (run / one).is_file()), None)
    return f'<a href="../{run.name}/{file}">{when}</a>' if file else when


def _of(run: Run, model: str) -> str:
    told = run.models.get(model)
    if told is None:
        return "–"
    outcome = str(told["verdict"])
    return f"{both(*WORDS.get(outcome, (outcome, outcome)))} {escape(str(told.get('version', '')))}"
