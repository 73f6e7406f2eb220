"""The log in parts: whole customers at a time, so that nobody ever has to hold all of it.

A *part* is something small that can be sent elsewhere and read there: `read()` gives the events of its customers.
`log_parts` lists those of a log on disk, one a bucket; `parts_of` makes one part of events that are in memory. An
*engine* is where parts are worked on: `Here` takes one after the other, `features.distributed` a Dask cluster's
workers. Either way results come in the order of the parts, a few at a time, and are the same bit by bit.
Knows nothing of features. Start reading at `Bucket`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar

from churn.errors import DataError
from churn.events import Events
from churn.orders import TakingBack
from features.log import read_log_manifest
from features.log_reading import read_bucket

T = TypeVar("T")
R = TypeVar("R")


class ReplacedLog(DataError):
    """The event log was replaced while it was being read bucket by bucket."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The event log in {folder} was replaced while it was being read.",
            mend="run the command again; let `churn ingest` end first.",
        )


class Part(Protocol):
    """Some customers' events, wherever they lie."""

    def read(self) -> Events:
        """All events of these customers, and of nobody else."""
        ...


@dataclass(frozen=True)
class InMemory:
    """Events that are here already, as one part."""

    events: Events

    def read(self) -> Events:
        """The events themselves."""
        return self.events


@dataclass(frozen=True)
class Bucket:
    """One file of the log. Small: a worker that sees the same folder reads it there.

    Args:
        folder: the artifacts of a business.
        name: the file in its `log/`.
        log_hash: of the log that is meant.
        taking_back: kinds that are orders, and that take them back; those of the manifest where None.
    """

    folder: Path
    name: str
    log_hash: str
    taking_back: TakingBack | None = None

    def read(self) -> Events:
        """The events of the bucket's customers.

        Raises:
            NoLog: the folder cannot be seen from here. BrokenLog: the file cannot be read.
            ReplacedLog: it is another log by now.
        """
        events = read_bucket(self.folder, self.name, taking_back=self.taking_back)
        if read_log_manifest(self.folder).log_hash != self.log_hash:
            raise ReplacedLog(self.folder)
        return events


class Engine(Protocol):
    """Where parts are worked on."""

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """What `function` makes of each item, in their order; never many results at once.

        Args:
            function: a module's function, or a `functools.partial` of one, so that it can be sent.
            items: small things, such as parts.
        """
        ...


class Here:
    """The engine `local`: this process, one part after the other."""

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """See `Engine.map`."""
        return map(function, items)


HERE: Final = Here()


def log_parts(folder: Path, *, taking_back: TakingBack | None = None) -> list[Bucket]:
    """The log of a business, one part a bucket.

    Args:
        folder: its artifacts.
        taking_back: kinds that are orders, and that take them back; those of the manifest where None.

    Raises:
        NoLog: there is none.
    """
    manifest = read_log_manifest(folder)
    return [Bucket(folder, name, manifest.log_hash, taking_back) for name in sorted(manifest.files)]


def parts_of(log: Events | Sequence[Part]) -> Sequence[Part]:
    """Parts as they are, events as one part."""
    return [InMemory(log)] if isinstance(log, Events) else log
