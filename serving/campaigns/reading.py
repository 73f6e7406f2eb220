"""What lies in the folder of a campaign, as the service tells it. Start reading at `Shelf`."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from features import parquet
from features.campaigns_listed import Campaign, listed
from features.treatments import FOLDER, is_id
from serving.campaigns.schemas import CampaignDetail, CampaignInfo, Contact
from serving.refusals import Refusal

PLAN, EXPORTS, EFFECT, LISTED = "manifest.json", "exports.json", "effect.json", "listed.parquet"


class UnknownCampaign(Refusal):
    """A campaign that nobody planned."""

    status = 404

    def __init__(self, campaign: str) -> None:
        super().__init__(
            f"There is no campaign {campaign[:64]!r}.",
            mend="`GET /v1/campaigns` lists them; `churn campaign plan` plans one.",
        )


class NotExported(Refusal):
    """The lists of a campaign were not written yet."""

    status = 409

    def __init__(self, campaign: str) -> None:
        super().__init__(
            f"The lists of {campaign!r} were not written yet.",
            mend=f"run `churn campaign export --id {campaign}`: it leaves out who opted out since it was planned.",
        )


class BrokenCampaign(Refusal):
    """A file of a campaign cannot be read."""

    status = 503

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path.parent.name}/{path.name} cannot be read.", mend="put it back from a backup.")


class Shelf:
    """The campaigns of a business.

    Args:
        folder: its artifacts.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def every(self, now: datetime) -> list[CampaignInfo]:
        """All of them.

        Raises:
            BrokenTreatments, BrokenCampaign: a file of them cannot be read.
        """
        return [CampaignInfo(**self._short(one, now)) for one in listed(self._folder)]

    def one(self, campaign: str, now: datetime) -> CampaignDetail:
        """One of them.

        Raises:
            UnknownCampaign: nobody planned it. BrokenTreatments, BrokenCampaign: a file of it cannot be read.
        """
        for found in listed(self._folder, self._known(campaign)):
            told = {"plan": self._read(campaign, PLAN), "exports": self._read(campaign, EXPORTS) or []}
            return CampaignDetail(**self._short(found, now), **told, effects=self._read(campaign, EFFECT) or [])
        raise UnknownCampaign(campaign)

    def contacts(self, campaign: str, language: str, *, channel: str | None, after: str, limit: int) -> list[Contact]:
        """Whom to contact, by customer_id, as its lists were written last.

        Args:
            campaign: its id.
            language: en or zh.
            channel: by this way alone.
            after: customers after this id alone.
            limit: at most so many.

        Raises:
            UnknownCampaign: nobody planned it. NotExported: no list was written. BrokenCampaign: it is broken.
        """
        path = self._folder / FOLDER / self._known(campaign) / LISTED
        if not path.exists():
            raise NotExported(campaign)
        filters = [("customer_id", ">", after), *([("channel", "=", channel)] if channel else [])]
        try:
            rows = parquet.read_table(path, filters=filters).sort_by("customer_id").slice(0, limit).to_pylist()
        except (OSError, ValueError) as error:  # Arrow's are one or the other
            raise BrokenCampaign(path) from error
        return [_contact(row, "_zh" if language == "zh" else "") for row in rows]

    def _known(self, campaign: str) -> str:
        if not is_id(campaign) or not (self._folder / FOLDER / campaign).is_dir():
            raise UnknownCampaign(campaign)
        return campaign

    def _short(self, one: Campaign, now: datetime) -> dict[str, Any]:
        exports, effects = (self._read(one.campaign, name) or [] for name in (EXPORTS, EFFECT))
        return {
            "campaign": one.campaign, "actions": list(one.actions), "owners": list(one.owners),
            "planned_at": one.planned_at, "due": one.due, "window_end": one.window_end, "is_over": one.is_over(now),
            "planned": one.planned, "treated": one.treated, "held_out": one.held_out,
            "exported_at": exports[-1]["at"] if exports else None, "causal": effects[-1]["causal"] if effects else None,
        }  # fmt: skip

    def _read(self, campaign: str, name: str) -> Any:  # what JSON holds
        path = self._folder / FOLDER / campaign / name
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise BrokenCampaign(path) from error


def _contact(row: dict[str, Any], language: str) -> Contact:
    why, text = (row[f"{name}{language}"] or row[name] or row[f"{name}_zh"] for name in ("why", "text"))
    return Contact(
        customer_id=row["customer_id"], action=row["action"], channel=row["channel"], text=text, why=why or None,
        due=row["due"] or None, owner=row["owner"] or None,
    )  # fmt: skip
