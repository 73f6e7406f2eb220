"""The page of what was learned of an action: the curve of Qini with its band, and told beside found, group by group.

One file of inline SVG, both languages, no script. Reads what campaigns/uplift/keeping.py wrote. Start at `page`.
"""

from collections.abc import Sequence
from typing import Any, Final

from campaigns.uplift.judging import TRUSTED
from campaigns.uplift.told import WORDS, points, sentences
from churn.page import both, frame, part, table

WIDTH, HEIGHT, LEFT, TOP = 520.0, 240.0, 46.0, 10.0
FOOTER: Final = ("How it is made and when it refuses: docs/uplift.md", "方法与拒绝条件：docs/uplift.md")
STYLE: Final = (
    ".band{fill:var(--bar);opacity:.18}.way{fill:none;stroke:var(--bar);stroke-width:2}"
    ".chance{stroke:var(--quiet);stroke-dasharray:4 4}.axis{stroke:var(--line)}"
)


def page(told: dict[str, Any], language: str) -> str:
    """The page of an action.

    Args:
        told: what `keeping.keep` wrote.
        language: that is shown first, en or zh.
    """
    en, zh = (sentences(told, one) for one in ("en", "zh"))
    lines = "".join(f"<p>{both(one, other)}</p>" for one, other in zip(en[1:], zh[1:], strict=True))
    body = [part(("What was found", "结果"), lines)]
    if judged := told.get("judged"):
        body += [_curve(judged["curve"]), _groups(judged["groups"])]
    return frame(
        f"uplift: {told['action']}", language=language,
        heading=both(f"Uplift of {told['action']}", f"{told['action']} 的增益"),
        as_of=both(f"known until {told['known_until'][:10]}", f"数据截至 {told['known_until'][:10]}"), body=body,
        footer=FOOTER, tone="fine" if told["verdict"] == TRUSTED else "advice", says=both(*WORDS[told["verdict"]]),
        style=STYLE,
    )  # fmt: skip


def _curve(curve: Sequence[dict[str, float]]) -> str:
    """Gain by share contacted, with its band, beside a random order."""
    lows, highs = [one["low"] for one in curve], [one["high"] for one in curve]
    low, high = min(*lows, 0.0), max(*highs, 0.0)
    reach = max(high - low, 1e-9)

    def at(share: float, gain: float) -> str:
        return f"{LEFT + share * (WIDTH - LEFT):.1f},{TOP + (high - gain) / reach * (HEIGHT - 2 * TOP):.1f}"

    above = " ".join(at(one["share"], one["high"]) for one in curve)
    below = " ".join(at(one["share"], one["low"]) for one in reversed(curve))
    way = " ".join(at(one["share"], one["value"]) for one in curve)
    ends = [at(0.0, 0.0).split(","), at(1.0, curve[-1]["value"]).split(",")]
    marks = "".join(
        f'<text x="0" y="{at(0.0, gain).split(",")[1]}">{100 * gain:+.2f}</text>'
        for gain in dict.fromkeys((high, 0.0, low))
    )
    shares = "".join(
        f'<text x="{at(share, 0).split(",")[0]}" y="{HEIGHT + 8}" text-anchor="middle">{share:.0%}</text>'
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    zero = at(0, 0).split(",")[1]
    drawn = (
        f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT + 14:.0f}" role="img" aria-label="Qini">'
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH}" y1="{zero}" y2="{zero}"/>'
        f'<polygon class="band" points="{above} {below}"/><polyline class="way" points="{way}"/>'
        f'<line class="chance" x1="{ends[0][0]}" y1="{ends[0][1]}" x2="{ends[1][0]}" y2="{ends[1][1]}"/>'
        f"{marks}{shares}</svg>"
    )
    note = (
        (
            "Points of the base gained by contacting so large a share of customers, those ranked highest first. "
            "Dashed: in random order. Customers whom the model had not seen."
        ),
        "按排序从高到低联系相应比例客户所带来的变化（占全体的百分点）；虚线为随机顺序。均为模型未见过的客户。",
    )
    return part(("Gain by share contacted", "按联系比例的收益"), f"<figure>{drawn}</figure>", note=note)


def _groups(groups: Sequence[dict[str, Any]]) -> str:
    """Told beside found, the highest-ranked fifth first."""
    rows = [
        [
            str(number), f"{one['n']:,}", f"{100 * one['told']:+.2f}", points(one["found"]),
            both("yes", "是") if one["holds"] else both("no", "否"),
        ]
        for number, one in enumerate(groups, start=1)
    ]  # fmt: skip
    head = [
        both("group", "组"),
        both("rows", "行数"),
        both("told", "预测"),
        both("found", "实际"),
        both("holds", "相符"),
    ]
    note = (
        "Percentage points. The intervals hold for all groups together; the first group is ranked highest.",
        "单位为百分点。区间对所有组同时成立；第一组排序最高。",
    )
    return part(("Told and found", "预测与实际"), f"<section>{table(head, rows)}</section>", note=note)
