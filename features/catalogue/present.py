"""What a log has to say: its kinds of event and their living columns, in the words of the catalogue.

Reads names only, no event. Start reading at `Present`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from churn.definition import Lifecycle
from churn.sections import Wanted
from features.catalogue.kinds import KNOWN, PROFILE, words
from features.feature import Kind
from features.formula import QUALIFYING, Selection
from features.words import slug

ALL: Final = Wanted()


@dataclass(frozen=True)
class Present:
    """The kinds of one log, and how far back its features may look.

    Args:
        kinds: kinds of event in the log, sorted.
        columns: the living columns of each kind.
        lifecycle: whose qualifying events are the backbone, and whose lookback bounds windows.
        wanted: windows and the like, as the business has set them.
    """

    kinds: tuple[str, ...]
    columns: Mapping[str, Collection[str]]
    lifecycle: Lifecycle
    wanted: Wanted = ALL

    @property
    def qualifying(self) -> tuple[str, ...]:
        """The kinds that the definition counts, whatever their conditions."""
        return tuple(dict.fromkeys(text.split()[0] for text in self.lifecycle.definition.qualifying))

    @property
    def backbone(self) -> Kind:
        """The qualifying events, as one kind: named after it where there is one only, else `activity`."""
        kinds, selection = self.qualifying, Selection((QUALIFYING,))
        if len(kinds) > 1:
            return Kind("activity", "activity", "活动", selection=selection)
        return replace(self.called(kinds[0]), selection=selection)

    def of(self, *kinds: str) -> list[Kind]:
        """Those of these kinds that the log has and that are not the backbone itself, in the order asked for."""
        return [self.called(kind) for kind in kinds if kind in self.kinds and self.qualifying != (kind,)]

    @property
    def others(self) -> list[Kind]:
        """Kinds that the catalogue has no page for."""
        named = set(KNOWN) - set(self.qualifying)
        return self.of(*(kind for kind in self.kinds if kind not in named and not kind.startswith(PROFILE)))

    @property
    def attributes(self) -> list[Kind]:
        """Profile attributes, each a kind of its own."""
        return [self.called(kind) for kind in self.kinds if kind.startswith(PROFILE)]

    def called(self, kind: str) -> Kind:
        """A kind in its words, under a name that no other kind of the log has."""
        return replace(words(kind), slug=slug(kind, {*self.kinds, *self.qualifying}))

    def has(self, column: str, kind: str | None = None) -> bool:
        """Whether a column lives in a kind, or in any kind of the backbone."""
        kinds: Sequence[str] = self.qualifying if kind is None else (kind,)
        return any(column in self.columns.get(one, ()) for one in kinds)

    def within(self, *days: int) -> tuple[int, ...]:
        """The windows of `[features] windows_days` that are nearest to these, none longer than the lookback."""
        return tuple(sorted({self._window(one) for one in days}))

    @property
    def windows(self) -> tuple[int, ...]:
        """All windows of `[features] windows_days`, none longer than the lookback."""
        return self.within(*self.wanted.windows_days)

    @property
    def short_long(self) -> tuple[int, int]:
        """A season and a year, in the windows of this business."""
        return self._window(90), self._window(365)

    def _window(self, days: int) -> int:
        nearest = min(self.wanted.windows_days, key=lambda one: (max(one, days) / min(one, days), one))
        return min(nearest, self.lifecycle.definition.lookback_days)
