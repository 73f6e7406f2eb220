"""What goes over the wire when an answer of the past is asked for: what was told, what is made of it, what changed.

Knows no model and no file. Start reading at `Replay`.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from serving.schemas import Score


class Input(msgspec.Struct, frozen=True):
    """What became of one thing that an answer was made from."""

    state: Annotated[str, Meta(description="As it was, or what became of it; docs/replay.md has the states.")]
    problem: Annotated[str | None, Meta(description="What is wrong; null where nothing is.")] = None
    names: Annotated[list[str], Meta(description="Files of the model, or features, that are not as they were.")] = []


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """All that an answer was made from."""

    line: Annotated[Input, Meta(description="What the score log holds: `as_written`, `altered`, `unsealed`.")]
    model: Annotated[Input, Meta(description="`as_archived`, `altered`, `missing`, `not_asked`.")]
    definition: Annotated[Input, Meta(description="`as_then`, `changed_since`, `altered`, `unknown`, `not_asked`.")]
    features: Annotated[Input, Meta(description="`as_known_then`, `altered`, `cannot_be_made_again`, `not_asked`.")]


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of the past beside what is made of its inputs today."""

    score_id: Annotated[str, Meta(description="Of the answer that was given then.")]
    equal: Annotated[bool, Meta(description="Made again from archive and event log, and the same bit by bit.")]
    differs: Annotated[list[str], Meta(description="Columns of SCORES in which both differ.")]
    replayed: Annotated[Score | None, Meta(description="The answer made again; null where no model is left.")]
    told: Annotated[dict[str, Any] | None, Meta(description="The row of SCORES that was logged then, but its vector.")]
    inputs: Inputs
