"""`churn campaign segments`: who is in the saved segments, the RFM grid, and what changed."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn.calendar import Calendar
from churn.cells import harmless
from churn.settings import Settings
from cli.misnamed import DayToCome
from cli.outcome import Outcome
from cli.written import writing_to

MOST_CELLS = 10  # told on the console

if TYPE_CHECKING:
    from campaigns.segments.report import Report


def segments(
    settings: Settings,
    *,
    as_of: str | None,
    member: str | None,
    out: Path | None,
    with_drift: bool,
    with_grid: bool,
    with_outcomes: bool,
) -> Outcome:
    """Tell of segments, write report and page, and a list of members where one is asked for.

    Args:
        settings: whose.
        as_of: the day, YYYY-MM-DD; that of the rows of now where None.
        member: name of the segment whose members are listed.
        out: where to.
        with_drift: also what changed over months.
        with_grid: also the RFM grid.
        with_outcomes: also who left of each, and what they are worth.
    """
    from campaigns.segments.asking import asked_of
    from campaigns.segments.drift import drift_of
    from campaigns.segments.members import instant_of_now, members
    from campaigns.segments.outcomes import outcomes_of
    from campaigns.segments.report import Report, sizes_of, write
    from campaigns.segments.rfm import rfm_of
    from cli.opened import midnight_of
    from features.engines import engine_of
    from features.log import read_log_manifest
    from serving.now import clock_of

    instant = None if as_of is None else midnight_of(as_of, settings.lifecycle)
    if instant is not None and instant > (today := clock_of(settings).now()):
        raise DayToCome(str(as_of), today)
    if member is not None:
        return _list(settings, member, instant, out)
    now = instant_of_now(settings)
    asked = asked_of(settings, read_log_manifest(settings.folder))
    names = [one for one in asked.names if one not in asked.tiered or _has_tiers(settings, instant or now, now)]
    with engine_of(settings) as engine:
        found = members(settings, instant, names, engine=engine)
        grid = rfm_of(settings, instant, engine=engine) if with_grid else None
        drift = drift_of(settings, instant, engine=engine) if with_drift else None
        outcomes = outcomes_of(settings, found, instant, engine=engine) if with_outcomes else None
    report = Report(settings, instant or now, len(found), sizes_of(found), grid, drift, outcomes)
    path = write(report)
    return Outcome("\n".join([*_lines(report), f"Page: {path}"]), report.as_json())


def _has_tiers(settings: Settings, instant: Any, now: Any) -> bool:  # datetimes
    from campaigns.people import VALUES_FILE

    return instant == now and (settings.folder / VALUES_FILE).exists()


def _list(settings: Settings, name: str, instant: Any, out: Path | None) -> Outcome:  # a datetime or None
    """The members of one segment, to a file or as they are."""
    from campaigns.segments.members import members
    from features.atomic import write_text

    found = members(settings, instant, [name])
    ids = [str(one) for one in found.loc[found[name], "customer_id"]]
    if out is None:
        return Outcome("\n".join(ids), {"segment": name, "customer_ids": ids})
    with writing_to(out):
        write_text(out, "".join(f"{line}\n" for line in ("customer_id", *map(harmless, ids))))
    told = f"{len(ids):,} customers of {name} -> {out}. None of them may be contacted for that alone: plan a campaign."
    return Outcome(told, {"segment": name, "customers": len(ids), "out": str(out)})


def _lines(report: "Report") -> list[str]:
    told, calendar = report.as_json(), report.settings.lifecycle.calendar
    as_of = f"{report.as_of.astimezone(calendar.zone):%Y-%m-%d %H:%M}, {calendar.timezone}"
    lines = [f"As of {as_of}: {report.customers:,} customers."]
    for one in told["segments"]:
        share = "" if one["share"] is None else f", {one['share']:.1%} ({one['low']:.1%} to {one['high']:.1%})"
        lines.append(f"  {one['name']} ({one['kind']}): {one['count']:,}{share}{_of(told, one['name'])}")
    if told["outcomes"]:
        lines.append(f"  everybody{_of(told, 'everybody')}")
    lines += [f"  {name}: cannot be told: no value tiers of that instant" for name in told["untold"]]
    if not told["segments"] and not told["untold"]:
        lines.append("  No segment is saved: add a [[segment]] to churn.toml; docs/segments.md.")
    lines += _grid(told["rfm"]) if told["rfm"] else []
    if report.drift is not None:
        first, last = (f"{calendar.day_of(report.drift.instants[at]):%Y-%m-%d}" for at in (0, -1))
        lines += [
            f"Change from {first} to {last}; marked *: {told['drift']['test']}.",
            *_drift(told["drift"], calendar),
        ]
    return lines


def _of(told: dict[str, Any], name: str) -> str:
    """What became of a segment, where it was asked for."""
    one = told["outcomes"]["segments"].get(name) if told["outcomes"] else None
    if one is None:
        return ""
    left, mean, worth = one["left"], one["mean_probability"], one["mean_clv_amount"]
    then = "; left then {share:.1%} ({low:.1%} to {high:.1%}) of {n:,}".format(**left) if left and left["n"] else ""
    now = "" if mean is None else f"; mean probability {mean:.1%}"
    return then + now + ("" if worth is None else f"; margin expected each {worth:,.0f}")


def _grid(told: dict[str, Any]) -> list[str]:
    lines = [f"RFM, orders of {told['edges']['days']} days, each of the three parted at its median:"]
    for one in told["types"]:
        left, mean = one["realised"], one["mean_probability"]
        told_of = "; left then {share:.1%} ({low:.1%} to {high:.1%}) of {n:,}"
        then = told_of.format(**left) if left["n"] else ""
        now = "" if mean is None else f"; mean probability {mean:.1%}"
        lines.append(f"  {one['en']} / {one['zh']}: {one['customers']:,}, {one['amount_total']:,.0f}{then}{now}")
    return lines


def _drift(told: dict[str, Any], calendar: Calendar) -> list[str]:
    lines = []
    for one in told["groups"]:
        moved = one["first_to_last"]
        if moved["change"] is None:
            continue
        points = [100 * moved[name] for name in ("change", "low", "high")]
        mark = "*" if moved["is_marked"] else " "
        lines.append(
            f"{mark} {one['name']}: {points[0]:+.1f} points ({points[1]:+.1f} to {points[2]:+.1f}); "
            f"{moved['came']:,} came, {moved['went']:,} went, {moved['fresh']:,} new customers"
        )
    return [*lines, *_cells(told["grid"], calendar)]


def _cells(told: dict[str, Any], calendar: Calendar) -> list[str]:
    """The cells of the grid that changed beyond chance, the largest changes first."""
    found = [one for one in told["cells"] if one["first_to_last"]["is_marked"] or one["marked_steps"]]
    lines = [f"Cells of the grid that changed beyond chance: {len(found)} of {len(told['cells'])}."]
    for one in found[:MOST_CELLS]:
        moved = one["first_to_last"]
        points = [100 * moved[name] for name in ("change", "low", "high")]
        months = ", ".join(
            f"{calendar.day_of(datetime.fromisoformat(step['until'])):%Y-%m-%d}" for step in one["marked_steps"]
        )
        lines.append(
            f"{'*' if moved['is_marked'] else ' '} {one['days_since_last_order']} days, {one['orders']} orders, spent "
            f"{one['amount']}: {points[0]:+.1f} points ({points[1]:+.1f} to {points[2]:+.1f})"
            + (f"; marked until {months}" if months else "")
        )
    return lines + ([f"  and {len(found) - MOST_CELLS} more in report.json"] if len(found) > MOST_CELLS else [])
