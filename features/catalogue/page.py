"""The catalogue as pages for people: docs/features.md and docs/event-kinds.md, for a log that has everything.

Printed by scripts/docs.py; a test holds them to the code. Features that differ in their window alone share a line.
Reads no event. Start reading at `features_page`.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from types import MappingProxyType
from typing import Final

from churn.channels import CHANNELS
from churn.definition import Lifecycle
from churn.reasons import GROUPS
from churn.sections import Features
from features.catalogue import catalogue
from features.catalogue.kinds import ALL, KNOWN
from features.feature import Feature
from features.feature_set import FeatureSet
from features.formula import selections

EVERYTHING: Final = {  # the kinds and living columns of the simulated shop
    "order": {"amount", "channel", "category", "quantity", "discount_amount"},
    "return": {"amount"},
    "visit": {"channel"},
    "email_open": {"category"},
    "email_click": {"category"},
    "support_ticket": {"reason_code", "channel"},
    "complaint": {"reason_code"},
    "survey": {"score"},
    "review": {"score"},
    "points_earned": {"amount"},
    "points_redeemed": {"amount"},
    "referral": {"related_customer_id"},
    "campaign_contact": {"category"},
    "profile.acquisition_channel": {"category"},
    "profile.region": {"category"},
}
SHOWN: Final = Features(holidays=("CN",), big_days=("11-11", "06-18"), channels=("email",))
WINDOW: Final = re.compile(r"_(\d+)d(?=_|$)")
HEAD: Final = """# Features

<!-- Printed from the code by `make docs`; change it there. -->

What a log gets that has every kind of event the catalogue knows: {count} features. A log gets only those that its
events can fill; `churn features list` prints them, and with `--missing` what the others wait for. Which kinds and
columns they are made of is in [event-kinds.md](event-kinds.md), how to add one of your own in
[adding-a-feature.md](adding-a-feature.md).

A business names its kinds freely: the qualifying kind gives the names (`order_...`; `activity_...` where several
qualify), and a kind that the catalogue does not know gets its counts and the days since. Windows are those of
`[features] windows_days`; they reach from a local midnight to the cutoff and no further than `[definition]
lookback_days`. Days since, tenure, streaks and everything "ever" look back without bound. A count or a total of nothing
is 0; a mean, a share, a ratio or a day of nothing is null. A ratio of two windows compares daily rates. `category`
marks a text as a stable code. Features that differ in their window alone share a line; N stands for its days.

"""
KINDS_HEAD: Final = """# Kinds of event, and channels

<!-- Printed from the code by `make docs`; change it there. -->

Kinds are free to name. Those below the catalogue knows; where your log calls them otherwise, map them to these names
(`event_type` of a `[[source]]` is an expression) and their features come alive. The columns are read where they are
mapped. Any other kind counts all the same, under its own name.

| Kind | 含义 | Columns read | Features |
| --- | --- | --- | --- |
{kinds}

`profile.<attribute>` comes from the `attributes` of a source: the latest value before the cutoff.

## Channels

The codes that `channel` is best given in; any other text counts as a channel of its own, and the input report names
the nearest code.

| Code | Channel | 渠道 |
| --- | --- | --- |
{channels}
"""


def features_page() -> str:
    """docs/features.md."""
    shown = everything()
    return HEAD.format(count=len(shown)) + "\n".join(_chapters(shown)) + "\n"


def kinds_page() -> str:
    """docs/event-kinds.md."""
    whole = everything()
    kinds = "\n".join(_kind_row(name, whole) for name in KNOWN)
    channels = "\n".join(f"| `{code}` | {en} | {zh} |" for code, (en, zh) in CHANNELS.items())
    return KINDS_HEAD.format(kinds=kinds, channels=channels)


def everything(more: Mapping[str, Collection[str]] = MappingProxyType({}), wanted: Features = SHOWN) -> FeatureSet:
    """All that the catalogue can say of a shop's log with every kind that it knows, and with more.

    Args:
        more: the living columns of other kinds.
        wanted: the `[features]` of the business.
    """
    kinds = {name: set(columns) for name, columns in (ALL | dict(more)).items() if name != "purchase"}
    return catalogue(list(kinds), kinds, Lifecycle(), wanted)


def _chapters(shown: FeatureSet) -> list[str]:
    out: list[str] = []
    for code, members in groupby(sorted(shown, key=lambda one: list(GROUPS).index(one.group)), lambda one: one.group):
        reason = GROUPS[code]
        out += [f"## {reason.en[:1].upper()}{reason.en[1:]} · {reason.zh} (`{code}`)", ""]
        out += ["| Feature | Meaning | 含义 | Unit |", "| --- | --- | --- | --- |"]
        out += [_row(alike) for alike in _alike(members)]
        out.append("")
    return out[:-1]


def _alike(members: Iterable[Feature]) -> list[list[Feature]]:
    """Features in lines: those whose names differ in one window alone together."""
    lines: dict[str, list[Feature]] = {}
    for one in members:
        single = len(WINDOW.findall(one.name)) == 1
        lines.setdefault(WINDOW.sub("_Nd", one.name) if single else one.name, []).append(one)
    return list(lines.values())


def _row(alike: list[Feature]) -> str:
    first = alike[0]
    if len(alike) == 1:
        return f"| `{first.name}` | {first.en} | {first.zh} | {first.unit} |"
    days = WINDOW.findall(first.name)[0]
    en, zh = (re.sub(rf"\b{days} days", "N days", first.en), first.zh.replace(f"{days}天", "N天"))
    return f"| {_name(alike)} | {en} | {zh} | {first.unit} |"


def _name(alike: list[Feature]) -> str:
    """`order_count_Nd`, N = 7, 30, 90."""
    if len(alike) == 1:
        return f"`{alike[0].name}`"
    days = ", ".join(WINDOW.findall(one.name)[0] for one in alike)
    return f"`{WINDOW.sub('_Nd', alike[0].name)}`, N = {days}"


def _kind_row(name: str, whole: FeatureSet) -> str:
    """A kind, what is read of it, and the features that look at it."""
    known = KNOWN[name]
    columns = "; ".join(f"`{column}`: {meaning}" for column, meaning in known.columns.items())
    note = f". {known.note[:1].upper()}{known.note[1:]}" if known.note else ""
    if name in {"order", "purchase"}:
        gives = "the backbone where it qualifies: rhythm, value, breadth"
    else:
        looking = [one for one in whole if any(name in kinds for kinds in _looked_at(one))]
        gives = "; ".join(_name(alike) for alike in _alike(looking))
        gives += "; `social_...`" if known.group == "community" and not name.startswith("group_j") else ""
    return f"| `{name}`: {known.kind.en}{note} | {known.kind.zh} | {columns} | {gives} |"


def _looked_at(feature: Feature) -> Iterator[tuple[str, ...]]:
    """The kinds of a feature's selections, but for those of everything social, which each of its kinds would repeat."""
    return (one.kinds for one in selections(feature.formula) if len(one.kinds) <= 2)
