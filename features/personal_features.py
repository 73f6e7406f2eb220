"""No feature is a detail of a person: the second door, for logs written before the first one stood.

Ingest and live events refuse such attributes; this holds the catalogue to it by name. Start reading at
`refuse_personal_features`.
"""

from collections.abc import Collection, Iterable

from churn.errors import DataError
from features.mapping import PROFILE
from features.personal_words import KINDS, personal_by_name


class PersonalFeature(DataError):
    """A feature is named like a detail of a person."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(
            f"The feature {name!r} is named like {KINDS[kind][0]} of a person.",
            mend="leave the attribute out of its [[source]] and run `churn ingest` again, or name a feature of "
            f'[features] own otherwise; if it is none, say so: [ingest] allow_personal = ["source.{name}"].',
        )


def refuse_personal_features(kinds: Iterable[str], own: Iterable[str], allowed: Collection[str]) -> None:
    """Refuse attributes of profiles, and features of one's own, that are named like details of people.

    Args:
        kinds: kinds of event in the log.
        own: names of features that the settings ask for.
        allowed: `[ingest] allow_personal`; what stands behind the last dot is allowed.

    Raises:
        PersonalFeature: one is.
    """
    free = {one.rpartition(".")[2] for one in allowed}
    attributes = (kind.removeprefix(PROFILE) for kind in kinds if kind.startswith(PROFILE))
    for name in (*attributes, *own):
        if name not in free and (kind := personal_by_name(name)):
            raise PersonalFeature(name, kind)
