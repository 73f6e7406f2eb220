"""What the site shows of drift: what moved, by what it may cost; the scores and their way; whether columns still fit.

Start reading at `sections`.
"""

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from churn.page import Two, both, table
from churn.reasons import GROUPS
from monitoring.drift.joint import Joint
from monitoring.drift.judging import Drift
from monitoring.drift.score_weeks import score_weeks
from monitoring.drift.shift import FeatureDrift, Jump, ScoreDrift
from monitoring.findings import Findings
from monitoring.section import Section, place
from monitoring.site.plots import Bar, Limit, Series, Tone, bars, line, shares

PICTURES, ROWS = 6, 25
BLIND = 1.0  # PSI; a bar beyond it lets nearly anything pass
UNQUIET: Two = (
    (
        "The bars are so high that hardly anything can pass them: in the weeks they were learnt from, scores moved as "
        "much by themselves, as in a young log whose customers all grow older. The performance page tells more here."
    ),
    (
        "门槛过高，几乎没有变化能超过：在学习门槛的各周里，评分本身就有这么大的变化（例如历史很短、客户都在变“老”的日志）。"
        "此时请以“表现”页为准。"
    ),
)
SEASON: tuple[tuple[Tone, Two], ...] = (("third", ("this time of a year before", "往年同期")), ("now", ("now", "当前")))
NOTE: Two = (
    (
        "By what the shift may cost: log loss in nats a customer, if it were an error and not the customers. PSI is "
        "the population stability index in deciles of what was learned, one bin for values never seen, one for null. "
        "Bars are learnt from the weeks before: against the last week by what a quiet week does, against what was "
        "learned by the farthest week of the learning."
    ),
    (
        "按偏移可能造成的损失排序：若偏移是错误而非客户真实变化，每位客户增加的对数损失（nat）。PSI 为群体稳定性指数，"
        "按训练数据的十分位分箱，另有“未见值”与“空值”两箱。门槛由以往各周学得：与上周比，看平静的一周会变多少；与训练时比，"
        "看训练期内最远的一周。"
    ),
)


def sections(findings: Sequence[Findings]) -> Iterator[Section]:
    """Scores, features and their fit, of each model."""
    for found in findings:
        model, drift = found.champion.model, found.drift
        yield Section("drift", "scores", ("Scores", "评分"), _scores(found.score, drift), model=model)
        if drift is not None:
            title = ("Do columns still fit together?", "各列之间的关系是否如常？")
            yield Section("drift", "joint", title, _joint(drift.joint, drift), JOINT_NOTE, model)
        yield Section("drift", "features", ("Features", "特征"), _learnt(drift) + _features(found), NOTE, model)


def _scores(score: ScoreDrift | None, drift: Drift | None) -> str:
    way = _way(score, drift) if drift else ""
    if score is None:
        said = ("No customer of now has a score of this champion.", "当前没有客户有该模型的评分。")
        return f"<p>{both(*said)}</p>{way}"
    rows = [
        [both("customers with a score", "有评分的客户"), f"{score.n:,}"],
        [both("share of the cohort", "占应评分客户的比例"), f"{score.coverage:.0%}"],
        [both("mean score when it learned", "训练时的平均评分"), f"{score.mean_then:.4f}"],
        [both("mean score now", "当前平均评分"), f"{score.mean_now:.4f}"],
        [both("PSI (by chance alone)", "PSI（仅由随机造成）"), f"{score.psi:.4f} ({score.floor:.4f})"],
        *([[both("bar against what was learned", "与训练时相比的门槛"), f"{score.bar:.4f}"]] if score.bar else []),
        *([both(*_ago(one)), f"{one.psi:.4f} / {one.bar:.4f}"] for one in score.jumps),
    ]
    highest = max([score.bar or 0.0, *(one.bar for one in score.jumps)])
    blind = f"<p>{both(*UNQUIET)}</p>" if highest > BLIND else ""
    title = ("Scores then and now", "训练时与当前的评分")
    picture = shares(score.counts_then, score.counts_now, title=title, with_null=False)
    return f'<div class="side">{table(["", ""], rows)}{picture}</div>{blind}{way}'


def _way(score: ScoreDrift | None, drift: Drift) -> str:
    """The scores of a sample of customers, week by week, with what they are now at the end."""
    weeks = score_weeks(drift.past, score)
    if len(weeks.days) < 3:
        return ""
    mean = line(
        [Series(("mean score", "平均评分"), weeks.means)],
        weeks.days,
        title=("Mean score, week by week", "每周平均评分"),
        caption=(
            "the same customers, scored by this champion on what was known then",
            "同一批客户，按当时已知信息由该模型评分",
        ),
    )
    limits = [Limit(score.bar, ("bar", "门槛"))] if score and score.bar else []
    apart = line(
        [Series(("PSI", "PSI"), weeks.apart)],
        weeks.days,
        limits=limits,
        from_zero=True,
        title=("How far from what it learned", "与训练时的距离"),
        caption=("PSI of the scores against those of the learning", "评分相对训练时的 PSI"),
    )
    return f'<div class="grid">{mean}{apart}</div>'


JOINT_NOTE: Two = (
    (
        "A classifier tries to tell rows of now from those of the same customers a week ago, by columns that are still "
        "by themselves. 0.5: it cannot. It sees columns joined from other customers, which no single column shows."
    ),
    "用分类器区分同一批客户当前与一周前的行，只用本身平稳的列。0.5 表示无法区分。它能发现单列看不出的“列与客户错配”。",
)


def _joint(joint: Joint | None, drift: Drift) -> str:
    if joint is None:
        said = ("No rows of a week ago to compare with.", "没有一周前的数据可比较。")
        return f"<p>{both(*said)}</p>"
    rows = [
        [both("ROC AUC, and its bar", "ROC AUC 与门槛"), f"{joint.auc:.3f} / {joint.bar:.3f}"],
        [both("rows a side, columns", "每侧行数与列数"), f"{joint.rows:,}, {joint.columns}"],
        [both("past weeks that the bar rests on", "门槛所依据的周数"), f"{joint.weeks}"],
    ]
    title = ("What told them apart", "区分所依据的列")
    by = bars([Bar((name, name), share) for name, share in joint.by], title=title)
    past = drift.past.joint
    if len(past) < 3:
        return f'<div class="side">{table(["", ""], rows)}{by}</div>'
    way = line(
        [Series(("ROC AUC", "ROC AUC"), [*(one.auc for one in past), joint.auc])],
        [*(f"{one.at:%Y-%m-%d}" for one in past), ("now", "当前")],
        limits=[Limit(joint.bar, ("bar", "门槛"))],
        title=("Past weeks, told from the week before", "以往各周与前一周的区分度"),
    )
    return f'<div class="side">{table(["", ""], rows)}{by}</div><div class="grid">{way}</div>'


def _learnt(drift: Drift | None) -> str:
    """What the bars rest on, in a sentence."""
    if drift is None or not drift.limits:
        said = (
            "There are too few past weeks to learn from: nothing can be said of sudden moves.",
            "以往周数太少，无法学习门槛：不能判断突变。",
        )
    else:
        share = f"{drift.past.share:.0%}"
        said = (
            f"Learnt from {drift.weeks} past weeks of {share} of the customers.",
            f"门槛由以往 {drift.weeks} 周、{share} 的客户学得。",
        )
    return f"<p>{both(*said)}</p>"


def _features(found: Findings) -> str:
    model = found.champion.model
    pictures = "".join(_picture(found, one) for one in found.features[:PICTURES] if one.is_judged)
    head = [
        both("feature", "特征"), both("group", "类别"), both("may cost, nats", "可能损失（nat）"),
        both("PSI to what was learned / bar", "与训练时的 PSI / 门槛"), both("to a week ago / bar", "与一周前 / 门槛"),
        both("to the season", "与往年同期"), both("null then, now", "空值：训练时、当前"),
        both("median then, now", "中位数：训练时、当前"), "",
    ]  # fmt: skip
    shown = [one for at, one in enumerate(found.features) if at < ROWS or one.has_jumped or one.has_moved]
    rows = [_row(model, one) for one in shown]
    rest = len(found.features) - len(shown)
    said = (f"and {rest} more that may cost less.", f"另有 {rest} 个特征，可能的损失更小。")
    more = f'<p class="quiet">{both(*said)}</p>' if rest > 0 else ""
    return f'<div class="grid small">{pictures}</div><div class="features scroll">{table(head, rows)}</div>{more}'


def _row(model: str, one: FeatureDrift) -> list[str]:
    group = GROUPS.get(one.group)
    week = one.farthest if one.has_jumped else next((jump for jump in one.jumps if jump.weeks == 1), None)
    return [
        f'<code id="{escape(place(model, one.feature))}">{escape(one.feature)}</code>',
        both(group.en, group.zh) if group else escape(one.group),
        "–" if one.loss_nats is None else f"{one.loss_nats:.4f}",
        f"{one.psi:.3f} / {one.bar:.3f}",
        "–" if week is None else f"{week.psi:.4f} / {week.bar:.4f}" + _weeks(week),
        "–" if one.psi_season is None else f"{one.psi_season:.3f}",
        f"{one.null_then:.0%}, {one.null_now:.0%}",
        f"{_number(one.median_then)}, {_number(one.median_now)}",
        both(*_said(one)),
    ]


def _said(one: FeatureDrift) -> Two:
    if not one.is_judged:
        return "by the calendar", "随日历变化"
    if one.has_jumped:
        return "jumped", "突变"
    if one.has_moved:
        return "moved", "已偏移"
    if one.is_season:
        return "the season", "季节所致"
    return ("moved, costs little", "已偏移，影响很小") if one.psi > one.bar else ("", "")


def _picture(found: Findings, one: FeatureDrift) -> str:
    text = found.champion.bundle.texts.get(one.feature)
    words = (text.en, text.zh) if text else (one.feature, one.feature)
    caption = (f"{one.feature}: PSI {one.psi:.3f}", f"{one.feature}：PSI {one.psi:.3f}")
    drawn = shares(one.counts_then, one.counts_now, title=words, caption=caption)
    season = _season(found.drift, one.feature) if one.is_season and found.drift else None
    return drawn if season is None else drawn + shares(season, one.counts_now, title=words, names=SEASON)


def _season(drift: Drift, feature: str) -> tuple[int, ...] | None:
    """Counts of the week of the years before that is nearest to this time."""
    like = drift.past.like(drift.at)
    counts = [
        np.asarray(drift.past.weeks[one].counts[feature]) for one in like if feature in drift.past.weeks[one].counts
    ]
    return tuple(int(one) for one in counts[len(counts) // 2]) if counts else None


def _weeks(jump: Jump) -> str:
    if jump.weeks == 1:
        return ""
    return f" ({both(f'{jump.weeks} weeks', f'{jump.weeks} 周')})"


def _ago(jump: Jump) -> Two:
    en, zh = jump.ago
    return f"PSI to {en} ago / bar", f"与{zh}前的 PSI / 门槛"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"
