"""The grammar in which features are written: what is counted, over which window, and what it is called.

    order = Kind("order", en="order", zh="下单", amount_en="spend", amount_zh="消费金额")
    order.count[30, 90]                    two features: order_count_30d, order_count_90d
    order.count.ever                       over everything before the cutoff
    order.total[30] / order.total[90]      a ratio of daily rates
    (...).named("order_trend", en=, zh=)   with a name of its own

Names, descriptions in English and Chinese, and units follow from the operation. A `FeatureSet` is ordered and checks
itself (features/feature_set.py). Reads no event: `features/compute.py` does. Start reading at `Kind`.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, overload

from churn.errors import SettingsError
from features.formula import Aggregate, Difference, Formula, Ratio, Selection, formula_json
from features.words import POINTED, RATES, WINDOWED, WORDS, many, slug


class UnknownOperation(SettingsError, AttributeError):
    """A feature asks for an operation that does not exist."""

    def __init__(self, kind: str, operation: str) -> None:
        super().__init__(
            f"There is no operation {operation!r}, asked for by {kind}.{operation}.",
            mend=f"choose one of {', '.join([*WINDOWED, *POINTED])}.",
        )


class BadFeature(SettingsError):
    """A feature, or a set of them, contradicts itself."""


@dataclass(frozen=True)
class Feature:
    """One number about a customer at a cutoff.

    Args:
        name: column name, `[a-z0-9_]+`.
        en: what it is, in English; zh in Chinese.
        unit: events, days, money, share, ratio, category ...
        formula: how it is computed.
        group: code of the reason that it speaks for (churn/reasons.py).
    """

    name: str
    en: str
    zh: str
    unit: str
    formula: Formula
    group: str = ""

    @property
    def is_category(self) -> bool:
        """Whether its values are codes of texts, which have no order."""
        return isinstance(self.formula, Aggregate) and self.formula.operation == "latest"

    def __truediv__(self, other: "Feature") -> "Feature":
        """A ratio; of two accumulations over windows, the ratio of their daily rates."""
        one, by = self.formula, other.formula
        return Feature(
            f"{self.name}_per_{other.name}",
            f"{self.en}, relative to {other.en}",
            f"{self.zh}与{other.zh}之比",
            "ratio",
            Ratio(one, by, _daily(one, by)),
            self.group,
        )

    def __sub__(self, other: "Feature") -> "Feature":
        """A difference, in the unit of the first."""
        return self.less(other)

    def less(self, other: "Feature", *, least: float = -math.inf) -> "Feature":
        """A difference that is no lower than `least`."""
        return Feature(
            f"{self.name}_minus_{other.name}",
            f"{self.en}, less {other.en}",
            f"{self.zh}减去{other.zh}",
            self.unit,
            Difference(self.formula, other.formula, least),
            self.group,
        )

    def named(self, name: str, *, en: str | None = None, zh: str | None = None, unit: str | None = None) -> "Feature":
        """The same number under another name and, where given, other words."""
        return replace(self, name=name, en=en or self.en, zh=zh or self.zh, unit=unit or self.unit)

    def as_json(self) -> dict[str, Any]:
        """What goes into a manifest."""
        names = ("name", "en", "zh", "unit", "group", "is_category")
        return {name: getattr(self, name) for name in names} | {"formula": formula_json(self.formula)}


def _daily(one: Formula, by: Formula) -> float:
    """What turns a ratio of accumulations over two windows into one of daily rates; 1 for anything else."""
    match one, by:
        case Aggregate(operation=a, days=int(short)), Aggregate(operation=b, days=int(long)) if {a, b} <= RATES:
            return long / short
    return 1.0


@dataclass(frozen=True)
class Operation:
    """An operation on a kind, waiting for its window: `[30]`, `[30, 90]` or `.ever`."""

    kind: "Kind"
    operation: str
    column: str | None = None

    @property
    def ever(self) -> Feature:
        """Over everything before the cutoff."""
        return self.kind.feature(self.operation, self.column, None)

    @overload
    def __getitem__(self, days: int) -> Feature: ...
    @overload
    def __getitem__(self, days: tuple[int, ...]) -> list[Feature]: ...
    def __getitem__(self, days: int | tuple[int, ...]) -> Feature | list[Feature]:
        """Over the last so many days; a list for several windows."""
        if isinstance(days, tuple):
            return [self[one] for one in days]
        if days < 1:
            raise BadFeature(
                f"{self.kind.name}.{self.operation} has a window of {days} days.",
                mend="give whole days, 1 or more, or `.ever`.",
            )
        return self.kind.feature(self.operation, self.column, days)


@dataclass(frozen=True)
class Kind:
    """What features are about: events of one or several kinds.

    Args:
        name: the kind of event, unless `selection` says otherwise.
        en: the event in English, singular; zh in Chinese.
        amount_en: what its amount is called; amount_zh in Chinese.
        amount_unit: unit of the amount.
        selection: which events.
        slug: prefix of its features' names; made of the name where not given.
    """

    name: str
    en: str
    zh: str
    amount_en: str = "amount"
    amount_zh: str = "金额"
    amount_unit: str = "money"
    selection: Selection = field(default=Selection(()))
    slug: str = ""

    def __post_init__(self) -> None:
        if not self.selection.kinds:
            object.__setattr__(self, "selection", Selection((self.name,)))
        if not self.slug:
            object.__setattr__(self, "slug", slug(self.name))

    def feature(self, operation: str, column: str | None, days: int | None) -> Feature:
        """One feature of this kind: name, words and unit from the operation's row."""
        short, unit, en, zh = (WINDOWED | POINTED)[operation]
        a_en, a_zh, a_unit = WORDS.get(column or "", (self.amount_en, self.amount_zh, self.amount_unit))
        words = {"en": self.en, "many": many(self.en), "zh": self.zh}
        words |= {"a_en": a_en, "a_many": many(a_en), "a_zh": a_zh}
        infix = "" if column in {None, "amount"} else f"_{column}"
        window = "" if operation in POINTED else ("_ever" if days is None else f"_{days}d")
        when_en = "" if operation in POINTED else ("" if days is None else f" in the last {days} days")
        when_zh = "" if operation in POINTED else ("历史" if days is None else f"近{days}天")
        return Feature(
            name=f"{self.slug}{infix}_{short}{window}",
            en=en.format(**words) + when_en,
            zh=when_zh + zh.format(**words),
            unit=a_unit if unit == "money" else unit,
            formula=Aggregate(self.selection, operation, column, days),
        )

    def of(self, operation: str, column: str | None = None) -> Operation:
        """Any windowed operation on any column: `order.of("total", "discount_amount")[365]`."""
        if operation not in WINDOWED:
            raise UnknownOperation(self.name, operation)
        return Operation(self, operation, column)

    def point(self, operation: str, column: str | None = None) -> Feature:
        """Any operation without a window on any column: `survey.point("last", "score")`."""
        if operation not in POINTED:
            raise UnknownOperation(self.name, operation)
        return self.feature(operation, column, None)

    @property
    def count(self) -> Operation:
        """How many events."""
        return Operation(self, "count")

    @property
    def total(self) -> Operation:
        """Sum of the amount; 0 without events."""
        return Operation(self, "total", "amount")

    @property
    def mean(self) -> Operation:
        """Mean of the amount; null without one."""
        return Operation(self, "mean", "amount")

    @property
    def peak(self) -> Operation:
        """Largest amount; null without one."""
        return Operation(self, "peak", "amount")

    @property
    def active_days(self) -> Operation:
        """Local days with at least one event."""
        return Operation(self, "active_days")

    @property
    def gap_mean(self) -> Operation:
        """Mean days between consecutive active days; null with fewer than two of them."""
        return Operation(self, "gap_mean")

    @property
    def days_since(self) -> Feature:
        """Days from the last event to the cutoff, however long ago; null without one."""
        return self.point("days_since")

    def __getattr__(self, operation: str) -> NoReturn:
        if operation.startswith("__"):
            raise AttributeError(operation)  # copy and pickle ask for what is not there
        raise UnknownOperation(self.__dict__.get("name", "?"), operation)
