"""Phone numbers as the whole world writes them, E.164: the one file that speaks phonenumbers.

A number that its country does not give out is no number: what is left after a wrong guess of the country would be
somebody else's. Start reading at `e164`.
"""

import phonenumbers

from churn.errors import SettingsError


class UnknownCountry(SettingsError):
    """`[audiences] country` names no country."""

    def __init__(self, country: str) -> None:
        super().__init__(
            f"[audiences] country: {country!r} is no country with phone numbers.",
            mend="name it by its two letters of ISO 3166, as in CN, US or GB.",
        )


def check_country(country: str | None) -> None:
    """See that a country is one.

    Raises:
        UnknownCountry: it is none.
    """
    if country is not None and country not in phonenumbers.SUPPORTED_REGIONS:
        raise UnknownCountry(country)


def e164(number: str, country: str | None) -> str | None:
    """A number with + and country code, digits alone; None where it is none.

    Args:
        number: with + or 00 and a country code, or as one dials it in `country`; blanks, dashes and brackets do not
            matter.
        country: ISO 3166; None: a number without a code is none.
    """
    try:
        found = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(found):
        return None
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
