"""Forgetting customers in every store, one after the other, so that a kill in between is mended by asking again.

First they are put on the list that every way in asks, so that nothing of theirs comes in behind our back; then each
store drops them. Whoever nobody knew leaves the list again, unless they are to be kept out all the same. Knows no
store: it is given the list of them. Start reading at `forget`.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.erasure.aliases import aliases_of
from features.erasure.forgotten import Forgotten
from features.erasure.journal import Journal, Request, now_text
from features.erasure.store import Erase, Erased, Store, Whom
from features.erasure.turns import PAUSE_S, WAIT_S, one_at_a_time
from features.file_lock import Busy
from features.tombstones import ancestors, stones

Models = Callable[[set[str]], list[dict[str, Any]]]  # hashes of snapshots to the models that learned from them


@dataclass(frozen=True)
class Receipt:
    """What became of a request.

    Args:
        content: what is stored; customers by their hash alone.
        unknown: those of whom nothing was found. again: those who had been forgotten before.
        path: where it is stored.
    """

    content: dict[str, Any]
    unknown: tuple[str, ...]
    again: tuple[str, ...]
    path: Path


def forget(
    folder: Path, stores: Sequence[Store], customer_ids: Sequence[str], *, keep_out: bool, models: Models
) -> Receipt:
    """Forget customers.

    Args:
        folder: the artifacts of the business.
        stores: all stores there are.
        customer_ids: as events name them.
        keep_out: those of whom nothing is found are kept out all the same.
        models: names the models that learned from snapshots.

    Raises:
        Busy: another command is writing; nothing is lost, ask again.
        StoreUnavailable, OSError: a store cannot be reached; ask again, what is done stays done.
    """
    ids = sorted(set(customer_ids))
    with one_at_a_time(folder):
        before = Forgotten.read(folder)
        again = before.among(ids)
        journal = Journal(folder)
        if not before.salt:
            before = Forgotten.new()
            before.write(folder)  # so that a request that is cut off is known again by its hashes
        request = journal.begin([before.hash_of(one) for one in ids])
        aliases = aliases_of(folder, frozenset(ids))  # the log tells them, and only until it is erased from
        listed = before.blocking([*ids, *aliases], request=request.id, at=request.at)
        listed.write(folder)
        found = _erase(folder, stores, Whom(aliases.union(ids), listed.of(request.id)), journal, request)
        unknown = set(ids) - found - again
        if unknown and not keep_out:
            listed = listed.letting_back(sorted(unknown))
            listed.write(folder)
        content = _receipt(folder, stores, journal, request, models) | {
            "customers": [
                {"hash": listed.hash_of(one), "known": one not in unknown, "kept_out": one in listed} for one in ids
            ],
        }
        path = journal.done(request, content)
    return Receipt(content, tuple(sorted(unknown)), tuple(sorted(again)), path)


def forget_again(folder: Path, stores: Sequence[Store], *, models: Models) -> Receipt:
    """Forget once more whoever is on the list: after a backup came back, which still knows them.

    Args:
        folder: the artifacts of the business.
        stores: all stores there are.
        models: names the models that learned from snapshots.
    """
    with one_at_a_time(folder):
        listed, journal = Forgotten.read(folder), Journal(folder)
        request = journal.begin(list(listed.hashes))
        found = _erase(folder, stores, Whom(listed=listed), journal, request)
        content = _receipt(folder, stores, journal, request, models) | {
            "customers": [
                {"hash": one, "known": one in {listed.hash_of(other) for other in found}, "kept_out": True}
                for one in sorted(listed.hashes)
            ],
        }
        return Receipt(content, (), tuple(sorted(found)), journal.done(request, content))


def let_back(folder: Path, customer_ids: Sequence[str]) -> set[str]:
    """Take customers off the list, so that they may come in again; those who were on it."""
    with one_at_a_time(folder):
        listed = Forgotten.read(folder)
        held = listed.among(customer_ids)
        if held:
            listed.letting_back(sorted(held)).write(folder)
        return held


def _erase(folder: Path, stores: Sequence[Store], whom: Whom, journal: Journal, request: Request) -> set[str]:
    """Drop them from each store; who was found in one is looked for by name in those that cannot be searched."""
    found: set[str] = set()
    for store in [*stores, *(one for one in stores if one.is_door)]:
        if store.erase is not None:
            erased = _patiently(store.erase, folder, whom)
            journal.erased(request, store.name, erased)
            whom, found = whom.and_also(erased.found), found | erased.found
    return found


def _patiently(erase: Erase, folder: Path, whom: Whom) -> Erased:
    """Erase, once whoever writes there at this moment is done.

    Raises:
        Busy: that takes too long.
    """
    until = time.monotonic() + WAIT_S
    while True:
        try:
            return erase(folder, whom)
        except Busy:
            if time.monotonic() > until:
                raise
        time.sleep(PAUSE_S)


def _receipt(
    folder: Path, stores: Sequence[Store], journal: Journal, request: Request, models: Models
) -> dict[str, Any]:
    erased = {store.name: journal.so_far(request, store.name) for store in stores if store.erase is not None}
    all_stones = stones(folder)
    mine = [stone for stone in all_stones if stone.at >= request.at]
    return {
        "request": request.id,
        "asked_at": request.at,
        "done_at": now_text(),
        "stores": [{"store": name, **one.as_json()} for name, one in erased.items()],
        "snapshots": [{"erased": one.hash, "successor": one.successor, "rows": one.rows} for one in mine],
        "models": models(ancestors([one.hash for one in mine], all_stones)) if mine else [],
    }
