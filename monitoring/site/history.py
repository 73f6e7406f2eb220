"""The page of the runs: every run with its verdict, and figures over time. Start reading at `sections`."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from churn.page import Two, both, table
from monitoring.history import Run
from monitoring.runs import run_folder
from monitoring.section import Section
from monitoring.site.light import MODELS, WORDS, badge
from monitoring.site.plots import Mark, Series, line

SHOWN = 60  # runs in the table, newest first
KEYS: dict[str, tuple[Two, str]] = {  # figures on the front page and over the runs, and how they are told
    "churn_monitor_rows": (("customers asked about", "应评分客户数"), ",.0f"),
    "churn_monitor_score_mean": (("mean score", "平均评分"), ".3f"),
    "churn_monitor_score_psi": (("PSI of the scores", "评分 PSI"), ".3f"),
    "churn_monitor_realised_roc_auc": (("ROC AUC, realised", "实际 ROC AUC"), ".3f"),
    "churn_monitor_realised_rate_ratio": (("actual / expected rate", "实际 / 预期比率"), ".2f"),
}
FIGURE = re.compile(r"(?P<name>[a-z_0-9]+)(?:\{(?P<labels>.*)\})?")


def way(runs: Sequence[Run], name: str, model: str) -> list[float | None]:
    """A figure of a model over the runs, whichever version served; None where a run did not have it."""
    label = f"model='{model}'"
    return [next((value for key, value in one.figures.items() if _is(key, name, label)), None) for one in runs]


def _is(key: str, name: str, label: str) -> bool:
    found = FIGURE.fullmatch(key)
    labels = (found["labels"] or "").split(",") if found else []
    return found is not None and found["name"] == name and {one for one in labels if "version=" not in one} == {label}


def sections(runs: Sequence[Run], folder: Path) -> Iterator[Section]:
    """The page of the runs.

    Args:
        runs: oldest first.
        folder: the artifacts of the business: where the pages of a run still lie there, its line links to them.
    """
    if len(runs) > 1:
        pictures = "".join(_picture(runs, name) for name in KEYS)
        yield Section("history", "figures", ("Over the runs", "历次变化"), f'<div class="grid">{pictures}</div>')
    note = (f"{len(runs)} runs; the newest {SHOWN} are listed.", f"共 {len(runs)} 次运行；列出最近 {SHOWN} 次。")
    told = _runs(runs, folder)
    yield Section("history", "runs", ("Runs", "历次运行"), told, note if len(runs) > SHOWN else None)


def _models(runs: Sequence[Run]) -> list[str]:
    return sorted({model for one in runs for model in one.models if model})


def _picture(runs: Sequence[Run], name: str) -> str:
    ways = [(model, way(runs, name, model)) for model in _models(runs)]
    series = [
        Series(MODELS.get(model, (model, model)), values)
        for model, values in ways
        if any(one is not None for one in values)
    ]
    if not series:
        return ""
    days = [(one.as_of - runs[0].as_of).total_seconds() / 86_400 for one in runs]
    labels = [f"{one.as_of:%Y-%m-%d}" for one in runs]
    return line(series, labels, title=KEYS[name][0], at=days, marks=_swaps(runs, days))


def _swaps(runs: Sequence[Run], days: Sequence[float]) -> list[Mark]:
    """Where another version serves than in the run before."""
    served = [{model: str(one.get("version", "")) for model, one in run.models.items() if model} for run in runs]
    return [
        Mark(days[at], (version, version))
        for at in range(1, len(runs))
        for model, version in served[at].items()
        if model in served[at - 1] and served[at - 1][model] != version
    ]


def _runs(runs: Sequence[Run], folder: Path) -> str:
    if not runs:
        return f"<p>{both('No run was written down yet.', '尚无运行记录。')}</p>"
    models = _models(runs)
    names = [both(*MODELS.get(model, (model, model))) for model in models]
    head = [both("as of", "截至"), both("verdict", "结论"), *names, both("why", "原因")]
    rows = [_row(one, models, folder) for one in reversed(runs[-SHOWN:])]
    return f'<div class="scroll wraps">{table(head, rows)}</div>'


def _row(one: Run, models: Sequence[str], folder: Path) -> list[str]:
    when, lies = f"{one.as_of:%Y-%m-%d %H:%M}", run_folder(folder, one.as_of)
    link = f'<a href="../{lies.name}/index.html">{when}</a>' if (lies / "index.html").is_file() else when
    codes = sorted({str(code) for each in one.models.values() for code in each.get("codes", ())})
    told = " ".join(f"<code>{escape(code)}</code>" for code in codes) or "–"
    return [link, badge(one.verdict), *(_of(one, model) for model in models), told]


def _of(run: Run, model: str) -> str:
    told = run.models.get(model)
    if told is None:
        return "–"
    outcome = str(told["verdict"])
    return f"{both(*WORDS.get(outcome, (outcome, outcome)))} {escape(str(told.get('version', '')))}"
