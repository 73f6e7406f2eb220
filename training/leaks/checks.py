"""The checks of a hunt: each holds the features of each kind of event against a question, and names what stands out.

    known_time         would today's knowledge tell more than the cutoff's?
    future_correlated  does it tell the far future better than the near one?
    too_good_alone     does it tell more than everything else together?
    recorded_late      do its events thin out towards the end of the log?
    not_as_known       is the frozen row what the log gives by what was known?

A check asks for an effect (the bars below) and that it is sure: four standard deviations over draws of customers. So a
clean log names nothing. Start reading at `of_features`.
"""

from collections.abc import Collection, Iterator
from typing import Final

import numpy as np
import pandas as pd

from churn.events import FloatArray, micros
from churn.metrics import roc_auc
from training.leaks.classifier import MOST_ROWS, told_together
from training.leaks.evidence import Evidence, Gathered
from training.leaks.recorded import thinning
from training.leaks.single import Question, surely_more, worth
from training.leaks.suspicion import Suspicion

KNOWN_MORE: Final = 0.03  # AUC that hindsight adds
FAR_MORE: Final = 0.12  # AUC by which the far future is told better
FAR_LEAST: Final = 0.70  # AUC for it, at least
ALONE_MORE: Final = 0.02  # AUC by which one feature tells more than all of other kinds
ALONE_LEAST: Final = 0.75
TELLS: Final = 0.55  # AUC of a feature that tells anything
RESTS: Final = 5  # kinds, at most, that are held against all others


def of_features(model: str, seen: Evidence, *, qualifying: Collection[str], seed: int) -> Iterator[Suspicion]:
    """What the features of one model's rows give away.

    Args:
        model: churn or reactivation.
        seen: its rows.
        qualifying: kinds that churn is defined by; their own past cannot be too good.
        seed: of folds and draws.
    """
    question = Question.of(seen.outcome, seen.customer, seed=seed)
    if not question.can_be_asked:
        return
    alone = worths(seen.X, seen, question)
    yield from _known_time(model, seen, question, alone, seed)
    yield from _far(model, seen, seed)
    yield from _too_good(model, seen, question, alone, qualifying, seed)


def worths(X: FloatArray, seen: Evidence, question: Question) -> FloatArray:
    """What each feature tells alone, row by row. Shape (n, f)."""
    columns = zip(X.T, seen.category, strict=True)
    return np.column_stack([worth(one, question, is_category=bool(code)) for one, code in columns])


def aucs(scores: FloatArray, question: Question) -> FloatArray:
    """ROC AUC of each column of scores. Shape (f,)."""
    return np.array([roc_auc(question.outcome, column) for column in scores.T])


def of_recording(gathered: Gathered, qualifying: Collection[str], *, until_us: int, seed: int) -> Iterator[Suspicion]:
    """Kinds of event that are recorded later than they are dated, and what their features tell.

    Args:
        gathered: the evidence.
        qualifying: kinds that churn is defined by.
        until_us: the end of the log, microseconds since 1970 UTC.
        seed: of folds.
    """
    for thin in thinning(gathered.recorded, qualifying, until_us=until_us):
        told = [one for seen in gathered.evidence.values() for one in _tells(seen, thin.kind, seed)]
        names = tuple(dict.fromkeys(name for _, name in sorted(told, reverse=True)))
        yield Suspicion(
            "recorded_late",
            "suspicious" if told else "look",
            f"{thin.kind} {thin.reason_code}".strip(),
            "",
            names,
            {"days": thin.days, "found": thin.found, "expected": thin.expected, "delayed": thin.delayed},
        )


def not_as_known(seen: Evidence, frozen: pd.DataFrame, model: str) -> Iterator[Suspicion]:
    """Features of a frozen snapshot that are not what the log gives by what was known at the cutoff.

    Args:
        seen: rows made from the log.
        frozen: the snapshot's rows.
        model: whose.
    """
    mine = frozen[frozen["model"] == model]
    keys = pd.MultiIndex.from_arrays([mine["customer_id"].astype(str), micros(mine["event_timestamp"])])
    wanted = pd.MultiIndex.from_arrays([seen.customer.astype(str), seen.cutoff_us])
    place = keys.get_indexer(wanted)
    both = place >= 0
    for column, name in enumerate(seen.names):
        if name not in frozen or not both.any():
            continue
        kept = mine[name].to_numpy(dtype=np.float64)[place[both]]
        made = seen.X[both, column]
        share = float(np.mean(~((kept == made) | (np.isnan(kept) & np.isnan(made)))))
        if share:
            yield Suspicion("not_as_known", "suspicious", ", ".join(seen.kinds[name]), model, (name,), {"share": share})


def _known_time(model: str, seen: Evidence, question: Question, alone: FloatArray, seed: int) -> Iterator[Suspicion]:
    differs = [place for place in range(len(seen.names)) if not _same(seen.X[:, place], seen.later[:, place])]
    found: dict[str, list[tuple[float, float, str]]] = {}
    for place in differs:
        later = worth(seen.later[:, place], question, is_category=bool(seen.category[place]))
        known, told = roc_auc(question.outcome, alone[:, place]), roc_auc(question.outcome, later)
        if told - known < KNOWN_MORE or surely_more((later, question), (alone[:, place], question), seed=seed) <= 0:
            continue
        for kind in seen.kinds[seen.names[place]]:
            found.setdefault(kind, []).append((told, known, seen.names[place]))
    for kind, ones in found.items():
        worst = sorted(ones, key=lambda one: one[1] - one[0])
        figures = {"later": worst[0][0], "known": worst[0][1]}
        yield Suspicion("known_time", "guarded", kind, model, tuple(one[2] for one in worst), figures)


def _far(model: str, seen: Evidence, seed: int) -> Iterator[Suspicion]:
    rows = seen.take(~np.isnan(seen.far))
    near, far = (Question.of(one, rows.customer, seed=seed) for one in (rows.outcome, rows.far))
    if not len(rows) or not near.can_be_asked or not far.can_be_asked:
        return
    both = [worths(rows.X, rows, question) for question in (near, far)]
    nears, fars = aucs(both[0], near), aucs(both[1], far)
    found: dict[str, list[tuple[float, float, str]]] = {}
    for place in np.flatnonzero((fars >= FAR_LEAST) & (fars - nears >= FAR_MORE)):
        if surely_more((both[1][:, place], far), (both[0][:, place], near), seed=seed) > 0:
            for kind in seen.kinds[seen.names[place]]:
                found.setdefault(kind, []).append((fars[place], nears[place], seen.names[place]))
    for kind, ones in found.items():
        worst = sorted(ones, reverse=True)
        figures = {"far": worst[0][0], "near": worst[0][1]}
        yield Suspicion("future_correlated", "suspicious", kind, model, tuple(one[2] for one in worst), figures)


def _too_good(
    model: str, seen: Evidence, question: Question, alone: FloatArray, qualifying: Collection[str], seed: int
) -> Iterator[Suspicion]:
    told = aucs(alone, question)
    kinds = {kind for kinds in seen.kinds.values() for kind in kinds} - set(qualifying)
    best = {kind: max(seen.reads(kind), key=lambda place: told[place]) for kind in kinds}
    doubted = sorted((kind for kind in kinds if told[best[kind]] >= ALONE_LEAST), key=lambda kind: -told[best[kind]])
    step = max(1, len(seen) // MOST_ROWS)
    few = Question(*(getattr(question, name)[::step] for name in ("outcome", "fold", "customer")))
    for kind in doubted[:RESTS]:
        others = np.setdiff1d(np.arange(len(seen.names)), seen.reads(kind))
        score = told_together(seen.X[::step][:, others], few, category=seen.category[others], seed=seed).score
        rest = roc_auc(few.outcome, score)
        mine = alone[::step, best[kind]]
        if roc_auc(few.outcome, mine) - rest < ALONE_MORE or surely_more((mine, few), (score, few), seed=seed) <= 0:
            continue
        better = sorted((place for place in seen.reads(kind) if told[place] > rest), key=lambda place: -told[place])
        names = tuple(seen.names[place] for place in better or [best[kind]])
        yield Suspicion("too_good_alone", "suspicious", kind, model, names, {"alone": told[best[kind]], "others": rest})


def _tells(seen: Evidence, kind: str, seed: int) -> Iterator[tuple[float, str]]:
    """AUC and name of each feature of a kind that tells anything."""
    question = Question.of(seen.outcome, seen.customer, seed=seed)
    if not question.can_be_asked:
        return
    for place in seen.reads(kind):
        told = roc_auc(question.outcome, worth(seen.X[:, place], question, is_category=bool(seen.category[place])))
        if told >= TELLS:
            yield told, seen.names[place]


def _same(one: FloatArray, other: FloatArray) -> bool:
    return bool(((one == other) | (np.isnan(one) & np.isnan(other))).all())
