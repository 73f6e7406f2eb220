"""May a challenger serve? One pure function over what it said of test rows, beside champion, rule and base rate.

    first      nobody serves, or who serves answers another question: it must beat rule and base rate
    replace    it must save `min_gain_ratio` of the champion's log loss, beyond doubt, and cost no profit
    renew      the champion knows nothing of the last `max_age_days`: it must show no sign of being worse
    features_changed   the two read different features: as renew; as first where the champion's own are gone
    afresh     a person said that the champion is no measure: as first
    again      it serves already

Under every rule: calibration within bounds, no segment clearly worse or scored by chance, parity proven, small and
quick enough, no leak. An equal challenger is refused by `replace`: changing who serves costs more than it brings.
Error rates, measured: docs/gate.md. Reads arrays and numbers; knows no registry and no file. Start reading at `judge`.
"""

from churn.model_sections import Gate
from training import gate_checks, gate_segments
from training.evidence import Evidence, Rival
from training.gate_seen import Seen, columns_of
from training.gate_verdict import Verdict
from training.paired import drawn_means


def judge(evidence: Evidence, limits: Gate, *, seed: int) -> Verdict:
    """Hold a challenger to the gate.

    Args:
        evidence: all that there is to know.
        limits: `[gate]`.
        seed: of the draws.
    """
    return verdict(look(evidence, limits, seed=seed))


def look(evidence: Evidence, limits: Gate, *, seed: int) -> Seen:
    """What the checks look at; the same whatever the rule, which verdicts by several rules may share."""
    columns = columns_of(evidence)
    means = drawn_means(list(columns.values()), evidence.rows.customer, seed=seed)
    return Seen(evidence, limits, list(columns), means)


def verdict(seen: Seen) -> Verdict:
    """The checks, one after the other."""
    rule = rule_of(seen.evidence, seen.limits)
    checks = (
        *gate_checks.beats(seen),
        *gate_checks.against_champion(seen, rule),
        *gate_checks.calibration(seen),
        *gate_segments.segments(seen),
        *gate_segments.ranking(seen),
        *gate_checks.footprint(seen),
        *seen.evidence.others,
    )
    return Verdict(checks, rule)


def rule_of(evidence: Evidence, limits: Gate) -> str:
    """By which rule a challenger is judged."""
    champion = evidence.champion
    if evidence.is_champion:
        return "again"
    if evidence.is_afresh:
        return "afresh"
    if champion is not None and champion.reads_others:
        return "features_changed"
    if isinstance(champion, Rival):
        return "renew" if champion.age_days >= limits.max_age_days else "replace"
    return "replace" if champion is not None and not champion.is_other_question else "first"
