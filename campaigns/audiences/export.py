"""An audience, from who is asked for to the files that a platform takes.

    newest scores --candidates--> who may be on it --[contacts]--> digests --form--> files and manifest

Details are read here, at the moment of export, and given up with it: what stays is ids and counts. Start reading at
`export`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from campaigns.audiences.candidates import Candidates, candidates
from campaigns.audiences.files import check_out, parts_of, write_export
from campaigns.audiences.forms import EMAIL, PHONE, READ_ON, Form
from campaigns.audiences.hashing import UNSPECIFIED, Identifiers, identifiers
from campaigns.audiences.wanted import SEED, Wanted
from campaigns.audiences.words import (
    FEW_MAY_MATCH,
    NO_FLAG,
    NOT_AMONG_BEST,
    NOT_SCORED,
    SAME_DETAILS,
    SEVERAL_LISTS,
    TOLD,
    WHY_NOT,
)
from campaigns.people import people_of
from campaigns.suppress import Doors, counts_of, doors_of
from churn.errors import DataError
from churn.settings import Settings
from features.erasure.audiences import FOLDER

CHANNELS = {EMAIL: ("email",), PHONE: ("phone", "sms")}  # whoever refused one of these is not looked for by that detail
ONE_FILE_A_LIST = ("linkedin",)
OF_VALUES, OF_PARTS = (
    ("meta_value_header",),
    ("meta_file_rows",),
)  # of which nothing is to be known where there are none


class TooFew(DataError):
    """Fewer customers may be on a list than the platform can use."""

    def __init__(self, form: Form, rows: int, asked_for: int, out: Mapping[str, int]) -> None:
        why = "; ".join(f"{count:,} {WHY_NOT[code][0]}" for code, count in out.items())
        super().__init__(
            f"{rows:,} of {asked_for:,} customers may be on the list, and {form.title} has no use for fewer than "
            f"{form.fewest_rows:,}" + (f" (left out: {why})" if why else "") + "; nothing was written.",
            mend="ask for more customers, or get the consents and details that are missing; fewer would be handed over "
            "for nothing.",
        )


@dataclass(frozen=True)
class Export:
    """What came of it.

    Args:
        manifest: what was written, in counts.
        told: what to know of it, as (code, English, Chinese).
    """

    manifest: dict[str, Any]
    told: tuple[tuple[str, str, str], ...]


def export(
    settings: Settings,
    which: Wanted,
    form: Form,
    out: Path,
    *,
    now: datetime,
    written_at: datetime,
    environ: Mapping[str, str],
    made_by: str | None = None,
) -> Export:
    """Write an audience.

    Args:
        settings: whose.
        which: who is asked for.
        form: of the platform.
        out: folder of the files, outside the artifacts.
        now: the instant, by the business's clock.
        written_at: the same by the clock on the wall, which files are kept by.
        environ: what `${VARIABLES}` in the path of `[contacts]` stand for.
        made_by: who asked for it, for the manifest.

    Raises:
        InsideArtifacts, NoFolder, TooFew, NoScores, OldScores, and what `candidates` and `identifiers` raise: nothing
            was written.
    """
    place = check_out(settings, out)
    people = people_of(settings, now)
    doors = doors_of(settings, people, now, environ)
    asked = candidates(settings, people, doors, which, now)
    free = np.array([code is None for code in asked.why_not], dtype=np.bool_)
    found = identifiers(
        settings, form, list(asked.customer_ids[free]), refused=asked.refused,
        channels_refused=_channels_refused(doors), environ=environ,
    )  # fmt: skip
    rows, codes = _rows(found, asked, free, which)
    left_out = _left_out(asked, codes)
    asked_for = len(asked.customer_ids) + asked.elsewhere
    if len(rows) < form.fewest_rows:
        raise TooFew(form, len(rows), asked_for, left_out)
    name = _free_name(settings, f"{written_at:%Y%m%dT%H%M%SZ}-{which.text.replace(':', '-')}-{form.vendor}")
    parts = parts_of(rows, form, name, settings.audiences.rows_per_file)
    told = _told(form, found.consent, rows, len(parts))
    manifest = {
        "id": name, "business": settings.business.slug, "audience": which.text, "vendor": form.vendor,
        "written_at": written_at.isoformat(timespec="seconds"), "as_of": now.isoformat(timespec="seconds"),
        "scores": people.batch, "made_by": made_by, "min_probability": which.min_probability, "top": which.top,
        "customers": {"asked_for": asked_for, "on_the_list": len(rows), "left_out": left_out},
        **_terms(settings, form, found, asked, rows), "told": [code for code, _, _ in told], "folder": str(place),
        "files": [part.as_json(form) for part in parts], "beside": f"{name}.json",
        "delete_after": (written_at + timedelta(days=settings.audiences.keep_days)).isoformat(timespec="seconds"),
    }  # fmt: skip
    write_export(settings, name, parts, manifest)
    return Export(manifest, told)


def _terms(settings: Settings, form: Form, found: Identifiers, asked: Candidates, rows: pd.DataFrame) -> dict[str, Any]:
    """What people are found by, what they agreed to, and the form."""
    return {
        "identifiers": {one: int(rows[one].notna().sum()) for one in form.columns if one in rows},
        "consent": {one: _as_taken(one, found.consent) for one in form.consent}, "valued_by": asked.valued_by,
        "currency": settings.business.currency if asked.valued_by else None, "form": _form_of(form),
    }  # fmt: skip


def _rows(
    found: Identifiers, asked: Candidates, free: NDArray[np.bool_], which: Wanted
) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """Who is on the list, each detail once, best first where the best are asked for; and why others are not."""
    rows, codes = found.rows.copy(), asked.why_not.copy()
    why: NDArray[np.object_] = rows.pop("why_not").to_numpy(dtype=object)
    used = list(rows.columns)
    order = np.arange(len(rows))
    if which.kind == SEED:
        rows["value"] = asked.values[free]
        order = np.lexsort((rows.index.to_numpy(dtype=str), -rows["value"].to_numpy(dtype=np.float64)))
    kept = order[[why[one] is None for one in order]]
    twice = rows.iloc[kept].duplicated(used).to_numpy()
    why[kept[twice]] = SAME_DETAILS
    kept = kept[~twice]
    if which.top is not None:
        why[kept[which.top :]] = NOT_AMONG_BEST
        kept = kept[: which.top]
    codes[np.flatnonzero(free)] = why
    return rows.iloc[kept], codes


def _left_out(asked: Candidates, codes: NDArray[np.object_]) -> dict[str, int]:
    """How many were left out, by code."""
    counts = counts_of(codes)
    return counts | ({NOT_SCORED: asked.elsewhere} if asked.elsewhere else {})


def _channels_refused(doors: Doors) -> dict[str, set[str]]:
    ids, outs = doors.customer_ids, doors.opted_out
    return {
        detail: {str(one) for channel in channels if channel in outs for one in ids[outs[channel]]}
        for detail, channels in CHANNELS.items()
    }


def _as_taken(name: str, consent: str) -> str | bool | None:
    """Consent as the platform takes it: Meta says true, Google GRANTED."""
    if name != "customer_consent":
        return consent
    return None if consent == UNSPECIFIED else True


def _form_of(form: Form) -> dict[str, Any]:
    return {
        "title": form.title, "read_on": READ_ON, "pages": list(form.pages), "fewest_rows": form.fewest_rows,
        "fewest_matched": form.fewest_matched, "most_rows": form.most_rows, "most_bytes": form.most_bytes,
        "unverified": [one.code for one in form.unverified],
    }  # fmt: skip


def _told(form: Form, consent: str, rows: pd.DataFrame, files: int) -> tuple[tuple[str, str, str], ...]:
    """What to know of this list: of its consent, of its size, and what no page says of its form."""
    figures = {"fewest": f"{form.fewest_matched:,}", "rows": f"{len(rows):,}", "files": files}
    moot = {*(() if "value" in rows else OF_VALUES), *(() if files > 1 else OF_PARTS)}
    codes = [NO_FLAG] if form.consent and consent == UNSPECIFIED else []
    codes += [FEW_MAY_MATCH] + ([SEVERAL_LISTS] if files > 1 and form.vendor in ONE_FILE_A_LIST else [])
    said = [(code, *(text.format(**figures) if code != NO_FLAG else text for text in TOLD[code])) for code in codes]
    unverified = [(one.code, one.en, one.zh) for one in form.unverified if one.code not in moot]
    return tuple((code, en, zh) for code, en, zh in (*said, *unverified))


def _free_name(settings: Settings, name: str) -> str:
    """A name that no export of before has."""
    number, taken = 1, name
    while (settings.folder / FOLDER / taken).exists():
        number += 1
        taken = f"{name}-{number}"
    return taken
