"""What early signs mean for a verdict: watch, and never more. Estimates mean nothing for it. Start at `about_before`.

Nobody can learn from outcomes that have not matured, so an early sign asks for no new model: it says when to expect
that the outcomes will. Estimates take the scores at their word, so they could only confirm them.
"""

from collections.abc import Iterator
from math import exp

from monitoring.findings import Findings
from monitoring.reason import Reason

PAGE = "performance.html#early"


def about_before(findings: Findings) -> Iterator[Reason]:
    """Has the activity of the last weeks left what scores let expect?"""
    early = findings.early
    if early is None or early.move is None or early.limit is None or early.odd_since is None:
        return
    ratio, days = exp(early.move), early.days
    less = ratio < 1
    matures = findings.champion.bundle.gap_days + findings.champion.bundle.horizon_days
    weeks, fewer = early.odd_weeks, ("fewer", "低") if less else ("more", "高")
    en = (
        f"For {weeks} weeks, {ratio:.2f} times as many customers as usual, given their scores, were active within "
        f"{days} days: {fewer[0]} than in any quiet week of the log."
    )
    zh = (
        f"{weeks} 周以来，按评分折算，{days} 天内活跃的客户数是往常的 {ratio:.2f} 倍："
        f"{fewer[1]}于日志中任何平稳的一周。"
    )
    mend = (
        "ask what changed for customers (prices, a rival, delivery, a campaign); outcomes that show it mature "
        f"{matures} days after, and `churn retrain` can learn from them then."
    )
    mend_zh = (
        "查明客户侧的变化（价格、竞争对手、配送、活动）；"
        f"相关结果在 {matures} 天后到期，届时 `churn retrain` 才能学到。"
    )
    threshold = exp(-early.limit if less else early.limit)
    yield Reason("watch", "early_sign", (en, zh), round(ratio, 4), round(threshold, 4), (mend, mend_zh), PAGE)
