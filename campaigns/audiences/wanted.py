"""Who is asked for: those to win back, those to leave alone, the best, a segment, those whom a campaign treats.

    win_back         lapsed customers, by a chance to come back if one is asked for
    exclude_loyal    customers of `[audiences] exclude_stages`, to whom no advertisement is to be shown
    seed             the best by value, for a platform to find people alike
    segment:<name>   members of a saved segment
    campaign:<id>    those whom a campaign treats; those whom chance keeps out of it stay out

Start reading at `wanted`.
"""

from dataclasses import dataclass
from typing import Final

from churn.errors import SettingsError

WIN_BACK, EXCLUDE_LOYAL, SEED, SEGMENT, CAMPAIGN = "win_back", "exclude_loyal", "seed", "segment", "campaign"
ALONE: Final = (WIN_BACK, EXCLUDE_LOYAL, SEED)
NAMED: Final = (SEGMENT, CAMPAIGN)


class UnknownAudience(SettingsError):
    """There is no such kind of audience."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"There is no audience {text!r}.",
            mend=f"name one of {', '.join(ALONE)}, or {SEGMENT}:<name> or {CAMPAIGN}:<id>.",
        )


class OptionOfAnother(SettingsError):
    """An option was given that this kind of audience has no use for."""

    def __init__(self, option: str, kind: str, of: str) -> None:
        super().__init__(f"{option} says nothing of the audience {kind}.", mend=f"leave it out, or ask for {of}.")


@dataclass(frozen=True)
class Wanted:
    """Who is asked for.

    Args:
        kind: of audience.
        name: of the segment or campaign.
        top: how many of the best; all whose value tier is high where None.
        min_probability: of coming back within the horizon, in [0, 1]; any where None.
    """

    kind: str
    name: str | None = None
    top: int | None = None
    min_probability: float | None = None

    @property
    def shows_ads(self) -> bool:
        """Whether those on the list are to be shown advertisements, so that it is a contact."""
        return self.kind in (WIN_BACK, *NAMED)

    @property
    def text(self) -> str:
        """As it was asked for."""
        return self.kind if self.name is None else f"{self.kind}:{self.name}"


def wanted(text: str, *, top: int | None = None, min_probability: float | None = None) -> Wanted:
    """What was asked for, checked.

    Args:
        text: a kind, with a name after a colon for a segment or a campaign.
        top: for a seed.
        min_probability: for those to win back.

    Raises:
        UnknownAudience: there is no such kind. OptionOfAnother: an option is another kind's.
    """
    kind, colon, name = text.partition(":")
    if (kind not in NAMED or not name) if colon else kind not in ALONE:
        raise UnknownAudience(text)
    if top is not None and kind != SEED:
        raise OptionOfAnother("--top", text, SEED)
    if min_probability is not None and kind != WIN_BACK:
        raise OptionOfAnother("--min-probability", text, WIN_BACK)
    return Wanted(kind, name or None, top, min_probability)
