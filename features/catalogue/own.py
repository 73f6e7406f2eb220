"""A feature of one's own, read from one line of `[features] own`.

    line    = [ name "=" ] term [ " / " term | " - " term ]
    term    = events "." what
    events  = kind | "'" kind "'" | "(" kind "where" condition ")"        conditions as in `[definition]`
    what    = operation [ "_" column ] "[" days "]"                       order.total_amount[60]
            | operation [ "_" column ] ".ever"                            order.count.ever
            | moment [ "_" column ]                                       order.days_since, survey.last_score
            | "followed_by(" events "," days ")" "[" days "]"             share followed within so many days
            | "open_without(" events ")" "[" days "]"                     how many nothing has followed since
            | "wait_for(" events ")" "[" days "]"                         mean days until it did

`qualifying` stands for the events that the definition counts. A line that cannot be read, or asks for what the log has
not, says where it stumbles and names the nearest right word. Nothing is evaluated. Start reading at `features`.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from churn.errors import ChurnError
from churn.events import NUMBERS, TEXTS
from churn.grammar import ConditionError
from churn.parsing import parse_qualifying
from churn.reasons import GROUPS
from churn.sections import OwnFeature
from features.catalogue.kinds import KNOWN, group_of
from features.catalogue.present import Present
from features.catalogue.scanner import GIVEN_NAME, BadOwnFeature, BadOwnFeatures, Scanner
from features.feature import Feature, Kind
from features.forms import followed_share, open_count, those, wait_mean
from features.words import POINTED, WINDOWED, slug

OF_NUMBERS: Final = ("total", "mean", "peak", "last", "previous", "days_until")
OF_TEXTS: Final = ("distinct", "main_share", "latest")
PAIRED: Final = ("followed_by", "open_without", "wait_for")
OPERATIONS: Final = (*WINDOWED, *POINTED, *PAIRED)
BACKBONE: Final = "qualifying"
SIGNS: Final = {"<=": " upto ", ">=": " from ", "!=": " not ", "<": " under ", ">": " over ", "=": " "}
DOTTED: Final = r"[\w\-]+(?:\.[\w\-]+)*?\.(?:\w+)(?=\.ever\b|[\s\[(/]|$)"
NAME = re.compile(r"[a-z][a-z0-9_]*")


def features(log: Present, taken: Iterable[str] = ()) -> list[Feature]:
    """The features that the settings ask for, in their order.

    Args:
        log: what it has to say, and the settings.
        taken: names that the catalogue's own features have.

    Raises:
        BadOwnFeature, ConditionError: one line cannot be used. BadOwnFeatures: several cannot.
    """
    names = set(taken)
    found: list[Feature] = []
    faults: list[ChurnError] = []
    for one in log.wanted.own:
        own = one if isinstance(one, OwnFeature) else OwnFeature(feature=one)
        try:
            found.append(_unlike(names, _own(own, log), own.feature))
            names.add(found[-1].name)
        except (BadOwnFeature, ConditionError) as fault:
            faults.append(fault)
    if faults:
        raise faults[0] if len(faults) == 1 else BadOwnFeatures(faults)
    return found


def _unlike(names: Collection[str], feature: Feature, line: str) -> Feature:
    if feature.name in names:
        what = GIVEN_NAME.sub("", line).strip()
        raise BadOwnFeature(
            line,
            f"{feature.name} is defined twice",
            mend=f"leave the line out if the other says the same (`churn features list` has it), or give it a name of "
            f"its own: `my_{feature.name} = {what}`.",
        )
    return feature


def _own(own: OwnFeature, log: Present) -> Feature:
    feature = Line(own.feature, log).feature()
    name = own.name or feature.name
    if not NAME.fullmatch(name):
        raise BadOwnFeature(own.feature, f"{name!r} is no name", mend="use a to z, 0 to 9 and _, a letter first.")
    group = own.group or feature.group
    if group not in GROUPS:
        raise BadOwnFeature(
            own.feature, f"{group!r} is no group of reasons", mend=f"choose one of {', '.join(GROUPS)}."
        )
    return replace(feature.named(name, en=own.en, zh=own.zh), group=group)


class Line(Scanner):
    """A line, read as features of one log."""

    def __init__(self, text: str, log: Present) -> None:
        super().__init__(text)
        self.log = log

    def feature(self) -> Feature:
        """The whole line."""
        named = GIVEN_NAME.match(self.text)
        self.at = named.end() if named else 0
        feature = self._term()
        if self.takes("/"):
            feature = feature / self._term()
        elif self.takes("-"):
            feature = feature - self._term()
        if self.text[self.at :].strip():
            self.stumble("a feature, alone or `a / b` or `a - b`, was expected to end")
        return feature if named is None else feature.named(named[1])

    def _term(self) -> Feature:
        kind, what = self._events_and_what()
        if what in PAIRED:
            feature = self._paired(kind, what)
        else:
            operation, column = self._operation(kind, what)
            feature = self._windowed(kind, operation, column)
        return replace(feature, group=self._group(kind, what))

    def _events_and_what(self) -> tuple[Kind, str]:
        """`order.count`, `'my kind'.count`, `(order where amount > 5).count`."""
        if self.looking_at("(") or self.looking_at("'"):
            kind = self._events()
            self.expects(".")
            return kind, self.word(r"\w+", "an operation")
        name, _, what = self.word(
            r"[\w\-]+(?:\.[\w\-]+)*?\.(?:\w+)(?=\.ever\b|[\s\[(/]|$)", "kind.operation"
        ).rpartition(".")
        return self._kind(name), what

    def _events(self) -> Kind:
        """A kind, or those of its events that meet a condition."""
        if self.takes("("):
            entry = self.until_closed()
            name, where = (
                re.split(r"\bwhere\b", entry, maxsplit=1, flags=re.IGNORECASE) if "where" in entry else (entry, "")
            )
            kind = self._kind(parse_qualifying(entry).kind if name.strip() != BACKBONE else BACKBONE)
            return self._such(kind, where.strip()) if where else kind
        if self.looking_at("'"):
            return self._kind(self.word(r"'(?:[^']|'')*'", "a kind")[1:-1].replace("''", "'"))
        return self._kind(self.word(r"[\w\-.]+", "a kind"))

    def _such(self, kind: Kind, where: str) -> Kind:
        named = where
        for sign, word in SIGNS.items():
            named = named.replace(sign, word)
        prefix = slug(f"{kind.slug} {named.strip()}")
        return those(kind, where, slug=prefix, en=f"{kind.en} where {where}", zh=f"{kind.zh}（{where}）")

    def _kind(self, name: str) -> Kind:
        if name == BACKBONE:
            return self.log.backbone
        if name in self.log.kinds:
            counted = self.log.lifecycle.definition.qualifying == (name,)
            return self.log.backbone if counted else self.log.called(name)
        near = get_close_matches(name, self.log.kinds, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        known = ""
        if name in KNOWN:
            known = " (the catalogue knows it, the log has none)"
            hint = f"map such events to {name!r} in a [[source]], or leave the line out until there are some. "
        raise BadOwnFeature(
            self.text,
            f"the log has no events of kind {name!r}{known}",
            mend=f"{hint}The log has {', '.join(self.log.kinds)}.",
        )

    def _operation(self, kind: Kind, what: str) -> tuple[str, str | None]:
        """The operation and the column it reads, where it reads one: `total_amount`, `count`."""
        if what in WINDOWED or what in POINTED:
            operation, column = what, "amount" if what in OF_NUMBERS else None
        else:
            parts = [
                (one, what.removeprefix(f"{one}_")) for one in (*OF_NUMBERS, *OF_TEXTS) if what.startswith(f"{one}_")
            ]
            operation, column = parts[0] if parts else (what, None)
        if operation not in OPERATIONS:
            near = get_close_matches(what, OPERATIONS, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            self.stumble(f"there is no operation {what!r}", mend=f"{hint}Choose one of {', '.join(OPERATIONS)}.")
        self._check_column(kind, operation, column)
        return operation, column

    def _check_column(self, kind: Kind, operation: str, column: str | None) -> None:
        right = NUMBERS if operation in OF_NUMBERS else TEXTS if operation in OF_TEXTS else ()
        if not right:
            return
        if column not in right:
            near = get_close_matches(column or "", right, n=1)
            fault = f"{operation} reads a column, and {column!r} is none of its" if column else f"{operation} of what"
            choices = ", ".join(f"{operation}_{one}" for one in right)
            self.stumble(fault, mend=(f"did you mean {operation}_{near[0]}? " if near else "") + f"Choose {choices}.")
        kinds = self.log.qualifying if kind.selection.kinds == ("*",) else kind.selection.kinds
        if not any(self.log.has(str(column), one) for one in kinds):
            alive = sorted({one for name in kinds for one in self.log.columns.get(name, ())})
            raise BadOwnFeature(
                self.text,
                f"events of kind {' or '.join(kinds)} have no {column}",
                mend=f"map `{column}` in its [[source]]; it has {', '.join(alive) or 'no columns of its own'}.",
            )

    def _windowed(self, kind: Kind, operation: str, column: str | None) -> Feature:
        if operation in POINTED:
            if self.looking_at("[") or self.looking_at(".ever"):
                self.stumble(f"{operation} is of one event and has no window", mend="leave out the window.")
            return kind.point(operation, column)
        if self.takes(".ever"):
            return kind.of(operation, column).ever
        return kind.of(operation, column)[self._window(operation)]

    def _paired(self, kind: Kind, what: str) -> Feature:
        self.expects("(")
        by = self._events()
        if what == "followed_by":
            self.expects(",")
            within = int(self.word(r"\d+", "a number of days"))
            self.expects(")")
            return followed_share(kind, by, within, self._window(what))
        self.expects(")")
        return (open_count if what == "open_without" else wait_mean)(kind, by, self._window(what))

    def _window(self, operation: str) -> int:
        if not self.takes("["):
            self.stumble(f"{operation} needs a window", mend=f"write {operation}[30] for 30 days, or {operation}.ever.")
        days = int(self.word(r"\d+", "a number of days"))
        self.expects("]")
        longest = self.log.lifecycle.definition.lookback_days
        if not 1 <= days <= longest:
            self.stumble(
                f"a window of {days} days is not between 1 and the lookback of {longest}",
                mend=f"give a window up to {longest} days, write .ever, or raise [definition] lookback_days.",
            )
        return days

    def _group(self, kind: Kind, what: str) -> str:
        """The reason that it speaks for: that of its kind; money is value."""
        first = self.log.qualifying[0] if kind.selection.kinds == ("*",) else kind.selection.kinds[0]
        group = group_of(first) if first in KNOWN or first not in self.log.qualifying else "rhythm"
        return "value" if group == "rhythm" and what.partition("_")[0] in ("total", "mean", "peak", "last") else group
