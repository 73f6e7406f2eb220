"""Answers of the night, from `churn score --all` into the on-line store: the service tells them as long as they hold.

A store that does not answer costs the batch nothing: the service computes what it is asked. Start at `nights_of`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from churn.settings import Settings
    from features.online import OnlineRow, RowStore


class Nights:
    """Keeps answers beside the rows they were made from.

    Args:
        store: where they are kept; None: nowhere.
    """

    def __init__(self, store: "RowStore | None" = None) -> None:
        self._store, self.kept, self._failure = store, 0, ""

    @property
    def keep(self) -> "Callable[[list[OnlineRow]], None] | None":
        """What takes the answers, piece by piece; None where nobody does."""
        return None if self._store is None else self._keep

    @property
    def told(self) -> str:
        """What became of them, in words."""
        if self._store is None:
            return "No answers were kept for the service; it computes each anew."
        return f"{self.kept:,} answers are kept in the on-line store for the service.{self._failure}"

    def _keep(self, rows: "list[OnlineRow]") -> None:
        from features.store_errors import StoreUnavailable

        if self._failure:
            return
        assert self._store is not None
        try:
            self.kept += self._store.attach(rows)
        except StoreUnavailable as error:
            self._failure = f" The others are computed anew when they are asked for: {error.problem}"


@contextmanager
def nights_of(settings: "Settings") -> "Iterator[Nights]":
    """Where a business keeps its answers of the night; nowhere where it has no store, or does not want to."""
    from features.store import OnlineStore
    from features.store_config import WRITE_TIMEOUT_S, may_be_registered
    from features.store_errors import NothingMaterialised, StoreUnavailable

    store: Any = None
    if settings.serving.nightly_answers and may_be_registered(settings):
        try:
            store = OnlineStore(settings, timeout_s=WRITE_TIMEOUT_S)
        except (StoreUnavailable, NothingMaterialised):
            store = None
    try:
        yield Nights(store)
    finally:
        if store is not None:
            store.close()
