"""What `/metrics` says of answers: how many of which kind, how probable they told it, how old their features were.

Reads the answers that were given; knows nothing of customers but what no label names. Start reading at `told`.
"""

from collections.abc import Iterable
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram

from serving.schemas import Score

PROBABILITIES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
HOUR_S = 3600.0
AGES_S = (60.0, 600.0, *(hours * HOUR_S for hours in (1, 6, 12, 24, 36, 48, 72, 168)))
NO_MODEL = "none"


class AnswerMeters:
    """The meters of answers in one process.

    Args:
        registry: where they are read from.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answers = Counter(
            "churn_answers", "Customers answered, by model and band, or abstention.", ["model", "answer"],
            registry=registry,
        )  # fmt: skip
        self._probability = Histogram(
            "churn_score_probability", "Probabilities told, by model.", ["model"], buckets=PROBABILITIES,
            registry=registry,
        )  # fmt: skip
        self._age = Histogram(
            "churn_features_age_seconds", "From the cutoff of a customer's features to the answer, by model.",
            ["model"], buckets=AGES_S, registry=registry,
        )  # fmt: skip
        self._last_good = Counter(
            "churn_answers_from_last_good", "Customers answered from a row that was read before the store failed.",
            registry=registry,
        )  # fmt: skip
        self._of = cache(self._children)

    def told(self, scores: Iterable[Score]) -> None:
        """Count what was answered."""
        for score in scores:
            answer = score.abstention.code if score.abstention else score.band or ""
            count, probability, age = self._of(score.model or NO_MODEL, answer)
            count.inc()
            if score.probability is not None:
                probability.observe(score.probability)
            if score.features_age_hours is not None:  # below zero where the clock stepped back; a sum may not shrink
                age.observe(max(score.features_age_hours, 0.0) * HOUR_S)
            if score.from_last_good:
                self._last_good.inc()

    def _children(self, model: str, answer: str) -> tuple[Counter, Histogram, Histogram]:
        """The children of one label set; to look them up anew costs more than to count. There are few."""
        return self._answers.labels(model, answer), self._probability.labels(model), self._age.labels(model)
