"""Features of two kinds, of two mixes, and of a bound: what `Kind` and its operations cannot say alone.

    followed_share(order, visit, 14, 365)     of the year's orders, the share with a visit in the 14 days after
    open_count(ticket, solved, 365)           tickets of the year that nothing has solved since
    wait_mean(ticket, answered, 365)          how long the first answer took
    mix_shift(order, "channel", 90, 365)      how far the channels of 90 days are from those of the year
    at_most(balance, 0, ...)                  1 where the balance is no more than 0

Names and words follow as in features/feature.py. Reads no event. Start reading at `followed_share`.
"""

from dataclasses import replace

from features.feature import Feature, Kind
from features.formula import AtMost, Followed, Selection, Shift
from features.words import WORDS, many


def followed_share(kind: Kind, by: Kind, within_days: int, days: int) -> Feature:
    """Of the events of a window that are more than `within_days` days old, the share followed within so many days."""
    return Feature(
        f"{kind.slug}_then_{by.slug}_{within_days}d_share_{days}d",
        f"share of the {many(kind.en)} of the last {days} days with {_one(by)} in the {within_days} days after",
        f"近{days}天{kind.zh}之后{within_days}天内有{by.zh}的占比",
        "share",
        Followed(kind.selection, by.selection, "share", within_days, days),
    )


def open_count(kind: Kind, by: Kind, days: int) -> Feature:
    """How many events of a window nothing has followed yet."""
    return Feature(
        f"{kind.slug}_without_{by.slug}_count_{days}d",
        f"number of {many(kind.en)} of the last {days} days without {_one(by)} since",
        f"近{days}天{kind.zh}之后尚无{by.zh}的次数",
        "events",
        Followed(kind.selection, by.selection, "open", 0, days),
    )


def oldest_open(kind: Kind, by: Kind, days: int) -> Feature:
    """Days since the first event of a window that nothing has followed yet."""
    return Feature(
        f"{kind.slug}_without_{by.slug}_oldest_days",
        f"days since the oldest {kind.en} of the last {days} days without {_one(by)} since",
        f"近{days}天最早一次尚无{by.zh}的{kind.zh}距今天数",
        "days",
        Followed(kind.selection, by.selection, "oldest_open", 0, days),
    )


def wait_mean(kind: Kind, by: Kind, days: int) -> Feature:
    """Mean days until an event of a window was followed."""
    return Feature(
        f"{kind.slug}_to_{by.slug}_mean_{days}d",
        f"usual days from {_one(kind)} of the last {days} days to {_one(by)}",
        f"近{days}天{kind.zh}到{by.zh}的平均天数",
        "days",
        Followed(kind.selection, by.selection, "wait", 0, days),
    )


def mix_shift(kind: Kind, column: str, days: int, beside_days: int) -> Feature:
    """How far the mix of a column's texts in one window is from that in a longer one."""
    en, zh, _ = WORDS[column]
    return Feature(
        f"{kind.slug}_{column}_shift_{days}d_{beside_days}d",
        f"how far the {en} mix of {many(kind.en)} of the last {days} days is from that of the last {beside_days}",
        f"近{days}天与近{beside_days}天{kind.zh}{zh}构成的差异",
        "share",
        Shift(kind.selection, column, days, beside_days),
    )


def at_most(feature: Feature, bound: float, name: str, *, en: str, zh: str) -> Feature:
    """1 where a feature is no more than a bound, 0 where it is more."""
    return replace(feature, name=name, en=en, zh=zh, unit="yes or no", formula=AtMost(feature.formula, bound))


def those(kind: Kind, where: str, *, slug: str, en: str, zh: str) -> Kind:
    """The events of a kind that meet a condition, as a kind of their own."""
    before = kind.selection.where
    both = f"({before}) and ({where})" if before else where
    return replace(kind, slug=slug, en=en, zh=zh, selection=kind.selection._replace(where=both))


def joined(kinds: list[Kind], *, slug: str, en: str, zh: str) -> Kind:
    """Events of several kinds as one kind."""
    names = tuple(name for kind in kinds for name in kind.selection.kinds)
    return Kind(slug, en, zh, selection=Selection(names), slug=slug)


def _one(kind: Kind) -> str:
    return f"{'an' if kind.en[0] in 'aeiou' else 'a'} {kind.en}"
