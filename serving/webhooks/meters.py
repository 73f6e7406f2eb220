"""What `/metrics` says of webhooks: how many were sent, failed or died, how many wait, and since when."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class LetterMeters:
    """The meters of letters in one process.

    Args:
        registry: where they are read from.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._letters = Counter(
            "churn_webhooks", "Webhooks, by what became of them: sent, failed, dead.", ["what"], registry=registry
        )
        self._waiting = Gauge(
            "churn_webhooks_waiting", "Webhooks that wait for a receiver.", ["receiver"], registry=registry,
            multiprocess_mode="livemostrecent",
        )  # fmt: skip
        self._lag = Gauge(
            "churn_webhooks_lag_seconds", "Since when the oldest of them waits.", ["receiver"], registry=registry,
            multiprocess_mode="livemostrecent",
        )  # fmt: skip

    def letters(self, what: str, count: int) -> None:
        """Count letters that were sent, failed once more, or died."""
        self._letters.labels(what).inc(count)

    def letters_waiting(self, receiver: str, waiting: int, lag_s: float) -> None:
        """Say how many letters wait for a receiver, and since how long the oldest."""
        self._waiting.labels(receiver).set(waiting)
        self._lag.labels(receiver).set(lag_s)
