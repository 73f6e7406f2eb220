"""What Prometheus and the history are told of answers before their outcomes are known. Start at `figures_before`."""

from collections.abc import Iterator
from math import exp

from monitoring.findings import Findings
from monitoring.section import Figure

MEANINGS = {
    "roc_auc": "Estimated ROC AUC of the scores of now, from the scores alone.",
    "log_loss": "Estimated log loss of the scores of now, nats a customer, from the scores alone.",
    "brier": "Estimated Brier score of the scores of now, from the scores alone.",
    "rate": "Estimated share of customers of now for whom the outcome comes true, from the scores alone.",
    "profit": "Estimated profit per customer of contacting where it pays, in the business's currency.",
}


def figures_before(found: Findings) -> Iterator[Figure]:
    """Estimates with the ends of their bands, and early activity; none where it abstains."""
    labels = {"model": found.champion.model, "version": found.champion.version}
    for name, one in found.estimate.figures.items() if found.estimate else ():
        for end, value in (("low", one.low), ("mid", one.value), ("high", one.high)):
            yield Figure(f"churn_monitor_estimated_{name}", value, MEANINGS[name], labels | {"end": end})
    if found.early is not None and found.early.move is not None:
        meaning = "Early activity of the last weeks over what is usual, given the scores."
        yield Figure("churn_monitor_early_activity_ratio", exp(found.early.move), meaning, labels)
