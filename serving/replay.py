"""An answer of the past, made again: the archived model on the features as they were known then, held to what was told.

    score id -> its line -> model of the archive, features from the event log at (cutoff, known_at) -> the same answer?

Nothing is believed: the model is held to its hash, the line to its seal, the logged vector to what the log gives. What
is not as it was is named, so that an unequal answer says where to look. Knows no server. Start reading at `replay`.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import structs

from churn.bundle import FloatArray
from churn.clock import StoppedClock
from churn.errors import ChurnError
from churn.settings import Settings
from churn.tables import INSTANT, SCORES
from features.online import OnlineRow, canonical
from serving.abstentions import ABSTENTIONS, abstention
from serving.archived import NOT_ASKED, Learned, Model, model_of, nobody_of, row_again
from serving.judged import hours
from serving.replay_schemas import Input, Inputs, Replay
from serving.replay_told import Told, instant, maybe, told_by
from serving.schemas import Abstention, Score, WireAction
from serving.score_index import recall
from serving.scorer import Answer, Scorer
from serving.seal import ALTERED, AS_WRITTEN, UNSEALED, Seal
from serving.tables.beside import Tables

OTHER_RULES = Input("changed_since", "[stages] has other rules now; those beside the archived model were used")
OF_THE_ROW = ("no_qualifying_event", "not_eligible")  # what a row alone says: no model need be asked to say it again
FACTS = {
    "en": {"version": "the champion of then", "hours": "the allowed", "minutes": "some"},
    "zh": {"version": "当时的冠军版本", "hours": "允许的", "minutes": "若干"},
}
ADVISED = ("action", "action_text", "action_why", "action_due")  # of a line: a table said it, no model
NOT_HELD = ("score_id", "vector", *ADVISED)  # the vector is held by itself, the others are given back as they were told


def replay(settings: Settings, score_id: str, *, language: str, top: int) -> Replay:
    """Make an answer of the past again and say whether it is the same.

    Args:
        settings: of the business.
        score_id: as the answer named itself.
        language: of the reasons, en or zh.
        top: at most so many reasons.

    Raises:
        UnknownScore: nobody gave it. Erased: whom it spoke of was forgotten.
    """
    recalled = recall(settings.folder, score_id)
    sealed = UNSEALED if recalled.line is None else Seal.of(settings).state(recalled.line)
    try:
        told = told_by(recalled)
    except (KeyError, TypeError, ValueError, msgspec.ValidationError):
        return _unreadable(score_id)
    is_silent = told.row.get("model_hash") is None
    if told.vector is None or (is_silent and told.row.get("abstention") not in OF_THE_ROW):
        return _silent(settings, told, sealed, language)
    model = nobody_of(settings, told.row) if is_silent else model_of(settings, told.row)
    return _held(settings, told, model, sealed, language, top)


def _held(settings: Settings, told: Told, model: Model, sealed: str, language: str, top: int) -> Replay:
    """The answer made again twice: from the features that the log gives, and from those that were logged."""
    assert told.vector is not None
    again, why, definition = _row_again(settings, told, model)
    of_log = _answer(settings, told, model, again or told.online(told.vector), language, top)
    of_line = of_log if again is None else _answer(settings, told, model, told.online(told.vector), language, top)
    differs = [] if of_log is None else _differs(told.row, of_log.log_row())
    names = [] if again is None else _moved(model.learned, again.vector, told.vector)
    line = _line(sealed, told, of_line, of_log, bool(names))
    made = "nothing was made again" if of_log is None else "the answer was made again from the logged vector"
    features = _features(again, f"{why}; {made}", names, line, bool(differs))
    inputs = Inputs(line=line, model=model.state, definition=definition, features=features)
    whole = line.state in (AS_WRITTEN, UNSEALED) and features.state == "as_known_then" and not names
    score = None if of_log is None else _as_told(settings, told, of_log.score, language)
    return Replay(
        score_id=told.row["score_id"], equal=score is not None and whole and not differs, differs=differs,
        replayed=score, told=told.public(), inputs=inputs,
    )  # fmt: skip


def _as_told(settings: Settings, told: Told, score: Score, language: str) -> Score:
    """An answer made again, under its own id and with the action that was advised: a table said it, no model."""
    score = structs.replace(score, score_id=told.row["score_id"])
    code, text, why, due = (told.row.get(name) for name in ADVISED)
    action = None if code is None else WireAction(code, text or code, why, maybe(due))  # once the code alone was kept
    return Tables(settings.folder, calendar=settings.lifecycle.calendar).again(score, action, language)


def _row_again(settings: Settings, told: Told, model: Model) -> tuple[OnlineRow | None, str | None, Input]:
    """The row from the event log as it was known then, or None and why not; and what became of the definition."""
    if model.learned is None:
        return None, "what its features were made of is not known any more", model.definition
    when = instant(told.row["cutoff"]), instant(told.row["known_at"])
    try:
        row, by_other = row_again(settings, model.learned, told.row["customer_id"], when, str(told.row.get("stage")))
    except ChurnError as error:
        return None, error.problem, model.definition
    why = None if row else "the event log has no event of this customer that was known then"
    return row, why, OTHER_RULES if by_other and model.definition.state == "as_then" else model.definition


def _answer(settings: Settings, told: Told, model: Model, row: OnlineRow, language: str, top: int) -> Answer | None:
    """What the archived model says of a row at the instant of the answer; None without that model."""
    if model.champion is None and model.state.state != NOT_ASKED:
        return None
    now, valid = instant(told.row["scored_at"]), maybe(told.row.get("valid_until"))
    judge = Scorer(
        champions={} if model.champion is None else {model.champion.bundle.model: model.champion},
        clock=StoppedClock(now),
        clock_kind=settings.business.clock,
        max_age=timedelta(days=36500) if valid is None else valid - instant(told.row["cutoff"]),
        definition_id=told.row["definition_id"],
        calendar=model.learned.lifecycle.calendar if model.learned else settings.lifecycle.calendar,
    )
    (answer,) = judge.score([row.customer_id], [row], language=language, top=top)
    return answer


def _line(sealed: str, told: Told, of_line: Answer | None, of_log: Answer | None, has_moved: bool) -> Input:
    """Whether the line is what was written: by its seal or, where it has none, by its own model and the log."""
    if sealed == AS_WRITTEN:
        return Input(AS_WRITTEN)
    if sealed == ALTERED:
        return Input(ALTERED, "its seal does not fit: the line is not what was written")
    if of_line is not None and _differs(told.row, of_line.log_row()):
        what = "vector" if has_moved and of_log and not _differs(told.row, of_log.log_row()) else "numbers"
        return Input(ALTERED, f"the archived model does not give its numbers on its own vector: its {what} changed")
    return Input(UNSEALED, "it has no seal (an older line, or one of `churn score --all`); its numbers fit its vector")


def _features(again: OnlineRow | None, why: str, names: Sequence[str], line: Input, differs: bool) -> Input:
    """Whether the event log still gives what was known then; a changed line is not the log's fault."""
    if again is None:
        return Input("cannot_be_made_again", why)
    if not names or (line.state == ALTERED and not differs):
        return Input("as_known_then")
    if line.state == ALTERED:
        return Input("altered", "the logged vector is not what the event log gives; the line was altered", list(names))
    return Input("altered", "the event log of today does not give the features that were known then", list(names))


def _moved(learned: Learned | None, again: FloatArray, logged: FloatArray) -> list[str]:
    """The features that differ, bit by bit."""
    assert learned is not None
    if again.shape != logged.shape:
        return ["number of features"]
    differ = canonical(again) != canonical(logged)
    return [name for name, moved in zip(learned.features.names, differ, strict=True) if moved]


def _differs(told: dict[str, Any], again: dict[str, Any]) -> list[str]:
    """The columns in which a line and an answer made again differ; what a line of before does not have is not held."""
    held = [column for column in SCORES if column.name not in NOT_HELD and column.name in told]
    return [one.name for one in held if _plain(one.dtype, told[one.name]) != _plain(one.dtype, again[one.name])]


def _plain(dtype: str, value: Any) -> Any:  # a text, a number, an instant or None
    return maybe(value) if dtype == INSTANT else value


def _silent(settings: Settings, told: Told, sealed: str, language: str) -> Replay:
    """An answer without a number: it is told again, there is nothing to make."""
    row, code = told.row, str(told.row.get("abstention"))
    facts = {"model": str(row.get("model"))} | FACTS[language]
    known = abstention(code, language, **facts) if code in ABSTENTIONS else Abstention(code, code, "")
    asked, as_of, known_at = (maybe(row.get(name)) for name in ("scored_at", "cutoff", "known_at"))
    assert asked is not None
    score = Score(
        score_id=row["score_id"], customer_id=row["customer_id"], scored_at=asked, clock=settings.business.clock,
        stage=row.get("stage"), model=row.get("model"), features_as_of=as_of, known_at=known_at,
        features_age_hours=None if as_of is None else hours(asked - as_of),
        definition_id=row["definition_id"], feature_set_hash=row.get("feature_set_hash"), abstention=known,
    )  # fmt: skip
    not_asked = Input(NOT_ASKED)
    line = Input(sealed, None if sealed == AS_WRITTEN else "its seal does not fit" if sealed == ALTERED else "no seal")
    inputs = Inputs(line=line, model=not_asked, definition=not_asked, features=not_asked)
    equal = sealed == AS_WRITTEN  # an abstention has nothing to be made of: what stands there is what was told
    return Replay(
        score_id=row["score_id"], equal=equal, differs=[], told=told.public(), inputs=inputs,
        replayed=_as_told(settings, told, score, language),
    )  # fmt: skip


def _unreadable(score_id: str) -> Replay:
    """An answer whose line is none any more."""
    line, unknown = Input(ALTERED, "it cannot be read any more"), Input(NOT_ASKED)
    inputs = Inputs(line=line, model=unknown, definition=unknown, features=unknown)
    return Replay(score_id=score_id, equal=False, differs=[], replayed=None, told=None, inputs=inputs)
