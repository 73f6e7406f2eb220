"""A model out of the archive and what its features were made of, for who makes an answer of the past again.

    the line's model_hash --> models/<hash>/ --held to it--> Champion;  archived.json --> Learned --> the row of then

Where the archive does not say what the features were made of, the model's snapshot is asked. Start reading at
`model_of`, then `row_again`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from churn.calendar import Calendar
from churn.definition import ChurnDefinition, Lifecycle, StageRules
from churn.errors import ChurnError
from churn.settings import Settings
from features.catalogue import remade
from features.feature_set import FeatureSet
from features.log import read_log_manifest
from features.one_customer import history_of
from features.online import OnlineRow
from features.replay import replayed
from serving import archive
from serving.archive import Archived
from serving.champion import Champion, read_champion
from serving.replay_schemas import Input

NOT_ASKED = "not_asked"
KEPT = 2  # models that stay in memory: who asks for one answer of a model asks for more


@dataclass(frozen=True)
class Learned:
    """What a model's features were made of: the set itself, and what churn meant.

    Args:
        features: that it learned from.
        lifecycle: with the definition of then.
        other: the same with other rules of stages, which may have held when the answer was given: no line names them.
    """

    features: FeatureSet
    lifecycle: Lifecycle
    other: Lifecycle | None = None


@dataclass(frozen=True)
class Model:
    """A model of the archive, as far as it can be asked, and what became of it."""

    champion: Champion | None
    learned: Learned | None
    state: Input
    definition: Input


def model_of(settings: Settings, row: Mapping[str, Any]) -> Model:
    """The model that gave an answer.

    Args:
        settings: of the business.
        row: the answer, a row of SCORES with a number.
    """
    held = archive.look(settings.folder, row["model_hash"])
    if held is None:
        why = "the archive does not hold it: it was pruned ([retention] models_days), or served before there was one"
        return Model(None, None, Input("missing", why), Input("unknown", "the archive of its model would say it"))
    learned, definition = _learned(settings, held, row)
    if held.altered:
        why = "what lies in the archive is not the model that answered"
        return Model(None, learned, Input("altered", why, list(held.altered)), definition)
    try:
        exact = settings.serving.exact_reasons
        champion = _read(held.folder, str(row["model_version"]), str(row["model_hash"]), exact=exact)
    except ChurnError as error:
        return Model(None, learned, Input("altered", error.problem), definition)
    return Model(champion, learned, Input("as_archived"), definition)


def nobody_of(settings: Settings, row: Mapping[str, Any]) -> Model:
    """What takes the place of a model where none is asked about a customer: only what features were made of.

    Args:
        settings: of the business.
        row: the answer, a row of SCORES without a number.
    """
    why = "no model of the archive knows these features, or what was noted of them changed"
    for held in archive.every(settings.folder):
        told = held.learned
        if told and told["feature_set"].get("hash") == row["feature_set_hash"]:
            meant = _lifecycle(told.get("lifecycle"))  # held to the features' hash: the answer names that of its hour
            then = row["definition_id"] if meant is None else meant.definition.id
            learned, definition = _learned(settings, held, {**row, "definition_id": then})
            if learned is not None:
                return Model(None, learned, Input(NOT_ASKED), definition)
    return Model(None, None, Input(NOT_ASKED), Input("unknown", why))


def row_again(
    settings: Settings, learned: Learned, customer_id: str, when: tuple[datetime, datetime], stage: str
) -> tuple[OnlineRow | None, bool]:
    """The row that the event log of today gives for a customer as of an instant, knowing what was known at another.

    Args:
        settings: of the business.
        learned: which features, and what churn meant.
        customer_id: whose.
        when: the cutoff, and the instant before which something must have reached us to count.
        stage: as it was told; where some rules do not give it, others may.

    Returns:
        None where they had no event by then; and whether other rules gave the stage.

    Raises:
        NoLog, BrokenLog, InboxUnavailable, LogBehind: the log cannot be read.
    """
    events = history_of(settings, customer_id, learned.lifecycle)
    key, tells = (customer_id, when), read_log_manifest(settings.folder).solutions > 0
    again = partial(replayed, [key], events, learned.features, tells_solutions=tells)
    row = again(learned.lifecycle).get(key)
    if row is not None and row.stage != stage and learned.other is not None:
        before = again(learned.other).get(key)
        if before is not None and before.stage == stage:
            return before, True
    return row, False


@lru_cache(maxsize=KEPT)
def _read(folder: Path, version: str, model_hash: str, *, exact: bool) -> Champion:
    return read_champion(folder, version=version, model_hash=model_hash, exact=exact)


def _learned(settings: Settings, held: Archived, row: Mapping[str, Any]) -> tuple[Learned | None, Input]:
    """What the features were made of and what churn meant then, which need not be what it means today."""
    told, today, then = held.learned or archive.learned_of(settings, held), settings.lifecycle, row["definition_id"]
    if told is None:
        lost = "neither the archive nor a snapshot says what its features were made of"
        return None, Input("unknown", lost)
    lifecycle = _lifecycle(told.get("lifecycle"))
    if lifecycle is None or lifecycle.definition.id != then:
        why = "the definition in the archive is not the one that the answer names"
        return None, Input("altered", why, [archive.NOTE])
    same = today.definition.id == then and today.calendar.timezone == lifecycle.calendar.timezone
    rules = (today.rules, lifecycle.rules) if same else (lifecycle.rules, today.rules)
    lifecycle, other = (replace(lifecycle, rules=one, words=today.words) for one in rules)
    features = remade(told["feature_set"], lifecycle)
    if features is None or features.hash != row["feature_set_hash"]:
        return None, Input("as_then" if same else "changed_since")
    why = "[definition] or the time zone is another one today; the archived one was used"
    learned = Learned(features, lifecycle, None if other == lifecycle else other)
    return learned, Input("as_then") if same else Input("changed_since", why)


def _lifecycle(told: Any) -> Lifecycle | None:  # of a manifest
    try:
        return Lifecycle(
            ChurnDefinition(**told["definition"]), StageRules(**told["stages"]), Calendar(told["timezone"])
        )
    except (ValidationError, ChurnError, KeyError, TypeError):
        return None
