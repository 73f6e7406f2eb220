"""Pictures of the pages: well-formed, in both languages, a gap where nothing is known, no number past the field."""

import re
from xml.etree import ElementTree

import pytest

from churn.metrics import CalibrationBin
from monitoring.site.canvas import HEIGHT, LEFT, RIGHT, WIDTH, ticks
from monitoring.site.plots import (
    Bar,
    Cell,
    Limit,
    Mark,
    Series,
    bars,
    dots,
    heat,
    line,
    shares,
    spark,
    stacked,
    steps,
)

DAYS = [f"2025-01-{day:02}" for day in range(1, 9)]
NASTY = ('<script>alert("x")</script> & Co', "客户 <b>")
RISING = [0.1, 0.2, None, 0.3, 0.4, 0.5, 0.6, 0.7]


def pictures() -> dict[str, str]:
    lows, highs = [0.05] * 8, [0.9] * 8
    return {
        "line": line(
            [Series(NASTY, RISING, lows, highs), Series(("b", "乙"), [0.5] * 8, is_estimate=True)], DAYS, title=NASTY,
            limits=[Limit(0.55, NASTY)], marks=[Mark(2, NASTY), Mark(7, NASTY)], as_percent=True, caption=NASTY,
        ),
        "steps": steps([Series(NASTY, [1.0, 0.8, 0.5], [1, 0.7, 0.4], [1, 0.9, 0.6])], [0, 30, 90], title=NASTY),
        "bars": bars([Bar(NASTY, 0.3, 0.2, 0.4), Bar(("c", "丙"), None, told=("too few", "太少"))], title=NASTY),
        "stacked": stacked([(NASTY, [1, 2]), (("b", "乙"), [3, 0])], ["x", "y"], title=NASTY, as_share=True),
        "heat": heat([("2025-01", [Cell(1.0), Cell(0.4, is_mature=False), None])], ["0", "1", "2"], title=NASTY),
        "dots": dots([CalibrationBin(10, 0.2, 0.25), CalibrationBin(10, 0.7, 0.6)], title=NASTY),
        "shares": shares([5, 5, 0, 0], [2, 8, 0, 1], title=NASTY),
        "spark": spark([0.3, None, 0.4], title=NASTY),
    }  # fmt: skip


@pytest.mark.parametrize("name", list(pictures()))
def test_it_is_well_formed_in_both_languages_and_runs_nothing(name: str) -> None:
    drawn = pictures()[name]
    ElementTree.fromstring(drawn)
    assert "<script" not in drawn
    assert "客户 &lt;b&gt;" in drawn


@pytest.mark.parametrize("name", ["line", "steps", "stacked", "dots", "shares", "spark"])
def test_who_cannot_see_it_is_told_what_it_is(name: str) -> None:
    svg = re.search(r"<svg.*</svg>", pictures()[name], flags=re.DOTALL)
    assert svg is not None
    root = ElementTree.fromstring(svg.group(0))
    assert root.get("role") == "img"
    assert (root.findtext("title") or "").startswith(NASTY[0])


def test_what_is_not_known_is_a_gap_and_no_zero() -> None:
    drawn = line([Series(("a", "甲"), RISING)], DAYS, title=("t", "标题"))
    paths = re.findall(r'class="stroke[^"]*" d="([^"]*)"', drawn)
    assert [path.count("L") + 1 for path in paths] == [2, 5]
    assert drawn.count("<circle") == 7


def test_a_number_alone_between_gaps_is_a_dot() -> None:
    drawn = line([Series(("a", "甲"), [None, 0.4, None])], DAYS[:3], title=("t", "标题"))
    assert drawn.count("<circle") == 1
    assert "stroke s-" not in drawn


@pytest.mark.parametrize("values", [[0.0, 0.0], [5.0, 5.0], [-3.0, 4.0], [1e-9, 2e-9], [1e9, 2e9], [0.1]])
def test_every_number_lies_in_the_field(values: list[float]) -> None:
    drawn = line([Series(("a", "甲"), values)], [str(at) for at in range(len(values))], title=("t", "标题"))
    for x, y in re.findall(r'cx="([-\d.]+)" cy="([-\d.]+)"', drawn):
        assert LEFT - 0.1 <= float(x) <= WIDTH - RIGHT + 0.1
        assert 0 <= float(y) <= HEIGHT


def test_nothing_to_draw_is_an_empty_field() -> None:
    ElementTree.fromstring(line([], [], title=("t", "标题")))
    ElementTree.fromstring(line([Series(("a", "甲"), [None, None])], DAYS[:2], title=("t", "标题")))
    ElementTree.fromstring(stacked([], [], title=("t", "标题")))
    ElementTree.fromstring(dots([], title=("t", "标题")))
    assert spark([None, 1.0], title=("t", "标题")) == ""


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.12, 0.13), (-7, 1200), (3, 3), (0, 0)])
def test_ticks_are_round_and_cover_everything(low: float, high: float) -> None:
    found = ticks(low, high)
    assert found[0] <= low <= high <= found[-1]
    assert 2 <= len(found) <= 7


def test_an_immature_cell_is_hatched_and_the_legend_says_so() -> None:
    drawn = pictures()["heat"]
    assert '<td class="hatched">40%</td>' in drawn
    assert "not over yet" in drawn
    assert '<td class="none"></td>' in drawn


def test_a_bar_that_cannot_be_told_says_why() -> None:
    drawn = pictures()["bars"]
    assert "too few" in drawn
    assert drawn.count('class="fill') == 1


@pytest.mark.parametrize("values", [[0.111, 0.1125], [0.1, 0.9], [0.5, 0.52], [0.0001, 0.0002]])
def test_no_two_levels_have_the_same_label(values: list[float]) -> None:
    drawn = line([Series(("a", "甲"), values)], DAYS[:2], title=("t", "标题"), as_percent=True)
    labels = re.findall(r'text-anchor="end">([^<]*%)<', drawn)
    assert len(labels) == len(set(labels)) >= 2
