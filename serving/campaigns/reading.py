"""What lies in the folder of a campaign, as the service tells it.

A campaign's treatments may be of everybody: they are read once, and again when their file was replaced. Start reading
at `Shelf`.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from features import parquet
from features.campaigns_listed import Campaign, listed
from features.treatments import FILE, FOLDER, is_id
from serving.campaigns.schemas import CampaignDetail, CampaignInfo, Contact, Told
from serving.refusals import Refusal

Stamp = tuple[int, int, int]
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


class WindowOver(Refusal):
    """A campaign's effect is measured up to an instant that is over."""

    status = 409

    def __init__(self, campaign: str) -> None:
        super().__init__(
            f"The measurement window of {campaign!r} is over.",
            mend="contact nobody by it any more: they would count as contacted then; plan a new campaign.",
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
        self._held: dict[str, tuple[Stamp, list[Campaign]]] = {}

    def every(self, now: datetime) -> list[CampaignInfo]:
        """All of them.

        Raises:
            BrokenTreatments, BrokenCampaign: a file of them cannot be read.
        """
        ids = sorted(path.parent.name for path in (self._folder / FOLDER).glob(f"*/{FILE}"))
        found = [one for name in ids if is_id(name) for one in self._listed(name)]
        return [CampaignInfo(**self._short(one, now)) for one in sorted(found, key=lambda one: one.planned_at)]

    def one(self, campaign: str, now: datetime) -> CampaignDetail:
        """One of them.

        Raises:
            UnknownCampaign: nobody planned it. BrokenTreatments, BrokenCampaign: a file of it cannot be read.
        """
        for found in self._listed(self._known(campaign)):
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

    def exported_at(self, campaign: str, now: datetime) -> str | None:
        """When the lists of a campaign were written last; None where that was not noted.

        Raises:
            UnknownCampaign: nobody planned it. WindowOver: its effect is measured, who is contacted now comes too late.
            BrokenCampaign: what was noted cannot be read.
        """
        if any(one.is_over(now) for one in self._listed(self._known(campaign))):
            raise WindowOver(campaign)
        exports = self._read(campaign, EXPORTS) or []
        return str(exports[-1]["at"]) if exports else None

    def _listed(self, campaign: str) -> list[Campaign]:
        """A campaign; none where its file is gone, or holds nobody."""
        try:
            stat = (self._folder / FOLDER / campaign / FILE).stat()
        except FileNotFoundError:
            self._held.pop(campaign, None)
            return []
        stamp = stat.st_mtime_ns, stat.st_size, stat.st_ino
        held = self._held.get(campaign)
        if held is None or held[0] != stamp:
            held = self._held[campaign] = stamp, listed(self._folder, campaign)
        return held[1]

    def _known(self, campaign: str) -> str:
        if not is_id(campaign) or not (self._folder / FOLDER / campaign).is_dir():
            raise UnknownCampaign(campaign)
        return campaign

    def _short(self, one: Campaign, now: datetime) -> dict[str, Any]:
        plan = self._read(one.campaign, PLAN)
        exports, effects = (self._read(one.campaign, name) or [] for name in (EXPORTS, EFFECT))
        last = effects[-1] if effects else {}
        return {
            "campaign": one.campaign, "actions": list(one.actions), "owners": list(one.owners),
            "planned_at": one.planned_at, "due": one.due, "window_end": one.window_end, "is_over": one.is_over(now),
            "planned": one.planned, "treated": one.treated, "held_out": one.held_out,
            "exported_at": exports[-1]["at"] if exports else None, "causal": last.get("causal"),
            "expected_profit": _expected((plan or {}).get("totals", {})), "retained": _figure(last.get("retained")),
        }  # fmt: skip

    def _read(self, campaign: str, name: str) -> Any:  # what JSON holds
        path = self._folder / FOLDER / campaign / name
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise BrokenCampaign(path) from error


def _expected(totals: dict[str, Any]) -> Told | None:
    names = ("expected_profit_amount", "expected_profit_low", "expected_profit_high")
    return Told(*(totals[name] for name in names)) if all(totals.get(name) is not None for name in names) else None


def _figure(told: dict[str, Any] | None) -> Told | None:
    return None if told is None else Told(told["value"], told["low"], told["high"])


def _contact(row: dict[str, Any], language: str) -> Contact:
    why, text = (row[f"{name}{language}"] or row[name] or row[f"{name}_zh"] for name in ("why", "text"))
    return Contact(
        customer_id=row["customer_id"], action=row["action"], channel=row["channel"], text=text, why=why or None,
        due=row["due"] or None, due_day=row["due"] or None, owner=row["owner"] or None,
    )  # fmt: skip
