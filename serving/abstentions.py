"""Why there is no number: the codes of abstentions, each with its problem and its mend. Data only."""

from serving.schemas import Abstention

ABSTENTIONS: dict[str, tuple[str, str]] = {
    "unknown_customer": (
        "The on-line store has no row of this customer.",
        "check the id; new customers enter with `churn ingest` and `churn features materialise`.",
    ),
    "store_unavailable": (
        "The on-line store does not answer in time, so there are no features to score.",
        "ask again in some seconds: the service asks the store every second; docs/operations.md says what to look at.",
    ),
    "erased": (
        "This customer was forgotten.",
        "nothing brings their rows back; who comes back by themselves is let in by `churn forget --undo-block`.",
    ),
    "no_qualifying_event": (
        "A prospect: no qualifying event yet, so there is nothing to leave from or come back to.",
        "ask again after their first one; [definition] qualifying says which events count.",
    ),
    "not_eligible": (
        "No model is asked about this customer: not eligible by the definition, or lapsed too long ago.",
        "see `eligible` and `win_back_within_days` in [definition].",
    ),
    "no_model_for_stage": (
        "The {model} model, which answers for this stage, has no champion.",
        "`churn train --model {model}`, then `churn promote --model {model}`, then start the service again.",
    ),
    "model_stopped": (
        "Monitoring's verdict stopped {version}.",
        "see the reasons in monitoring/report.html; then `churn promote` another model or `churn rollback`.",
    ),
    "feature_set_changed": (
        "The features in the store are not those that {version} learned from.",
        "train and promote on the present features, or materialise the ones the model knows.",
    ),
    "stale_features": (
        "The features are older than {hours} hours ([serving] max_feature_age_hours).",
        "run `churn ingest` and `churn features materialise`; schedule both (docs/operations.md).",
    ),
}


def abstention(code: str, **facts: str) -> Abstention:
    """One abstention in words, with the facts of the case filled in."""
    problem, mend = ABSTENTIONS[code]
    return Abstention(code, problem.format(**facts), mend.format(**facts))
