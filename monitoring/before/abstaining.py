"""When is no estimate better than one? Where scores are missing, broken, new to the champion, or known to be off.

    no_scores, too_few      nothing to estimate from
    broken_data             a column is broken: the scores are of something that is not so
    support_gone            scores or features like none that the champion learned from
    calibration_gone        what matured came otherwise than the scores said: they are off already
    no_past, season_unseen  no past cohort says how far estimates lie off, or none of this time of a year does

Each with its sentence in two languages, for the page. Start reading at `why_not`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from churn.estimate_band import ALONE, Cohort, shows_season, thinned, usual_spreads
from churn.events import FloatArray
from churn.page import Two
from monitoring.before.found import Abstention
from monitoring.drift.shift import NOISE
from monitoring.findings import Findings
from monitoring.ledger.reasons import RATES_ALIKE

SCORES_MOVED: Final = 0.25  # PSI of the scores: they are spread as none the champion learned from
UNSEEN: Final = 0.05  # share of scores beyond all that it gave when it learned
NO_SCORES: Final[Two] = ("No customer of now has a score of this model.", "当前没有客户有该模型的评分。")
NO_PAST: Final[Two] = (
    "No past cohort says how far estimates lie off: too few outcomes, or an older version trained the champion.",
    "没有过去的批次可说明估计误差：结果太少，或当前模型由旧版本训练。",
)
NEWEST: Final = 3  # of the pairs that training kept: the test's, in most cases


def why_not(
    found: Findings, scores: FloatArray, kept: Sequence[Cohort], own: Sequence[Cohort], now: datetime
) -> Abstention | None:
    """Why nothing can be estimated; None where it can.

    Args:
        found: what else is known of the champion.
        scores: of the customers of now. Shape (n,).
        kept: pairs of estimate and what came that training kept, oldest first.
        own: those of the champion's own answers, oldest first.
        now: the instant judged.
    """
    return (
        _nothing(found, scores)
        or _support(found, scores)
        or _calibration(found, scores, own or kept)
        or _past(found, (*kept, *own), now)
    )


def _nothing(found: Findings, scores: FloatArray) -> Abstention | None:
    if not len(scores):
        return Abstention("no_scores", NO_SCORES)
    if len(scores) < found.min_rows:
        few = (
            f"{len(scores)} customers have a score, fewer than {found.min_rows}: too few to say.",
            f"仅 {len(scores)} 位客户有评分，少于 {found.min_rows}：样本太少，无法判断。",
        )
        return Abstention("too_few", few)
    if found.faults:
        names = ", ".join(sorted({one.feature for one in found.faults})[:3])
        broken = (
            f"Data is broken ({names}), so scores do not mean what they say.",
            f"数据有故障（{names}），评分不可信。",
        )
        return Abstention("broken_data", broken)
    return None


def _past(found: Findings, past: Sequence[Cohort], now: datetime) -> Abstention | None:
    if not past:
        return Abstention("no_past", NO_PAST)
    if shows_season(past, now, found.champion.bundle.horizon_days):
        return None
    first = f"{min(one.cutoff for one in past) + timedelta(hours=12):%Y-%m-%d}"
    why = (
        f"No past cohort (the first: {first}) has outcomes of this time of a year: what the season does is unknown.",
        f"过去各批次（始于 {first}）的结果均未落在一年中的这一时期：季节的影响尚不可知。",
    )
    return Abstention("season_unseen", why)


def _support(found: Findings, scores: FloatArray) -> Abstention | None:
    known, drift = found.champion.bundle.percentiles, found.score
    outside = float(np.mean((scores < known[0]) | (scores > known[-1])))
    if outside > UNSEEN:
        why = (
            f"{outside:.0%} of the scores lie beyond all that the model gave when it learned.",
            f"{outside:.0%} 的评分超出模型学习时的全部范围。",
        )
        return Abstention("support_gone", why)
    if drift is not None and drift.psi - NOISE * drift.floor > SCORES_MOVED:
        why = (
            f"The scores are spread as never when the model learned (PSI {drift.psi:.2f}).",
            f"评分的分布与模型学习时差异过大（PSI {drift.psi:.2f}）。",
        )
        return Abstention("support_gone", why)
    joint = found.drift.joint if found.drift else None
    if joint is not None and joint.has_moved:
        why = (
            f"Columns no longer fit together as they did (rows are told apart with ROC AUC {joint.auc:.2f}).",
            f"各列之间的关系已与以往不同（新旧数据可被区分，ROC AUC {joint.auc:.2f}）。",
        )
        return Abstention("support_gone", why)
    return None


def _calibration(found: Findings, scores: FloatArray, pairs: Sequence[Cohort]) -> Abstention | None:
    """Its own matured answers speak first; until there are some, the newest pairs that training kept."""
    came, ratio = found.realised, off_by(pairs)
    if came is not None and came.state == "mature":
        whole = came.figures["rate_ratio"]
        ratio = None if _alike(whole.value) or whole.low <= 1 <= whole.high else whole.value
    if ratio is not None:
        return _off(ratio)
    fell = ranks_below(pairs, usual_spreads(thinned(scores))["roc_auc"])
    if fell is None:
        return None
    why = (
        f"Where outcomes are known, the scores rank worse than they said (ROC AUC lower by {fell:.2f}).",
        f"在已知结果的客户中，评分的排序能力不及其自身所示（ROC AUC 低 {fell:.2f}）。",
    )
    return Abstention("calibration_gone", why)


def off_by(pairs: Sequence[Cohort]) -> float | None:
    """Actual over expected rate of the newest pairs, where that is off beyond chance; None where it is not."""
    told, happened, chance = _newest(pairs, "rate")
    if told <= 0 or _alike(happened / told) or abs(happened - told) <= chance:
        return None
    return happened / told


def ranks_below(pairs: Sequence[Cohort], usual: float) -> float | None:
    """By how much the newest pairs' ROC AUC lies below its estimate, where that is beyond chance and what is usual."""
    told, came, chance = _newest(pairs, "roc_auc")
    return told - came if told - came > max(chance, usual) else None


def _newest(pairs: Sequence[Cohort], figure: str) -> tuple[float, float, float]:
    """A figure as it was told of the newest pairs, as it came, and how far apart chance alone takes these."""
    newest = [one for one in pairs if figure in one.realised][-NEWEST:]
    n = sum(one.n for one in newest)
    told = sum(one.n * one.estimated[figure].value for one in newest) / max(n, 1)
    came = sum(one.n * one.realised[figure] for one in newest) / max(n, 1)
    chance = ALONE * sum((one.n * one.estimated[figure].deviation) ** 2 for one in newest) ** 0.5 / max(n, 1)
    return told, came, chance


def _alike(ratio: float) -> bool:
    return RATES_ALIKE[0] <= ratio <= RATES_ALIKE[1]


def _off(ratio: float) -> Abstention:
    why = (
        f"Where outcomes are known, {ratio:.2f} times as many came true as the scores said: they are off already.",
        f"在已知结果的客户中，实际应验数是评分预期的 {ratio:.2f} 倍：评分已经失准。",
    )
    return Abstention("calibration_gone", why)
