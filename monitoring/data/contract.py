"""Is the data sound? What is plainly broken in the features of now, before anybody speaks of drift.

    missing_column   a feature of the model is not in the file
    not_a_number     its values are no numbers
    all_null         nobody has a value, though the reference had
    infinite         a value is infinite
    nulls            far more rows have no value than any cutoff of the reference had
    constant         all who have a value have the same, though the reference did not
    unseen           values far outside everything the reference had: a change of unit, a new code

Whether emptiness or sameness is chance is asked of the reference's own cutoffs: a fault is what chance would not show
once in a million. Each fault also keeps its column out of Evidently's report, which it would abort. Start at `faults`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from churn.page import Two
from monitoring.drift.reference import FeatureReference, Reference
from monitoring.reading.seen import Seen, SeenColumn

CHANCE = math.log(1e-6)
MOST_UNSEEN = 0.1  # share of rows
NOISE = 4.0  # standard deviations of a share of so many rows
MORE_NULL = 0.2  # share of rows beyond the most of any cutoff
KEY = "customer_id"  # stands for the rows themselves
AGAIN: Two = (
    "then run `churn ingest` and `churn features materialise` again; do not retrain on it.",
    "再运行 `churn ingest` 与 `churn features materialise`；不要用这些数据重训。",
)
FEED: Two = (
    f"look at the feed behind it (`churn ingest` counts what it refused), mend it there, {AGAIN[0]}",
    f"检查其上游数据（`churn ingest` 会统计被拒的行）并在源头修复，{AGAIN[1]}",
)
MENDS: dict[str, Two] = {
    "missing_column": (
        (
            "write the features again with the champion's own set: `churn features materialise`; "
            "if the log has lost a kind of event for good, `churn retrain`."
        ),
        "用模型自己的特征集重新写入：`churn features materialise`；若某类事件已永久缺失，则 `churn retrain`。",
    ),
    "not_a_number": (
        "something else than `churn features materialise` wrote features/current.parquet; run that again.",
        "features/current.parquet 不是由 `churn features materialise` 写入的；请重新运行该命令。",
    ),
    "all_null": FEED,
    "nulls": FEED,
    "repeated": (
        "something else than `churn features materialise` wrote features/current.parquet; run that again.",
        "features/current.parquet 不是由 `churn features materialise` 写入的；请重新运行该命令。",
    ),
    "infinite": (
        f"look for amounts that are not finite at the source, {AGAIN[0]}",
        f"在源头查找非有限的数值并修复，{AGAIN[1]}",
    ),
    "constant": FEED,
    "unseen": (
        (
            "look for a change of unit or of codes at the source (cents for euros, ms for s), mend it in the "
            f"mapping of [[source]], {AGAIN[0]}"
        ),
        f"检查源头是否改了单位或编码（分与元、毫秒与秒），在 [[source]] 映射中修复，{AGAIN[1]}",
    ),
}
CODES_ZH = {
    "missing_column": "缺少该列", "not_a_number": "不是数值", "all_null": "全部为空", "nulls": "空值过多",
    "infinite": "含无穷值", "constant": "全部相同", "unseen": "出现从未见过的值", "repeated": "客户重复出现",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One column that is not as promised.

    Args:
        feature: which.
        code: what is wrong, see the module.
        share: share of current rows concerned, in [0, 1].
        mend: what to do, English and Chinese.
    """

    feature: str
    code: str
    share: float
    mend: Two

    @property
    def code_zh(self) -> str:
        """What is wrong, in Chinese."""
        return CODES_ZH[self.code]


def faults(seen: Seen, reference: Reference) -> list[Fault]:
    """Everything that is broken in the features of now.

    Args:
        seen: the model's rows of now; may lack columns. Not empty.
        reference: what the features looked like.

    Returns:
        That customers stand there twice, as a fault of `customer_id`; then at most one fault a feature, in the order of
        the model's features.
    """
    found = [Fault(KEY, "repeated", seen.repeated / seen.rows, MENDS["repeated"])] if seen.repeated else []
    for name, then in reference.features.items():
        code, share = _fault(seen.columns[name], then) if name in seen.columns else ("missing_column", 1.0)
        if code:
            found.append(Fault(name, code, share, MENDS[code]))
    return found


def usable(names: Sequence[str], found: Sequence[Fault]) -> list[str]:
    """The features that can be compared at all."""
    broken = {fault.feature for fault in found if fault.code in {"missing_column", "not_a_number"}}
    return [name for name in names if name not in broken]


def _fault(now: SeenColumn, then: FeatureReference) -> tuple[str, float]:
    """The first thing that is wrong with a column, and for what share of the rows; "" where nothing is."""
    if not now.is_number:
        return "not_a_number", now.strangers / now.rows
    if now.infinite:
        return "infinite", now.infinite / now.rows
    if now.null == now.rows:
        return ("all_null", 1.0) if not _by_chance(then.most_null, now.rows) else ("", 0.0)
    there = now.rows - now.null
    if now.low == now.high and not _by_chance(min(then.most_alike / max(1 - then.most_null, 1e-9), 1.0), there):
        return "constant", there / now.rows
    more = now.null_share - then.most_null
    if more > MORE_NULL + NOISE * math.sqrt(then.most_null * (1 - then.most_null) / now.rows):
        return "nulls", now.null_share
    unseen = _unseen(now, then)
    return ("unseen", unseen) if unseen > MOST_UNSEEN else ("", 0.0)


def _by_chance(share: float, rows: int) -> bool:
    """Whether all of so many rows may well have what this share of the reference had."""
    return share > 0 and rows * math.log(share) > CHANCE


def _unseen(now: SeenColumn, then: FeatureReference) -> float:
    """Share of values that nothing in the reference resembles: new codes, or numbers beyond twice its range."""
    if then.histogram.binning.kind == "category":
        usual = then.histogram.counts[-2] / max(then.histogram.n, 1)  # rare codes are not kept apart
        return now.counts[-2] / now.rows - usual
    return now.beyond / now.rows
