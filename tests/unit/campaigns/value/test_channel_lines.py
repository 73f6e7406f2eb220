"""Why a channel has no figure is said, and a misspelt one is told with the nearest."""

from campaigns.value.report import _channels

BARE = {"cohort": "all", "margin_amount": None}


def test_why_there_is_no_figure() -> None:
    channels = [
        {**BARE, "channel": "search", "customers": 8_000, "followed": 7_221},
        {**BARE, "channel": "fair", "customers": 40, "followed": 12},
        {**BARE, "channel": "serch", "customers": 0, "followed": 0},
    ]
    told = "\n".join(_channels({"channels": channels, "months": 6, "currency": "CNY", "channels_without_cost": []}))
    assert "7,221 followed; no figure: margin_ratio is not set in [value]" in told
    assert "12 followed; no figure: fewer than 30 followed" in told
    assert "it won nobody; did you mean search?" in told
