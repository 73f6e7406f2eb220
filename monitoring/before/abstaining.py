"""When is no estimate better than one? Where scores are missing, broken, new to the champion, or known to be off.

    no_scores, too_few      nothing to estimate from
    broken_data             a column is broken: the scores are of something that is not so
    support_gone            scores or features like none that the champion learned from
    calibration_gone        what matured came otherwise than the scores said: they are off already

Each with its sentence in two languages, for the page. Start reading at `why_not`.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from churn.estimate_band import ALONE, Cohort
from churn.events import FloatArray
from churn.page import Two
from monitoring.before.found import Abstention
from monitoring.drift.shift import NOISE
from monitoring.findings import Findings
from monitoring.ledger.reasons import RATES_ALIKE

SCORES_MOVED: Final = 0.25  # PSI of the scores: they are spread as none the champion learned from
UNSEEN: Final = 0.05  # share of scores beyond all that it gave when it learned
NO_SCORES: Final[Two] = ("No customer of now has a score of this model.", "当前没有客户有该模型的评分。")
NEWEST: Final = 3  # of the pairs that training kept: the test's, in most cases


def why_not(found: Findings, scores: FloatArray, past: Sequence[Cohort]) -> Abstention | None:
    """Why nothing can be estimated; None where it can.

    Args:
        found: what else is known of the champion.
        scores: of the customers of now. Shape (n,).
        past: pairs of estimate and what came, oldest first.
    """
    if not len(scores):
        return Abstention(
            "no_scores", ("No customer of now has a score of this model.", "当前没有客户有该模型的评分。")
        )
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
    return _support(found, scores) or _calibration(found, past)


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


def _calibration(found: Findings, past: Sequence[Cohort]) -> Abstention | None:
    """Its own matured answers speak first; until there are some, the newest pairs that training kept."""
    came = found.realised
    if came is not None and came.state == "mature":
        ratio = came.figures["rate_ratio"]
        is_off = not _alike(ratio.value) and not ratio.low <= 1 <= ratio.high
        return _off(ratio.value) if is_off else None
    newest = [one for one in past if "rate" in one.realised][-NEWEST:]
    told = sum(one.n * one.estimated["rate"].value for one in newest)
    if told <= 0:
        return None
    happened = sum(one.n * one.realised["rate"] for one in newest)
    chance = ALONE * sum((one.n * one.estimated["rate"].deviation) ** 2 for one in newest) ** 0.5
    is_off = not _alike(happened / told) and abs(happened - told) > chance
    return _off(happened / told) if is_off else None


def _alike(ratio: float) -> bool:
    return RATES_ALIKE[0] <= ratio <= RATES_ALIKE[1]


def _off(ratio: float) -> Abstention:
    why = (
        f"Where outcomes are known, {ratio:.2f} times as many came true as the scores said: they are off already.",
        f"在已知结果的客户中，实际应验数是评分预期的 {ratio:.2f} 倍：评分已经失准。",
    )
    return Abstention("calibration_gone", why)
