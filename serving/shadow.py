"""A challenger in shadow: asked about the customers the champion was asked about, logged, and told to nobody.

    answers that were given --their vectors--> the challenger --> lines of the score log marked "shadow"

It scores after the answer, in a thread of its own; where that one falls behind, what came meanwhile is left out. So no
answer waits for it, differs by it or fails with it. It ends as soon as `champion/<model>.shadow` is gone. Start reading
at `Shadows`.
"""

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from churn.settings import Settings
from churn.tables import SCORES
from serving.admission import Held
from serving.champion import MODELS, SHADOWS, Champion, copy_of, read
from serving.now import Watched
from serving.score_log import SHADOW, Row, ScoreLog
from serving.scorer import Answer

OF_THE_ANSWER = ("customer_id", "model", "cutoff", "scored_at", "valid_until", "stage", "known_at", "feature_set_hash")
MOST_WAITING = 64  # requests


def fetch(settings: Settings) -> dict[str, Held]:
    """Copy the challengers that score in shadow from the registry.

    Raises:
        BrokenModel: one is not what was registered.
    """
    found = {}
    for model in MODELS:
        told = _told(settings.folder, model)
        if told is not None:
            found[model] = Held(f"{told['name']}/{told['version']}", str(told["model_hash"]))
            copy_of(settings, found[model])
    return found


def load(folder: Path) -> dict[str, Champion]:
    """The challengers that were appointed to score in shadow, by model.

    Raises:
        BrokenModel: a copy has changed since.
    """
    path = folder / SHADOWS
    held = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return read(folder, {model: Held(**one) for model, one in held.items()})


class Shadows:
    """Challengers that score what was answered. Threads may share it.

    Args:
        folder: the artifacts of the business.
        challengers: by model.
        forgotten: who of some customers was forgotten meanwhile.
    """

    def __init__(
        self,
        folder: Path,
        challengers: Mapping[str, Champion],
        forgotten: Callable[[Sequence[str]], set[str]] = lambda _: set(),
    ) -> None:
        self._challengers, self._forgotten = challengers, forgotten
        self._standing = {model: Watched(*_standing(folder, model)) for model in challengers}
        self._thread = ThreadPoolExecutor(1, "shadow") if challengers else None
        self._waiting: list[Future[None]] = []
        self.left_out = 0

    def offer(self, answers: Sequence[Answer], log: ScoreLog) -> None:
        """Score the customers of some answers and log it, later and elsewhere; nothing is waited for."""
        if self._thread is None:
            return
        self._waiting = [one for one in self._waiting if not one.done()]
        if len(self._waiting) >= MOST_WAITING:
            self.left_out += len(answers)
            return
        try:
            self._waiting.append(self._thread.submit(self._log, answers, log))
        except RuntimeError:  # others were appointed while this request was answered
            self.left_out += len(answers)

    def rows(self, answers: Sequence[Answer]) -> list[Row]:
        """What the challengers say where a champion gave a number, as lines of the score log."""
        found: list[Row] = []
        for model, challenger in self._challengers.items():
            if self._standing[model].content() == challenger.model_hash:
                found += _rows(challenger, [one for one in answers if _is_asked(one, model, challenger)])
        return found

    def close(self) -> None:
        """Finish what is waiting and end; call it before the log is closed."""
        if self._thread is not None:
            self._thread.shutdown()

    def _log(self, answers: Sequence[Answer], log: ScoreLog) -> None:
        gone = self._forgotten([one.score.customer_id for one in answers])
        rows = [row for row in self.rows(answers) if row["customer_id"] not in gone]
        if rows:
            log.append(rows).result()


def _is_asked(answer: Answer, model: str, challenger: Champion) -> bool:
    score, bundle = answer.score, challenger.bundle
    if score.model != model or score.probability is None or answer.vector is None or answer.is_nameless:
        return False
    return (score.feature_set_hash, len(answer.vector)) == (bundle.feature_set_hash, len(bundle.features))


def _rows(challenger: Champion, answers: Sequence[Answer]) -> list[Row]:
    if not answers:
        return []
    began, bundle = time.thread_time(), challenger.bundle
    raw = challenger.trees.raw(bundle.prepare(np.vstack([one.vector for one in answers if one.vector is not None])))
    probabilities = bundle.probability(raw)
    percentiles, bands = bundle.percentile(probabilities), bundle.band(probabilities)
    cost_us = round((time.thread_time() - began) * 1e6 / len(answers), 1)
    ours: Row = dict.fromkeys(SCORES.names) | {
        "horizon_days": bundle.horizon_days, "gap_days": bundle.gap_days, "model_version": challenger.version,
        "model_hash": challenger.model_hash, "definition_id": bundle.definition_id,
        "snapshot_hash": bundle.snapshot_hash, SHADOW: True, "cost_us": cost_us,
    }  # fmt: skip
    numbers = zip(answers, probabilities.tolist(), percentiles.tolist(), bands, strict=True)
    return [
        ours
        | {name: row[name] for name in OF_THE_ANSWER}
        | {"score_id": uuid.uuid4().hex, "probability": probability, "percentile": percentile, "band": band}
        for row, probability, percentile, band in ((one.log_row(), *rest) for one, *rest in numbers)
    ]


def _standing(folder: Path, model: str) -> tuple[Callable[[], Path], Callable[[], str | None]]:
    """Where it is written who scores in shadow, and what makes that a hash; None: nobody."""

    def read_hash() -> str | None:
        told = _told(folder, model)
        return None if told is None else str(told["model_hash"])

    return lambda: folder / "champion" / f"{model}.shadow", read_hash


def _told(folder: Path, model: str) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads((folder / "champion" / f"{model}.shadow").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return told
