"""How customers can be reached, as digests: the one file that reads the details, and gives out nothing but digests.

    [contacts] --these customers, consented, not opted out of the channel--> digests by customer

A detail that somebody refused is on no list, whoever else gives it too: members of a family share numbers. Consent to
e-mail is asked for an address, consent to calls for a number; consent to advertising, where `[contacts] consents` names
a column for `audience`, for both. Start reading at `identifiers`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from campaigns.audiences.forms import EMAIL, PHONE, Form
from campaigns.audiences.normalised import email_hash, phone_hash
from campaigns.audiences.phones import check_country
from campaigns.suppress import NO_CONSENT
from churn.errors import SettingsError
from churn.settings import Settings
from features.consents import channel_consents
from features.contact_details import contact_details
from features.opt_outs import AUDIENCE

NO_DETAILS, UNUSABLE, REFUSED_DETAILS = "no_details", "unusable_details", "details_of_somebody_who_refused"
CONSENT: Final = {EMAIL: "may_email", PHONE: "may_phone"}
GRANTED, UNSPECIFIED = "GRANTED", "UNSPECIFIED"


class NoIdentifier(SettingsError):
    """The settings name no column that a platform could find people by."""

    def __init__(self, form: Form) -> None:
        names = " or ".join(form.columns)
        super().__init__(
            f"{form.title} finds people by {names}, and [contacts] names no such column.",
            mend=f"give [contacts] {names} the name of its column, and its consent ({_consents(form)}).",
        )


class NoConsentColumn(SettingsError):
    """The settings name details, and no column that says who consented to their use."""

    def __init__(self, form: Form) -> None:
        super().__init__(
            "[contacts] names no column of consent, so nobody's details may be used.",
            mend=f"name it: [contacts] {_consents(form)}.",
        )


@dataclass(frozen=True)
class Identifiers:
    """Digests of details.

    Args:
        rows: one row a customer, in the order asked for. Columns: one an identifier of the form (digest or None),
            why_not (code why there is none; None where there is one).
        consent: GRANTED where all in it agreed to advertising; UNSPECIFIED where nothing says so.
    """

    rows: pd.DataFrame
    consent: str


def identifiers(
    settings: Settings,
    form: Form,
    customer_ids: Sequence[str],
    *,
    refused: Collection[str],
    channels_refused: Mapping[str, Collection[str]],
    environ: Mapping[str, str],
) -> Identifiers:
    """Digests of the details of these customers.

    Args:
        settings: whose `[contacts]` and `[audiences]`.
        form: the platform's.
        customer_ids: whose, each once.
        refused: whose details are used for nobody.
        channels_refused: by identifier, who does not want to be reached by it.
        environ: what `${VARIABLES}` in the path of `[contacts]` stand for.

    Raises:
        NoContacts, WrongContacts, WrongColumns: the file cannot be read. NoIdentifier, NoConsentColumn: the settings
        name no column. UnknownCountry: the country of phone numbers is none.
    """
    used = _used(settings, form)
    check_country(settings.audiences.country)
    details = contact_details(settings, environ).set_index("customer_id")
    agreed, consent = _advertising(settings, environ)
    mine = details.reindex(pd.Index(customer_ids, dtype=object))
    theirs = details[details.index.isin(list(refused))]
    found = pd.DataFrame({"why_not": NO_DETAILS}, index=mine.index, dtype=object)
    for name in used:
        there = mine[name].notna()
        free = mine[CONSENT[name]].eq(other=True) & ~mine.index.isin(list(channels_refused.get(name, ())))
        if agreed is not None:
            free &= agreed.reindex(mine.index, fill_value=False)
        digests = _digests(mine.loc[there & free, name], form, name, settings.audiences.country)
        of_refused = set(_digests(theirs[name].dropna(), form, name, settings.audiences.country).dropna())
        clean = digests.mask(digests.isin(of_refused), None)
        found[name] = clean.reindex(mine.index).astype(object)
        found[name] = found[name].where(found[name].notna(), None)
        _say(found, there & ~free, NO_CONSENT)
        _say(found, digests.isna().reindex(mine.index, fill_value=False), UNUSABLE)
        _say(found, digests.isin(of_refused).reindex(mine.index, fill_value=False), REFUSED_DETAILS)
    found.loc[found[list(used)].notna().any(axis=1), "why_not"] = None
    return Identifiers(found[[*used, "why_not"]], consent)


def _say(found: pd.DataFrame, applies: pd.Series, code: str) -> None:
    """What comes later says more: an address that is there but refused is not missing."""
    found.loc[applies.to_numpy(dtype=bool), "why_not"] = code


def _digests(details: pd.Series, form: Form, name: str, country: str | None) -> pd.Series:
    texts = [str(one) for one in details]
    told: list[str | None] = (
        [email_hash(one, form) for one in texts] if name == EMAIL else [phone_hash(one, form, country) for one in texts]
    )
    return pd.Series(told, index=details.index, dtype=object)


def _used(settings: Settings, form: Form) -> tuple[str, ...]:
    given = settings.contacts
    there = tuple(name for name in form.columns if given.path is None or getattr(given, name) is not None)
    if not there:
        raise NoIdentifier(form)
    if given.path is not None and not any(getattr(given, CONSENT[name]) for name in there):
        raise NoConsentColumn(form)
    return there


def _advertising(settings: Settings, environ: Mapping[str, str]) -> tuple[pd.Series | None, str]:
    """Who agreed to advertising, where a column tells it; and what a platform may be told of everybody on a list."""
    if AUDIENCE in settings.contacts.consents:
        told: pd.Series = channel_consents(settings, environ, [AUDIENCE])[AUDIENCE]
        return told, GRANTED
    return None, GRANTED if settings.audiences.consents_cover_advertising else UNSPECIFIED


def _consents(form: Form) -> str:
    return ", ".join(f'{CONSENT[name]} = "{CONSENT[name]}"' for name in form.columns)
