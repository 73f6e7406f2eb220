"""Drawn rows for tests of the gate: a champion who sees half of what there is to see, and the true log-odds."""

from dataclasses import replace
from functools import cache

import numpy as np

from churn.events import FloatArray
from churn.metrics_profit import Stakes
from churn.model_sections import Gate
from training.evidence import Evidence, Footprint, Rival, stages_of
from training.gate import judge
from training.gate_verdict import Check, Verdict
from training.rows import Columns, Rows

N = 6_000
STAKES = Stakes(value_amount=300, offer_amount=30, contact_amount=2, accept_ratio=0.3)


def sigmoid(raw: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-raw)))


@cache
def evidence_drawn() -> tuple[Evidence, FloatArray]:
    """A champion who sees half of what there is to see, and the true log-odds."""
    random = np.random.default_rng(5)
    seen, hidden = random.normal(size=(2, N))
    truth = -0.5 + 1.2 * seen + 0.8 * hidden
    rows = Rows(
        columns=Columns(("seen",)), X=seen[:, None], outcome=(random.random(N) < sigmoid(truth)).astype(float),
        customer=np.array([f"c{place // 2}" for place in range(N)], dtype=object),
        cutoff_us=np.arange(N, dtype=np.int64) % 2, stage=np.array(["new", "loyal", "active"], dtype=object)[
            np.arange(N) % 3],
    )  # fmt: skip
    champion = sigmoid(0.9 * (-0.5 + 1.2 * seen))
    rivals = {
        "recency_rule": sigmoid(0.5 * (seen + random.normal(size=N)) - 0.42),
        "base_rate": np.full(N, rows.outcome.mean()),
    }
    evidence = Evidence(
        rows, champion, rivals, champion=Rival("version 1", champion), segments=stages_of(rows), stakes=STAKES,
        footprint=Footprint(400, 100_000, 0.5), others=(Check("parity", "passed", "proven", "已证明"),),
    )  # fmt: skip
    return evidence, truth


def judged(evidence: Evidence, probability: FloatArray, limits: Gate | None = None, **changes: object) -> Verdict:
    return judge(replace(evidence, probability=probability, **changes), limits or Gate(), seed=7)  # type: ignore[arg-type]


def towards(evidence: Evidence, truth: FloatArray, share: float) -> FloatArray:
    champion = evidence.champion
    assert isinstance(champion, Rival)
    raw = np.log(champion.probability) - np.log1p(-champion.probability)
    return sigmoid((1 - share) * raw + share * truth)
