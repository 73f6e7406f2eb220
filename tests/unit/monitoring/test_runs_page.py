"""The page of the runs and the key figures: each run once, gaps where one had no figure, marks where models changed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from churn.calendar import Calendar
from monitoring.history import Run
from monitoring.runs import new_run
from monitoring.site.history import sections
from monitoring.site.keys import OF_BUSINESS, OF_MODELS, tiles, way

SHANGHAI = Calendar("Asia/Shanghai")
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
AUC = next(one for one in OF_MODELS if one.name == "churn_monitor_realised_roc_auc")
ESTIMATED = next(one for one in OF_MODELS if one.name == "churn_monitor_estimated_roc_auc")
RETENTION = OF_BUSINESS[0]


def run(week: int, version: int, verdict: str = "keep", **figures: float) -> Run:
    name = f"churn-shop/{version}"
    told = {f"churn_monitor_{key}{{model='churn',version='{name}'}}": value for key, value in figures.items()}
    told[f"churn_monitor_estimated_roc_auc{{end='mid',model='churn',version='{name}'}}"] = 0.7
    told[f"churn_monitor_estimated_roc_auc{{end='low',model='churn',version='{name}'}}"] = 0.6
    told["churn_monitor_retention_rate{grain='month'}"] = 0.9
    told["churn_monitor_retention_rate{grain='quarter'}"] = 0.8
    codes = {"<b>": verdict} if verdict != "keep" else {}
    models = {"churn": {"version": name, "verdict": verdict, "codes": codes}, "": {"verdict": "keep", "codes": {}}}
    return Run(FIRST + timedelta(weeks=week), FIRST, verdict, models, told)


RUNS = [run(0, 1), run(1, 1, "watch", realised_roc_auc=0.71), run(2, 2, realised_roc_auc=0.8, rows=1234.0)]


def test_a_figure_is_followed_across_versions_and_has_gaps() -> None:
    assert way(RUNS, AUC, "churn") == [None, 0.71, 0.8]
    assert way(RUNS, AUC, "reactivation") == [None, None, None]
    assert way(RUNS, ESTIMATED, "churn") == [0.7, 0.7, 0.7]
    assert way(RUNS, RETENTION, None) == [0.9, 0.9, 0.9]


def test_the_front_page_shows_what_the_newest_run_has() -> None:
    told = tiles(RUNS, OF_MODELS, "churn")
    assert "<b>0.800</b>" in told
    assert "<b>1,234</b>" in told
    assert "mean score" not in told
    assert tiles([], OF_MODELS, "churn") == ""
    assert tiles(RUNS[:1], [AUC], "churn") == ""


def test_every_run_stands_on_the_page_newest_first_and_links_to_what_is_kept(tmp_path: Path) -> None:
    with new_run(tmp_path, RUNS[1].as_of) as draft:
        (draft / "index.html").write_text("a page", encoding="utf-8")
        (draft / "index.zh.html").write_text("the same", encoding="utf-8")
    figures, runs = sections(RUNS, tmp_path, SHANGHAI)
    assert runs.body.index("2025-01-15") < runs.body.index("2025-01-08") < runs.body.index("2025-01-01")
    assert runs.body.count("<a href") == 2, "one in each language"
    for language, file in (("en", "index.html"), ("zh", "index.zh.html")):
        link = f'<a href="../2025-01-08T000000Z/{file}">2025-01-08 08:00</a>'
        assert f'<span class="{language}">{link}</span>' in runs.body
    assert "&lt;b&gt;" in runs.body
    assert figures.body.count("churn-shop/2</text>") >= 1, "where another version serves, there is a mark"


def test_the_first_run_has_no_lines_to_draw(tmp_path: Path) -> None:
    assert [one.anchor for one in sections(RUNS[:1], tmp_path, SHANGHAI)] == ["runs"]
    (none,) = sections([], tmp_path, SHANGHAI)
    assert "No run was written down yet" in none.body
