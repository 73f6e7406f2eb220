"""The hunt for leaks: which features know what nobody knew at their cutoff?

    log, training cutoffs --gathered--> evidence --checks--> suspicions
    training rows, test rows --adversarial--> how far the folds are apart

A hunt names features; it decides nothing. What it cannot catch is said in docs/leaks.md. Start reading at `hunt`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from churn.calendar import to_us
from churn.cutoffs import Fold
from churn.definition import Lifecycle
from features.feature_set import FeatureSet
from features.parts import HERE, Engine, Part
from training.leaks.adversarial import Adversarial, adversarial
from training.leaks.checks import aucs, not_as_known, of_features, of_recording, worths
from training.leaks.evidence import Evidence, gathered
from training.leaks.single import Question
from training.leaks.suspicion import LEVELS, Suspicion

BEST = 10  # features that tell most alone, for the report


@dataclass(frozen=True)
class Hunt:
    """What a hunt found.

    Args:
        suspicions: the worst first.
        apart: by model, how far the folds are apart.
        best: by model, the features that tell most alone, with their AUC.
        rows: by model, training rows looked at.
        untold: checks that could not be made, and why, in English and Chinese.
        key: log_hash, sources, feature_set_hash, definition_id.
        cutoffs: training cutoffs looked at. observed_until: the end of the log. share: of the log that was read.
    """

    suspicions: tuple[Suspicion, ...]
    apart: Mapping[str, Adversarial]
    best: Mapping[str, tuple[tuple[str, float], ...]]
    rows: Mapping[str, int]
    untold: tuple[tuple[str, str], ...]
    key: Mapping[str, str]
    cutoffs: tuple[datetime, ...]
    observed_until: datetime
    share: float
    frozen: str = ""
    """The hash of the snapshot that was held against the log, as whoever read it says; empty where none was."""

    @property
    def passed(self) -> bool:
        """Nothing is suspicious."""
        return not self.suspicious

    @property
    def suspicious(self) -> tuple[Suspicion, ...]:
        """What a model would learn."""
        return tuple(one for one in self.suspicions if one.level == "suspicious")

    @property
    def features(self) -> tuple[str, ...]:
        """The features that are suspicious, each once."""
        return tuple(dict.fromkeys(name for one in self.suspicious for name in one.features))

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            **self.key,
            "passed": self.passed,
            "suspicious_features": list(self.features),
            "suspicions": [one.as_json() for one in self.suspicions],
            "adversarial": {model: one.as_json() for model, one in self.apart.items()},
            "best_alone": {model: dict(ones) for model, ones in self.best.items()},
            "rows": dict(self.rows),
            "not_checked": [{"en": en, "zh": zh} for en, zh in self.untold],
            "cutoffs": [cutoff.isoformat() for cutoff in self.cutoffs],
            "observed_until": self.observed_until.isoformat(),
            "share_of_log": self.share,
            "frozen_snapshot": self.frozen,
        }


def hunt(
    parts: Sequence[Part],
    features: FeatureSet,
    lifecycle: Lifecycle,
    fold: Fold,
    *,
    observed_until: datetime,
    log_hash: str,
    seed: int,
    sources: str = "",
    frozen: pd.DataFrame | None = None,
    tell_apart: bool = True,
    engine: Engine = HERE,
    progress: Callable[[str], None] = lambda _text: None,
) -> Hunt:
    """Hunt for leaks in a log.

    Args:
        parts: of the log.
        features: whose leaks are looked for.
        lifecycle: what churn means.
        fold: training cutoffs are looked at with outcomes, test cutoffs without.
        observed_until: the end of the log.
        log_hash: names the log.
        seed: of folds and draws.
        sources: names how the sources of the log were read.
        frozen: rows of a snapshot that a model learned from, which are held against the log; none where None.
        tell_apart: whether the folds are told apart, which takes most of the time.
        engine: where parts are worked on.
        progress: told what is going on.
    """
    progress("reading rows as they were known, and in hindsight")
    seen = gathered(parts, features, lifecycle, fold.train, fold.test, observed_until=observed_until, engine=engine)
    qualifying = lifecycle.definition.qualifying_kinds
    found = list(of_recording(seen, qualifying, until_us=to_us(observed_until), seed=seed))
    apart: dict[str, Adversarial] = {}
    for model, rows in seen.evidence.items():
        progress(f"{model}: {len(rows):,} rows")
        found += of_features(model, rows, qualifying=qualifying, seed=seed)
        found += not_as_known(rows, frozen, model) if frozen is not None else ()
        told = adversarial(rows, seed=seed) if tell_apart else None
        apart |= {model: told} if told else {}
    return Hunt(
        suspicions=tuple(sorted(found, key=lambda one: (LEVELS.index(one.level), one.check, one.kind, one.model))),
        apart=apart,
        best={model: _best(rows, seed) for model, rows in seen.evidence.items()},
        rows={model: len(rows) for model, rows in seen.evidence.items()},
        untold=tuple(_untold(seen.evidence, frozen, seed)),
        key={
            "log_hash": log_hash, "sources": sources,
            "feature_set_hash": features.hash, "definition_id": lifecycle.definition.id,
        },
        cutoffs=seen.cutoffs,
        observed_until=observed_until,
        share=seen.share,
    )  # fmt: skip


def _best(seen: Evidence, seed: int) -> tuple[tuple[str, float], ...]:
    question = Question.of(seen.outcome, seen.customer, seed=seed)
    if not question.can_be_asked:
        return ()
    told = aucs(worths(seen.X, seen, question), question)
    return tuple((seen.names[place], float(told[place])) for place in (-told).argsort(kind="stable")[:BEST])


def _untold(evidence: Mapping[str, Evidence], frozen: pd.DataFrame | None, seed: int) -> Iterator[tuple[str, str]]:
    """What could not be checked, in English and Chinese."""
    for model, rows in evidence.items():
        reaches = rows.far == rows.far
        if not Question.of(rows.outcome, rows.customer, seed=seed).can_be_asked:
            yield (
                f"{model}: fewer than 30 rows of an outcome, so its features were held against none",
                f"{model}：某一结果不足 30 行，其特征未与任何结果对照",
            )
        elif not Question.of(rows.far[reaches], rows.customer[reaches], seed=seed).can_be_asked:
            yield (
                f"{model}: the log is too short for a far future (three horizons are needed)",
                f"{model}：日志太短，没有足够远的未来可供对照（至少需要三个结果期）",
            )
    if frozen is None:
        yield (
            "no champion of these features serves, so no frozen snapshot was held against the log",
            "没有使用这些特征的现任模型，因此未将冻结快照与日志对照",
        )
