"""`churn campaign list`: what was planned for whom, and when its effect can be told."""

import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn.calendar import Calendar
from churn.settings import Settings
from cli.campaign_turns import choosing
from cli.outcome import Outcome
from cli.written import writing_to

if TYPE_CHECKING:
    from features.campaigns_listed import Campaign


def listed(settings: Settings) -> Outcome:
    """Every campaign of the business."""
    from features import campaigns_listed as room
    from serving.now import clock_of

    now, calendar = clock_of(settings).now(), Calendar(settings.business.timezone)
    found = room.listed(settings.folder)
    as_json = [
        {name: _plain(value) for name, value in asdict(one).items()} | {"is_over": one.is_over(now)} for one in found
    ]
    lines = [_line(one, now, calendar) for one in found]
    return Outcome(
        "\n".join(lines or ["No campaign was planned yet: `churn campaign plan --id NAME` plans one."]), as_json
    )


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _line(one: "Campaign", now: datetime, calendar: Calendar) -> str:
    done = f"{calendar.day_of(one.window_end):%Y-%m-%d}"
    told = (
        f"over since {done}: `churn campaign effect --id {one.campaign}`" if one.is_over(now) else f"open until {done}"
    )
    owners = ", ".join(one.owners) or "nobody in charge"
    owners += f" ({one.unowned:,} of nobody)" if one.owners and one.unowned else ""
    return (
        f"{one.campaign}: planned {calendar.day_of(one.planned_at):%Y-%m-%d}, {one.treated:,} to contact, "
        f"{one.held_out:,} held out; {', '.join(one.actions)}; {owners}; {told}"
    )


def export(settings: Settings, campaign: str, out: Path | None) -> Outcome:
    """Write the lists of a campaign."""
    from campaigns.ledger import export as room
    from campaigns.suppress import WORDS
    from serving.now import clock_of

    with choosing(settings.folder, "churn campaign export"), writing_to(out):
        found = room.export(settings, campaign, clock_of(settings).now(), os.environ, out=out)
    folder = out or settings.folder / "campaigns" / campaign
    lines = [f"{one['rows']:,} customers in {folder / name}" for name, one in found.files.items()]
    lines += [f"{count:,} left out: {WORDS.get(code, (code,))[0]}" for code, count in found.left_out.items()]
    return Outcome("\n".join(lines or ["Nobody is to be contacted."]), asdict(found))


def cancel(settings: Settings, campaign: str) -> Outcome:
    """Take back a plan that was never exported."""
    from campaigns.ledger import cancelling as room
    from serving.now import clock_of

    with choosing(settings.folder, "churn campaign cancel"):
        found = room.cancel(settings, campaign, clock_of(settings).now())
    en = (
        f"{campaign} is cancelled: {found.treated:,} count as contacted by it no more, {found.held_out:,} as held out. "
        "Its plan and its reasons are gone, and the id is free."
    )
    zh = (
        f"已取消 {campaign}：{found.treated:,} 人不再计为已触达，{found.held_out:,} 人不再计为对照组。"
        "计划及其理由已删除，该编号可再用。"
    )
    return Outcome(zh if settings.business.language == "zh" else en, asdict(found))


def bring_in(
    settings: Settings, path: Path, window_days: int, columns: list[str] | None, *, allow_unknown: bool
) -> Outcome:
    """Bring in campaigns of before."""
    from campaigns.ledger import importing as room
    from serving.now import clock_of

    pairs = [one.partition("=") for one in columns or ()]
    if wrong := [name for name, _, theirs in pairs if not theirs]:
        raise room.WrongMapping(f"--column {wrong[0]} does not say what it is called in the file")
    with choosing(settings.folder, "churn campaign import"):
        done = room.bring_in(
            settings, path, window_days=window_days, now=clock_of(settings).now(),
            columns={name: theirs for name, _, theirs in pairs}, allow_unknown=allow_unknown,
        )  # fmt: skip
    counts = {
        name: {"treated": int(rows["is_treated"].sum()), "held_out": int((~rows["is_treated"]).sum())}
        for name, rows in done.campaigns.items()
    }
    lines = [f"{name}: {one['treated']:,} treated, {one['held_out']:,} held out" for name, one in counts.items()]
    lines += [f"{done.forgotten:,} rows left out: of customers who were forgotten"] if done.forgotten else []
    total = done.forgotten + sum(map(len, done.campaigns.values()))
    told = f"{done.unknown:,} rows ({done.unknown / max(total, 1):.1%}) are of customers whom the log does not know"
    return Outcome(
        "\n".join([*lines, *([f"{told}: they count as having done nothing"] if done.unknown else [])]), counts
    )


def effect(settings: Settings, campaign: str | None) -> Outcome:
    """What a campaign did, or all whose window is over, and all contact together."""
    from campaigns.ledger import closing, told
    from campaigns.ledger import effect as room
    from campaigns.ledger.effect_page import effect_page
    from features import campaigns_listed as every
    from features.atomic import write_text
    from features.parts import log_parts
    from serving.now import clock_of

    now, parts = clock_of(settings).now(), log_parts(settings.folder)
    wanted = [campaign] if campaign else [one.campaign for one in every.listed(settings.folder) if one.is_over(now)]
    lines: list[str] = []
    as_json: dict[str, Any] = {}
    for found in room.effects_of(settings, parts, wanted, now):
        as_json[found.campaign] = closing.closed(settings.folder, found, now)[-1]
        page = closing.effect_file(settings.folder, found.campaign).with_suffix(".html")
        write_text(page, effect_page(found, settings, now))
        say = told.sentences(found, settings.business.currency, settings.business.language)
        lines += [found.campaign, *(f"  {line}" for line in say), f"  {page}"]
    if not campaign:
        lines += [] if wanted else ["No campaign's window is over yet: `churn campaign list`."]
        lines += _together(settings, as_json, now)
    return Outcome("\n".join(lines), as_json)


def _together(settings: Settings, as_json: dict[str, Any], now: datetime) -> list[str]:
    """All contact together, against those whom no campaign contacts."""
    from campaigns.ledger import told
    from campaigns.ledger.overall import overall
    from features import campaigns_listed as every
    from features.parts import log_parts

    first = min((one.planned_at for one in every.listed(settings.folder)), default=now)
    if (now - first).days < 1:
        return []
    found = overall(settings, log_parts(settings.folder), first, now)
    as_json["all_contact"] = told.overall_as_json(found)
    return told.overall_sentences(found, settings.business.currency, settings.business.language)
