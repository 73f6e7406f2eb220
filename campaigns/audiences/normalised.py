"""E-mail addresses and phone numbers as platforms spell them, and their hashes.

A digest matches only where both sides spelt the detail alike, so each rule is that of a page of `Form.pages`. Reads
nothing, keeps nothing. Start reading at `email_hash`.
"""

import hashlib

from campaigns.audiences.forms import Form
from campaigns.audiences.phones import e164

GMAIL = ("gmail.com", "googlemail.com")


def email_hash(address: str, form: Form) -> str:
    """The digest of an e-mail address, in lower-case hexadecimal digits.

    Args:
        address: as the business has it.
        form: whose rules.
    """
    return digest(email_text(address, gmail_alike=form.gmail_alike))


def phone_hash(number: str, form: Form, country: str | None) -> str | None:
    """The digest of a phone number; None where it is none, or lacks a country code and no country is named.

    Args:
        number: as the business has it.
        form: whose rules.
        country: whose number it is where it says none, ISO 3166.
    """
    spelt = e164(number, country)
    if spelt is None:
        return None
    return digest(spelt if form.phone_form == "+digits" else spelt.removeprefix("+"))


def email_text(address: str, *, gmail_alike: bool) -> str:
    """An address in lower case without blanks; at Gmail, if asked, without dots and what follows a plus.

    Source: https://developers.google.com/data-manager/api/devguides/concepts/formatting (Gmail).
    """
    text = "".join(address.split()).lower()
    name, _, domain = text.rpartition("@")
    if gmail_alike and domain in GMAIL:
        name = name.partition("+")[0].replace(".", "")
    return f"{name}@{domain}"


def digest(text: str) -> str:
    """SHA-256 without salt, which all four platforms ask for."""
    return hashlib.sha256(text.encode()).hexdigest()
