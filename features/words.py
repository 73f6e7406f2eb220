"""What each operation is called: its part of a column name, its unit, and its sentence in English and Chinese.

`{en}`, `{many}` and `{zh}` stand for the kind of event, `{a_en}`, `{a_many}` and `{a_zh}` for the column it reads. One
table, so that a new operation gets its words where it gets its name. Start at `WINDOWED`.
"""

import re
import zlib
from collections.abc import Iterable
from typing import Final

# operation: name in column names, unit, English, Chinese
WINDOWED: Final[dict[str, tuple[str, str, str, str]]] = {
    "count": ("count", "events", "number of {many}", "{zh}次数"),
    "total": ("total", "money", "total {a_en} of {many}", "{zh}{a_zh}合计"),
    "mean": ("mean", "money", "average {a_en} per {en}", "{zh}平均每次{a_zh}"),
    "peak": ("peak", "money", "largest {a_en} of one {en}", "{zh}单次最高{a_zh}"),
    "active_days": ("days", "days", "days with at least one {en}", "有{zh}的天数"),
    "distinct": ("distinct", "kinds", "number of different {a_many} of {many}", "{zh}涉及的{a_zh}种数"),
    "gap_mean": ("gap_mean", "days", "usual days between two {en} days", "两次{zh}的平均间隔天数"),
    "gap_std": ("gap_std", "days", "spread of the days between two {en} days", "{zh}间隔天数的标准差"),
    "main_share": ("main_share", "share", "share of the commonest {a_en} of {many}", "{zh}中最常见{a_zh}的占比"),
    "gap_longest": ("gap_longest", "days", "longest pause between two {en} days", "{zh}的最长间隔天数"),
}
POINTED: Final[dict[str, tuple[str, str, str, str]]] = {  # of one event, so without a window
    "days_since": ("days_since", "days", "days since the last {en}", "距上次{zh}的天数"),
    "days_since_first": ("days_since_first", "days", "days since the first {en}", "距首次{zh}的天数"),
    "gap_last": ("gap_last", "days", "latest pause between two {en} days", "最近一次{zh}间隔天数"),
    "last": ("last", "money", "{a_en} of the last {en}", "最近一次{zh}{a_zh}"),
    "previous": ("previous", "money", "{a_en} of the {en} before the last", "上上次{zh}{a_zh}"),
    "streak_months": ("streak_months", "months", "months in a row with at least one {en}", "连续有{zh}的月数"),
    "streak_weeks": ("streak_weeks", "weeks", "weeks in a row with at least one {en}", "连续有{zh}的周数"),
    "days_until": ("days_until", "days", "days until the last {en} is due", "距最近一次{zh}到期的天数"),
    "latest": ("latest", "category", "{a_en} of the latest {en}", "最近一次{zh}的{a_zh}"),
}
RATES: Final = {"count", "total", "active_days"}  # grow with their window, so a ratio compares them per day
WORDS: Final = {  # columns other than amount: English, Chinese, unit
    "quantity": ("quantity", "数量", "items"),
    "discount_amount": ("discount", "优惠金额", "money"),
    "score": ("score", "评分", "points"),
    "category": ("category", "类别", "kinds"),
    "channel": ("channel", "渠道", "kinds"),
    "reason_code": ("reason", "原因", "kinds"),
}
_OTHER = re.compile(r"[^a-z0-9]+")


def slug(kind: str, among: Iterable[str] = ()) -> str:
    """A kind's name as part of a column name.

    Letters beyond a to z leave a checksum, and so does what another kind `among` these would be called as well, so that
    names stay apart; a kind that is its own slug keeps it.
    """
    plain = _slug(kind)
    shared = plain != kind and any(_slug(other) == plain for other in among if other != kind)
    return f"{plain}_{zlib.crc32(kind.encode()):08x}" if shared else plain


def _slug(kind: str) -> str:
    plain = _OTHER.sub("_", kind.lower()).strip("_")
    lost = any(not (letter.isascii()) for letter in kind) or not plain
    return f"{plain or 'kind'}_{zlib.crc32(kind.encode()):08x}" if lost else plain


def many(noun: str) -> str:
    """The plural of an English noun, or of the head of `redemption of points` or `order where amount > 5`."""
    head, *tail = re.split(r"(?= (?:of|where) )", noun, maxsplit=1)
    if head.endswith("s"):
        return noun
    return "".join([head[:-1] + "ies" if head.endswith("y") and head[-2] not in "aeiou" else head + "s", *tail])
