"""What may be said of the door of the service in the settings."""

import pytest

from churn.sections import Serving

GOOD = ("https://crm.example", "http://127.0.0.1:8080", "https://[::1]:3000")


@pytest.mark.parametrize(
    "origin", ["*", "null", "crm.example", "https://crm.example/", "https://*.example", "HTTPS://CRM.EXAMPLE", ""]
)
def test_what_no_browser_sends_as_an_origin_is_told_so(origin: str) -> None:
    assert Serving(cors_origins=GOOD).cors_origins == GOOD
    with pytest.raises(ValueError, match=r"is no origin; write https://crm\.example"):
        Serving(cors_origins=(*GOOD, origin))
