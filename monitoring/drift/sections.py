"""What the site shows of drift: the scores, the features nearest to their bar. Start reading at `sections`."""

from collections.abc import Iterator, Sequence
from html import escape

from churn.page import Two, both, table
from churn.reasons import GROUPS
from monitoring.drift.shift import FeatureDrift, ScoreDrift
from monitoring.findings import Findings
from monitoring.section import Section, place
from monitoring.site.plots import shares

PICTURES, ROWS = 6, 25
NOTE: Two = (
    (
        "PSI: population stability index on all rows, in deciles of the reference, one bin for values it never saw and "
        "one for null. A feature has moved when its PSI passes its bar."
    ),
    "PSI：在全部行上计算的群体稳定性指数；按参照数据的十分位分箱，另有“未见值”与“空值”两箱。PSI 超过门槛即为偏移。",
)


def sections(findings: Sequence[Findings]) -> Iterator[Section]:
    """Scores and features of each model."""
    for found in findings:
        model = found.champion.model
        yield Section("drift", "scores", ("Scores", "评分"), _scores(found.score), model=model)
        yield Section("drift", "features", ("Features", "特征"), _features(found), NOTE, model)


def _scores(score: ScoreDrift | None) -> str:
    if score is None:
        said = ("No customer of now has a score of this champion.", "当前没有客户有该模型的评分。")
        return f"<p>{both(*said)}</p>"
    rows = [
        [both("customers with a score", "有评分的客户"), f"{score.n:,}"],
        [both("share of the cohort", "占应评分客户的比例"), f"{score.coverage:.0%}"],
        [both("mean score when it learned", "训练时的平均评分"), f"{score.mean_then:.4f}"],
        [both("mean score now", "当前平均评分"), f"{score.mean_now:.4f}"],
        [both("PSI (by chance alone)", "PSI（仅由随机造成）"), f"{score.psi:.4f} ({score.floor:.4f})"],
    ]
    title = ("Scores then and now", "训练时与当前的评分")
    picture = shares(score.counts_then, score.counts_now, title=title, with_null=False)
    return f'<div class="side">{table(["", ""], rows)}{picture}</div>'


def _features(found: Findings) -> str:
    model = found.champion.model
    pictures = "".join(_picture(found, one) for one in found.features[:PICTURES] if one.is_judged)
    head = [
        both("feature", "特征"), both("group", "类别"), "PSI", both("bar", "门槛"), both("null then", "训练时空值"),
        both("null now", "当前空值"), both("median then", "训练时中位数"), both("median now", "当前中位数"), "",
    ]  # fmt: skip
    rows = [_row(model, one) for one in found.features[:ROWS]]
    rest = len(found.features) - ROWS
    said = (f"and {rest} more, all further below their bar.", f"另有 {rest} 个特征，离门槛更远。")
    more = f'<p class="quiet">{both(*said)}</p>' if rest > 0 else ""
    return f'<div class="grid small">{pictures}</div><div class="features scroll">{table(head, rows)}</div>{more}'


def _row(model: str, one: FeatureDrift) -> list[str]:
    moved = both("moved", "已偏移") if one.has_moved else ""
    said = moved if one.is_judged else both("by the calendar", "随日历变化")
    group = GROUPS.get(one.group)
    name = f'<code id="{escape(place(model, one.feature))}">{escape(one.feature)}</code>'
    told = both(group.en, group.zh) if group else escape(one.group)
    nulls = [f"{one.null_then:.0%}", f"{one.null_now:.0%}"]
    return [
        name,
        told,
        f"{one.psi:.4f}",
        f"{one.bar:.4f}",
        *nulls,
        _number(one.median_then),
        _number(one.median_now),
        said,
    ]


def _picture(found: Findings, one: FeatureDrift) -> str:
    text = found.champion.bundle.texts.get(one.feature)
    words = (text.en, text.zh) if text else (one.feature, one.feature)
    caption = (f"{one.feature}: PSI {one.psi:.3f}", f"{one.feature}：PSI {one.psi:.3f}")
    return shares(one.counts_then, one.counts_now, title=words, caption=caption)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"
