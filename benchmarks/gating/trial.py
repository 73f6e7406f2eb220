"""One trial: two siblings are champion and challenger, judged on customers from whom neither learned.

Every challenger, good or bad, is held to the gate by each of its rules. Start reading at `cases`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from benchmarks.gating.siblings import Siblings
from churn.events import FloatArray
from churn.metrics_profit import Stakes
from churn.model_sections import Gate
from training.evidence import Evidence, Rival, stages_of
from training.gate import look, verdict
from training.gate_seen import told_apart
from training.gate_verdict import Check, Verdict
from training.paired import losses
from training.slices import slices

RULES = ("first", "replace", "renew", "features_changed")
LIMITS, STAKES = Gate(), Stakes(value_amount=300, offer_amount=30, contact_amount=2, accept_ratio=0.3)
GAINS = (0.03, 0.06, 0.12)  # how far towards the truth
JUDGED_ON = 1_500  # customers


class Challenger(NamedTuple):
    """Who is to be judged.

    Args:
        name: what is good or bad about it.
        probability: what it says. Shape (n,).
        rules: by which it is judged.
        others: what else the gate is told of it.
    """

    name: str
    probability: FloatArray
    rules: tuple[str, ...] = RULES
    others: tuple[Check, ...] = ()


@dataclass
class Trial:
    """Two siblings and the rows to judge them on.

    Args:
        siblings: of one shop.
        number: of the trial, which decides on everything drawn.
    """

    siblings: Siblings
    number: int
    random: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        world, found = self.siblings.world, self.siblings
        self.random = np.random.default_rng([world.seed, self.number])
        self.ours, self.theirs = self.random.choice(len(found.equal), 2, replace=False)
        unknown = np.flatnonzero(~(found.knows[self.ours] | found.knows[self.theirs]))
        chosen = np.isin(world.whose, self.random.permutation(unknown)[:JUDGED_ON])
        self.chosen, self.rows, self.truth = chosen, world.test.take(chosen), world.truth[chosen]
        self.champion = found.equal[self.theirs][chosen]
        self.rivals = {name: told[chosen] for name, told in found.rivals[self.ours].items()}
        self.segments = {f"{one.dimension} {one.name}": one.mask for one in slices(self.rows)}

    def judged(self, challenger: Challenger) -> Iterator[Verdict]:
        """What the gate says by each rule, looking once."""
        champion = Rival("version 1", self.champion)
        evidence = Evidence(
            self.rows, challenger.probability, self.rivals, champion=champion, segments=self.segments, stakes=STAKES,
            others=challenger.others,
        )  # fmt: skip
        seen = look(evidence, LIMITS, seed=self.number)
        for rule in challenger.rules:
            age = LIMITS.max_age_days if rule == "renew" else 0
            other = replace(champion, age_days=age, reads_others=rule == "features_changed")
            asked = replace(evidence, champion=None if rule == "first" else other)
            yield verdict(replace(seen, evidence=asked))

    def better(self, share: float) -> FloatArray:
        """The champion, drawn towards the truth."""
        return sigmoid((1 - share) * logit(self.champion) + share * logit(self.truth))

    def gain(self, probability: FloatArray) -> float:
        """The share of the champion's expected log loss that a model saves; outcomes are not looked at."""
        told = [self.truth * losses(np.ones(len(one)), one) + (1 - self.truth) * losses(np.zeros(len(one)), one)
                for one in (self.champion, probability)]  # fmt: skip
        return float(1 - told[1].mean() / told[0].mean())

    def broken(self, stage: str) -> FloatArray:
        """Better than the champion, but for one stage, whose scores are dealt out at random."""
        found, mine = self.better(0.2), np.flatnonzero(stages_of(self.rows)[stage])
        found[mine] = self.random.permutation(found[mine])
        return found

    def challengers(self) -> Iterator[Challenger]:
        """Equal ones, better ones, bad ones."""
        found, chosen = self.siblings, self.chosen
        judged = told_apart(Evidence(self.rows, self.champion, {}, segments=stages_of(self.rows)))
        by_size = sorted(judged, key=lambda one: -int(judged[one].sum()))
        leak, proof = found.leak[self.ours % len(found.leak)]
        yield Challenger("equal", found.equal[self.ours][chosen])
        for share in GAINS:
            yield Challenger(f"better by {share:g}", self.better(share), ("replace",))
        yield Challenger("labels shuffled", found.shuffled[self.ours % len(found.shuffled)][chosen])
        yield Challenger("leaking feature", leak[chosen], others=(proof,))
        yield Challenger("better, but pushed", sigmoid(1.5 * logit(self.better(0.2)) - 1.0))
        yield Challenger("better, but its largest stage at random", self.broken(by_size[0]))
        yield Challenger("better, but another stage at random", self.broken(str(self.random.choice(by_size[1:]))))


def outcomes(trial: Trial) -> Iterator[dict[str, Any]]:
    """One line a challenger and rule: whether the gate let it in, and what it failed."""
    for challenger in trial.challengers():
        gain = trial.gain(challenger.probability)
        for found in trial.judged(challenger):
            yield {
                "seed": trial.siblings.world.seed, "number": trial.number, "challenger": challenger.name,
                "rule": found.rule, "passed": found.passed, "failed": found.failed, "gain": round(gain, 5),
            }  # fmt: skip


def logit(probability: FloatArray) -> FloatArray:
    """Log-odds."""
    return np.asarray(np.log(probability) - np.log1p(-probability))


def sigmoid(raw: FloatArray) -> FloatArray:
    """Probability of log-odds."""
    return np.clip(1 / (1 + np.exp(-raw)), 1e-6, 1 - 1e-6)
