"""`churn campaign audience`: a list of hashed details for Google, Meta, X or LinkedIn, and which lists went out."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn.errors import SettingsError
from churn.settings import Settings
from cli.console import table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from campaigns.audiences.export import Export


class NothingAsked(SettingsError):
    """`churn campaign audience` was not told what for whom."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(
            f"An audience of whom, for which platform, and where to? {', '.join(missing)} is missing.",
            mend="say `churn campaign audience --kind win_back --for google --out ~/upload`; `--list` prints those "
            "that were exported.",
        )


class UnknownPlatform(SettingsError):
    """There is no such platform."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"There is no form for the platform {name!r}.", mend=f"name one of {', '.join(known)}.")


def audience(
    settings: Settings,
    kind: str | None,
    vendor: str | None,
    out: Path | None,
    *,
    top: int | None,
    min_probability: float | None,
    by: str | None,
) -> Outcome:
    """Write the files of an audience, and tell what is in them.

    Raises:
        NothingAsked, UnknownPlatform: the question is incomplete. What `export` raises: nothing was written.
    """
    from campaigns.audiences.export import export
    from campaigns.audiences.forms import FORMS
    from campaigns.audiences.wanted import wanted
    from serving.now import clock_of

    if kind is None or vendor is None or out is None:
        given = {"--kind": kind, "--for": vendor, "--out": out}
        raise NothingAsked([name for name, value in given.items() if value is None])
    if vendor not in FORMS:
        raise UnknownPlatform(vendor, list(FORMS))
    which = wanted(kind, top=top, min_probability=min_probability)
    done = export(
        settings, which, FORMS[vendor], out, now=clock_of(settings).now(), written_at=datetime.now(UTC),
        environ=os.environ, made_by=by,
    )  # fmt: skip
    notes = [{"code": code, "en": en, "zh": zh} for code, en, zh in done.told]
    return Outcome(_text(done), done.manifest | {"notes": notes, "left_out": _left_out(done.manifest)})


def _left_out(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    from campaigns.audiences.words import WHY_NOT

    return [
        {"code": code, "customers": count, "en": WHY_NOT[code][0], "zh": WHY_NOT[code][1]}
        for code, count in manifest["customers"]["left_out"].items()
    ]


def _text(done: "Export") -> str:
    manifest, counts = done.manifest, done.manifest["customers"]
    found_by = ", ".join(f"{count:,} by {name}" for name, count in manifest["identifiers"].items())
    head = f"{counts['on_the_list']:,} of {counts['asked_for']:,} customers are on the list {manifest['id']}"
    until, form = manifest["delete_after"][:10], manifest["form"]
    lines = [
        f"{head} ({found_by}), in {manifest['folder']}:",
        *(f"  {one['name']}  {one['rows']:,} rows, {one['bytes']:,} bytes" for one in manifest["files"]),
        *(["Left out:"] if counts["left_out"] else []),
        *(f"  {one['customers']:,}  {one['code']}: {one['en']} / {one['zh']}" for one in _left_out(manifest)),
        *(["Consent: " + ", ".join(f"{name} = {_plain(value)}" for name, value in manifest["consent"].items())]
          if manifest["consent"] else []),
        "To know:",
        *(f"  {'unverified' if code in form['unverified'] else 'note'}: {en} / {zh}"
          for code, en, zh in done.told),
        f"The files are plain: upload them, then delete them; `churn prune` does from {until} on.",
        f"Their form is that of the pages that the manifest names, read on {form['read_on']}.",
    ]  # fmt: skip
    return "\n".join(lines)


def _plain(value: str | bool | None) -> str:
    return "not stated" if value is None else str(value).lower() if isinstance(value, bool) else value


def listed(settings: Settings) -> Outcome:
    """Every audience that was exported, and what is to be done about it.

    Raises:
        BrokenRecord: a record cannot be read.
    """
    from features.erasure.audiences import MEMBERS, records
    from features.erasure.rewriting import customers_of
    from features.opt_outs import AUDIENCE, CONTACT, opt_outs

    told, now = opt_outs(settings), datetime.now(UTC)
    refused = set(told.loc[told["category"].isin([CONTACT, AUDIENCE]), "customer_id"])
    rows = [
        {
            "id": one["id"], "vendor": one["vendor"], "audience": one["audience"],
            "customers": one["customers"]["on_the_list"], "written": one["written_at"][:10],
            "to_do": _to_do(one, len(customers_of(path / MEMBERS) & refused), now),
        }
        for path, one in records(settings.folder)
    ]  # fmt: skip
    return Outcome(table(rows) if rows else "No audience was exported yet.", rows)


def _to_do(manifest: dict[str, Any], refused: int, now: datetime) -> str:
    if void := manifest.get("void"):
        return f"replace it at the platform: {void['why']} on {void['at'][:10]}"
    if refused:
        return f"replace it at the platform: {refused:,} on it opted out since"
    if datetime.fromisoformat(manifest["delete_after"]) < now:
        return "delete its files: `churn prune`"
    return ""
