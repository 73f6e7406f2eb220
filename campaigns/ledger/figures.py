"""What an action cost and earned by the figures it was planned with: those of the manifest, not those of today.

    campaigns/<campaign>/manifest.json --actions, margin_ratio--> Figures by action
    no manifest: brought in by `churn campaign import` --> those of the settings

A catalogue that is edited later must not rewrite what a campaign of before did. Start reading at `figures_of`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churn.action_sections import OFFERS
from churn.errors import DataError
from churn.settings import Settings
from features.treatments import MANIFEST, treatments_file


class BrokenPlan(DataError):
    """The manifest of a campaign does not tell what its actions cost."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} does not tell what the actions of its campaign cost.",
            mend="put it back from a backup; without it nobody knows the figures that the campaign was planned with.",
        )


@dataclass(frozen=True)
class Figures:
    """The money of an action; None where nobody said it.

    Args:
        contact_amount: of a contact. offer_amount: of an offer that is taken, 0 where nothing is given.
        margin_ratio: the share of what it sells that is margin.
    """

    contact_amount: float | None
    offer_amount: float | None
    margin_ratio: float | None

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of figures that nobody said."""
        return tuple(name for name, value in vars(self).items() if value is None)


def figures_of(settings: Settings, campaign: str) -> dict[str, Figures]:
    """The figures of every action that a campaign may have had, by code.

    Args:
        settings: whose; their figures are taken where the campaign has no manifest.
        campaign: its id.

    Raises:
        BrokenPlan: there is a manifest, and it cannot be read.
    """
    path = treatments_file(settings.folder, campaign).with_name(MANIFEST)
    if not path.exists():
        actions = [one.model_dump(mode="json") for one in settings.action]
        return {str(one["code"]): _figures(one, settings.value.margin_ratio) for one in actions}
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        margin = told.get("margin_ratio", settings.value.margin_ratio)  # manifests of before it was written lack it
        return {str(one["code"]): _figures(one, margin) for one in told["actions"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenPlan(path) from error


def _figures(action: dict[str, Any], margin: float | None) -> Figures:
    given = action["offer_amount"]
    if given is None and action["kind"] not in OFFERS:
        given = 0.0
    own = action["margin_ratio"]
    return Figures(action["contact_amount"], given, margin if own is None else own)
