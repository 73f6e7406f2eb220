"""What Prometheus and the history of runs keep of drift. Start reading at `figures`."""

from collections.abc import Iterator, Mapping

from monitoring.findings import Findings
from monitoring.section import Figure


def figures(found: Findings) -> Iterator[Figure]:
    """How near to their bars columns, scores and their fit are; 1 and more is an alarm."""
    labels: Mapping[str, str] = {"model": found.champion.model, "version": found.champion.version}
    judged = [one for one in found.features if one.is_judged]
    jumps = [jump.psi / jump.bar for one in judged for jump in one.jumps]
    if jumps:
        meaning = "Shift of the feature that jumped farthest, against its bar; above 1 it is an alarm."
        yield Figure("churn_monitor_feature_jump_ratio", max(jumps), meaning, dict(labels))
    if judged:
        meaning = "Shift of the feature farthest from what was learned, against its bar."
        yield Figure(
            "churn_monitor_feature_level_ratio", max(one.psi / one.bar for one in judged), meaning, dict(labels)
        )
    costs = [one.loss_nats for one in judged if one.loss_nats is not None]
    if costs:
        meaning = "Log loss that the shift of the worst feature may cost, nats a customer."
        yield Figure("churn_monitor_feature_loss_nats", max(costs), meaning, dict(labels))
    for jump in found.score.jumps if found.score else ():
        meaning = "PSI of the scores against so many weeks ago."
        yield Figure("churn_monitor_score_jump_psi", jump.psi, meaning, {**labels, "weeks": str(jump.weeks)})
    if found.drift is not None and found.drift.joint is not None:
        meaning = "How well rows of now are told from a week ago; 0.5: they cannot be."
        yield Figure("churn_monitor_joint_auc", found.drift.joint.auc, meaning, dict(labels))
        meaning = "What no quiet week is expected to pass."
        yield Figure("churn_monitor_joint_auc_bar", found.drift.joint.bar, meaning, dict(labels))
