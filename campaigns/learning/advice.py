"""Which rule on treated rows the bend of the labels asks for.

Measured by benchmarks/campaign_cycles.py (docs/learning-from-campaigns.md): where the interval of the bend over all
cutoffs left out 0, `modelled` told the risk of the untreated with less bias than naive retraining; where it held 0, no
rule gained anything. Start reading at `advised`.
"""

from collections.abc import Sequence
from typing import Final

from campaigns.learning.bend import NO_HOLD_OUT, TOO_FEW, Bend

KEPT, MODELLED = "kept", "modelled"
WORDS: Final = {
    MODELLED: ('the interval over all cutoffs leaves out 0: set [training] treated_rows = "modelled"',
               '总区间不含 0：请设置 [training] treated_rows = "modelled"'),
    KEPT: ('no bend beyond chance: "kept" will do', '未见超出随机的偏移："kept" 即可'),
    None: ("it cannot be told: hold some out of every campaign ([campaigns] hold_out_ratio)",
           "无法判断：请在每次活动中保留随机对照组（[campaigns] hold_out_ratio）"),
}  # fmt: skip


def advised(found: Sequence[Bend], model: str) -> str | None:
    """The rule for one model: modelled, kept, or None where nobody can tell.

    Args:
        found: by `campaigns.learning.bend.bends`.
        model: churn or reactivation.
    """
    whole = next((one for one in found if one.model == model and one.cutoff is None), None)
    if whole is None or whole.why_not in (NO_HOLD_OUT, TOO_FEW):
        return None
    if whole.low is None or whole.high is None:
        return KEPT
    return MODELLED if whole.low > 0 or whole.high < 0 else KEPT
