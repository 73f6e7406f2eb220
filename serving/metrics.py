"""What `/metrics` says: how long requests take by route template, and what was answered.

Counts of all workers together where BentoML gives them a folder to share (PROMETHEUS_MULTIPROC_DIR), this process's
alone otherwise. No label ever holds what a caller wrote, so nobody can make them many. Start reading at `Metrics`.
"""

import os
from collections.abc import Iterable, Iterator
from functools import cache, cached_property

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from serving.answer_meters import AnswerMeters
from serving.champion import Champion
from serving.registry_state import RegistryMeters, RegistryState
from serving.schemas import Score
from serving.webhooks.meters import LetterMeters

CONTENT_TYPE = CONTENT_TYPE_LATEST
BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Ours(Collector):
    """Our meters out of a folder in which libraries leave theirs too (Feast does)."""

    def __init__(self, everything: Collector) -> None:
        self._everything = everything

    def collect(self) -> Iterator[Metric]:
        """Those whose name begins with `churn_`."""
        yield from (metric for metric in self._everything.collect() if metric.name.startswith("churn_"))


class Metrics:
    """The meters of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "churn_request_seconds", "From the first byte in to the last byte out.", ["route", "method", "status"],
            buckets=BUCKETS_S, registry=self._registry,
        )  # fmt: skip
        self._answers = AnswerMeters(self._registry)
        self._champion = Gauge(
            "churn_champion_info", "The models that answer.", ["model", "version"], registry=self._registry,
            multiprocess_mode="livemax",
        )  # fmt: skip
        self._events = Counter(
            "churn_events", "Live events, by what became of them.", ["status"], registry=self._registry
        )
        self._refresh = Histogram(
            "churn_refresh_seconds", "From committed events to their customers' fresh rows.", buckets=BUCKETS_S,
            registry=self._registry,
        )  # fmt: skip
        self._pending = Counter(
            "churn_refresh_pending", "Requests whose rows were left to the background.", registry=self._registry
        )
        self._changes = Counter(
            "churn_changes", "What fresh rows brought for readers of changes: news, changes, left_out.", ["what"],
            registry=self._registry,
        )  # fmt: skip
        self._audit_lost = Counter(
            "churn_audit_lost", "Audit lines that could not be written.", registry=self._registry
        )
        self._store = Gauge(
            "churn_store_up", "Whether the on-line store answers: 1, or 0 where a worker leaves it alone.",
            registry=self._registry, multiprocess_mode="livemin",
        )  # fmt: skip
        self._registry_meters = RegistryMeters(self._registry)

    @cached_property
    def webhooks(self) -> LetterMeters:
        """Those of outgoing webhooks."""
        return LetterMeters(self._registry)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request, under the template of its route."""
        _labelled(self._seconds, route, method, status).observe(seconds)

    def answers(self, scores: Iterable[Score]) -> None:
        """Count what was answered."""
        self._answers.told(scores)

    def store(self, *, answers: bool) -> None:
        """Say whether the on-line store answers."""
        self._store.set(answers)

    def audit_lost(self, lines: int) -> None:
        """Count lines of the audit log that could not be written."""
        self._audit_lost.inc(lines)

    def events(self, statuses: Iterable[str], *, pending: bool) -> None:
        """Count live events, and whether their rows have to wait."""
        for status in statuses:
            self._events.labels(status).inc()
        if pending:
            self._pending.inc()

    def refreshed(self, seconds: float) -> None:
        """Count one refresh."""
        self._refresh.observe(seconds)

    def changes(self, counts: tuple[int, int]) -> None:
        """Count customers of whom there is news, and changes of stage or band among them."""
        self._changes.labels("news").inc(counts[0])
        self._changes.labels("changes").inc(counts[1])

    def changes_left_out(self, customers: int) -> None:
        """Count customers of whom nothing can be told now."""
        self._changes.labels("left_out").inc(customers)

    def champions(self, champions: Iterable[Champion], *, instead_of: Iterable[Champion] = ()) -> None:
        """Say which models answer, and which no longer do."""
        for one in instead_of:
            self._champion.labels(one.bundle.model, one.version).set(0)
        for one in champions:
            self._champion.labels(one.bundle.model, one.version).set(1)

    def registry(self, state: RegistryState) -> None:
        """Say what is known of the registry of models."""
        self._registry_meters.tell(state)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            together = CollectorRegistry()
            together.register(Ours(MultiProcessCollector(None)))  # type: ignore[no-untyped-call,unused-ignore]
            return generate_latest(together)
        return generate_latest(self._registry)


@cache
def _labelled(meter: Histogram, *labels: object) -> Histogram:
    """A meter's child; to look it up anew costs more than to count. No label is what a caller wrote: there are few."""
    return meter.labels(*labels)
