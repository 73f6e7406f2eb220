"""From customers' rows to answers: which model is asked, what it says and why, or why there is no number.

    OnlineRow --> abstain?  --no--> prepare -> trees -> calibrated, percentile, band -> reasons --> Answer

One scorer serves a request, a batch of everybody and a single customer; scored alone or among a thousand, an answer
is the same bit by bit. Reads rows and champions it is given; knows no registry, no store and no server. Start
reading at `Scorer.score`.
"""

import os
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from msgspec import structs

from churn.bundle import FloatArray
from churn.calendar import Calendar
from churn.clock import Clock
from churn.tables import NONE_WORTH_IT
from features.live.opted_out import NOBODY as NO_OBJECTION
from features.live.opted_out import Objections
from features.online import OnlineRow
from serving import nightly
from serving.abstentions import abstention
from serving.champion import Champion
from serving.judged import HOUR_S, Judged, Moment, Source, hours, judge, told_of
from serving.schemas import Abstention, Score
from serving.score_log import packed
from serving.stated import stated_beside

SKEW = timedelta(minutes=5)  # how far clocks of several machines may differ
NOBODY = "(forgotten)"


@dataclass(frozen=True)
class Answer:
    """A score, and the numbers it was made from."""

    score: Score
    vector: FloatArray | None = None
    """The packed feature vector as the store had it; None where the customer has none."""
    is_nameless: bool = False
    """Whether the score log is not to name the customer."""
    judged: Judged | None = None
    """What the champion said, in both languages; None where it was not asked."""

    def from_last_good(self) -> "Answer":
        """The same answer, told to be from a row that was read before the store failed."""
        return replace(self, score=structs.replace(self.score, from_last_good=True))

    def erased(self, language: str = "en") -> "Answer":
        """The answer about somebody who was forgotten: nothing of them, and a line in the log that names nobody."""
        told = self.score
        silent = Score(
            score_id=told.score_id, customer_id=told.customer_id, scored_at=told.scored_at, clock=told.clock,
            abstention=abstention("erased", language), definition_id=told.definition_id,
        )  # fmt: skip
        return Answer(silent, is_nameless=True)

    def log_row(self) -> dict[str, Any]:
        """The answer as a row of SCORES."""
        score = self.score if not self.is_nameless else structs.replace(self.score, customer_id=NOBODY)
        return {
            "score_id": score.score_id, "customer_id": score.customer_id, "model": score.model,
            "cutoff": score.features_as_of, "horizon_days": score.horizon_days, "gap_days": score.gap_days,
            "scored_at": score.scored_at, "valid_until": score.valid_until, "stage": score.stage,
            "probability": score.probability, "percentile": score.percentile, "band": score.band,
            "abstention": score.abstention.code if score.abstention else None,
            "model_version": score.model_version, "model_hash": score.model_hash,
            "definition_id": score.definition_id, "snapshot_hash": score.snapshot_hash,
            "feature_set_hash": score.feature_set_hash, "known_at": score.known_at,
            "vector": None if self.vector is None else packed(self.vector),
            "probability_low": score.probability_low, "probability_high": score.probability_high,
            "next_event_expected": _date(score.next_event.expected if score.next_event else None),
            "remaining_active_days": score.remaining_active_days and score.remaining_active_days.expected,
            "value_expected_amount": score.value and score.value.expected_amount,
            "value_at_risk": score.value_at_risk,
            "action": score.action.action if score.action else NONE_WORTH_IT if score.action_why else None,
            "action_text": score.action and score.action.text,
            "action_why": score.action.why if score.action else score.action_why,
            "action_due": score.action and score.action.due,
            "reason_codes": " ".join(reason.code for reason in score.reasons) or None,
        }  # fmt: skip


@dataclass(frozen=True)
class Scorer:
    """Immutable; threads may share it.

    Args:
        champions: by model.
        clock: the business's clock.
        clock_kind: wall or log, as answers say it.
        max_age: features older than this are not scored.
        definition_id: of the settings; a score has its model's.
        stopped: versions that may not answer.
        calendar: whose days dates are.
        beside: adds what other rooms say of customers.
        nightly: whether an answer of the night is told again as long as it holds.
        opted_out: who objected to being scored: no model is asked about them, whatever else holds.
    """

    champions: Mapping[str, Champion]
    clock: Clock
    clock_kind: str
    max_age: timedelta
    definition_id: str
    stopped: Container[str] = frozenset()
    calendar: Calendar = Calendar()
    beside: Callable[[list[Answer], str], list[Answer]] = lambda answers, _: answers
    nightly: bool = True
    opted_out: Objections = NO_OBJECTION

    def score(
        self,
        customer_ids: Sequence[str],
        rows: Sequence[OnlineRow | None],
        *,
        language: str,
        top: int,
        unread: Container[str] = frozenset(),
    ) -> list[Answer]:
        """Answer for each customer, in their order.

        Args:
            customer_ids: who was asked about.
            rows: what the store holds for each; None for who is unknown.
            language: of the reasons, en or zh.
            top: at most so many reasons a customer.
            unread: who has no row because the store did not answer.
        """
        now = self.clock.now()
        moment = Moment(now, self.clock_kind, self.max_age, self.calendar, language)
        objecting = self.opted_out.among(customer_ids)
        refused = [
            abstention("store_unavailable", language)
            if one in unread
            else self._abstention(row, moment, objects=one in objecting)
            for one, row in zip(customer_ids, rows, strict=True)
        ]
        told: dict[int, Answer] = {}
        for model, champion in self.champions.items():
            places = {i: row for i, row in enumerate(rows) if row and not refused[i] and row.model == model}
            for i, judged, source in self._judged(champion, places, top):
                score = told_of(champion, places[i], judged, moment, source)
                told[i] = Answer(score, places[i].vector, judged=judged)
        answers = [
            told.get(i)
            or Answer(self._silent(one, row, moment, refused[i]), row.vector if row and one not in objecting else None)
            for i, (one, row) in enumerate(zip(customer_ids, rows, strict=True))
        ]
        return self.beside(answers, language)

    def warm(self) -> None:
        """Answer once with every champion, so that everything is compiled before the first customer comes."""
        for champion in self.champions.values():
            champion.trees.warm()  # eight rows together have a kernel of their own
            bundle = champion.bundle
            vector = np.full(len(bundle.features), np.nan)
            now = self.clock.now()
            row = OnlineRow("nobody", vector, "active", bundle.model, now, now, bundle.feature_set_hash)
            self.score([row.customer_id], [row], language="en", top=1)

    def _abstention(self, row: OnlineRow | None, moment: Moment, *, objects: bool) -> Abstention | None:
        """Why there is no number for this row; None where there is one."""
        if row is None:
            return abstention("unknown_customer", moment.language)
        if objects:
            return abstention("opted_out", moment.language)
        if row.model is None:
            return abstention("no_qualifying_event" if row.stage == "prospect" else "not_eligible", moment.language)
        champion = self.champions.get(row.model)
        if champion is None:
            return abstention("no_model_for_stage", moment.language, model=row.model)
        return self._of_model(champion, row, moment)

    def _of_model(self, champion: Champion, row: OnlineRow, moment: Moment) -> Abstention | None:
        """Why this champion has no number for this row; None where it has one."""
        bundle, language = champion.bundle, moment.language
        if champion.version in self.stopped:
            return abstention("model_stopped", language, version=champion.version)
        if (row.feature_set_hash, len(row.vector)) != (bundle.feature_set_hash, len(bundle.features)):
            return abstention("feature_set_changed", language, version=champion.version)
        if row.as_of - moment.now > SKEW:
            ahead = (row.as_of - moment.now).total_seconds() / 60
            return abstention("clock_skew", language, minutes=f"{ahead:.0f}")
        if moment.now - row.as_of > self.max_age:
            return abstention("stale_features", language, hours=f"{self.max_age.total_seconds() / HOUR_S:g}")
        return None

    def _judged(
        self, champion: Champion, places: Mapping[int, OnlineRow], top: int
    ) -> Iterator[tuple[int, Judged, Source]]:
        """What a champion says of rows that are its to judge, and when it said so; by their places."""
        asked = dict(places)
        for i, row in places.items() if self.nightly else ():
            judged = nightly.kept(champion, row, self.calendar, top)
            if judged is not None:
                del asked[i]
                yield i, judged, "nightly"
        for i, judged in zip(asked, judge(champion, [*asked.values()], self.calendar, top), strict=True):
            yield i, judged, "fresh"

    def _silent(self, customer_id: str, row: OnlineRow | None, moment: Moment, why: Abstention | None) -> Score:
        return Score(
            **self._facts(customer_id, row, moment),
            model=row.model if row else None,
            abstention=why,
            definition_id=self.definition_id,
        )

    def _facts(self, customer_id: str, row: OnlineRow | None, moment: Moment) -> dict[str, Any]:
        """What an answer says that has no number."""
        told: dict[str, Any] = {"score_id": os.urandom(16).hex(), "customer_id": customer_id}
        facts = told | {"scored_at": moment.now, "clock": self.clock_kind}
        if row is None:
            return facts
        return facts | {
            "stage": row.stage,
            "features_as_of": row.as_of,
            "features_age_hours": hours(moment.now - row.as_of),
            "known_at": row.known_at,
            "feature_set_hash": row.feature_set_hash,
            **stated_beside(row, moment.language, self.calendar),
        }


def _date(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
