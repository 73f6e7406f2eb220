"""Customers as numbers: 64 bits of an id, the same in every run, to join rows with answers and to draw a sample by.

Two ids of a million share a number once in forty million runs. Numbers stay in memory, and are written nowhere.
Start reading at `numbers_of`; `Sample` says which customers of a log the past is computed of.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

UInt64Array = NDArray[np.uint64]
MOST_CUSTOMERS: Final = 20_000  # of a log; a part of them, a half, a quarter ..., where there are more
PLACES, SEED = 256, 20_261  # of an id's bytes that are told apart by where they stand; of the table


@dataclass(frozen=True)
class Sample:
    """Which customers of a log are looked at, the same in every run: whole files first, since reading is what costs.

    Args:
        buckets: of the log that are read. share: of their customers, those with the smallest numbers.
    """

    buckets: int
    share: float

    @classmethod
    def of(cls, buckets: int, customers: int) -> Self:
        """All customers, or a half, a quarter ... of them, down to `MOST_CUSTOMERS`."""
        few, share, each = max(buckets, 1), 1.0, customers / max(buckets, 1)
        while each * few * share > MOST_CUSTOMERS:
            few, share = (few // 2, share) if few > 1 else (few, share / 2)
        return cls(few, share)

    def among(self, buckets: int) -> float:
        """The share of all customers that it is."""
        return self.share * self.buckets / max(buckets, self.buckets)


def below(share: float) -> np.uint64:
    """The largest number of a share of the customers."""
    return np.uint64(min(share * 2.0**64, 2.0**64 - 2048))


def numbers_of(ids: pa.Array | pa.ChunkedArray) -> UInt64Array:
    """A number for each id; null is an id like another.

    Args:
        ids: texts, plain or coded. Shape (n,).

    Returns:
        Tabulation hashes (Zobrist 1970): the sum of a random number a byte and place. Shape (n,).
    """
    chunks = ids.chunks if isinstance(ids, pa.ChunkedArray) else [ids]
    found = [_of_chunk(chunk.cast(pa.string()).fill_null("")) for chunk in chunks if len(chunk)]
    return np.concatenate(found) if found else np.empty(0, dtype=np.uint64)


def _of_chunk(texts: pa.Array) -> UInt64Array:
    _, ends, bytes_ = texts.buffers()
    offsets = np.frombuffer(ends, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    lengths = np.diff(offsets)
    letters = np.frombuffer(bytes_ or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
    starts = offsets - offsets[0]
    places = np.arange(len(letters)) - np.repeat(starts[:-1], lengths)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_table()[places % PLACES, letters], dtype=np.uint64)])
    return np.asarray(sums[starts[1:]] - sums[starts[:-1]] + _table()[lengths % PLACES, 0])


@lru_cache(maxsize=1)
def _table() -> UInt64Array:
    """A random number for every byte at every place. Shape (PLACES, 256)."""
    return np.random.default_rng(SEED).integers(0, 2**64, (PLACES, 256), dtype=np.uint64)
