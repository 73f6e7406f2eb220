"""Everybody of the newest scores: what holds no longer is not planned on."""

from datetime import timedelta
from pathlib import Path

import pytest

from campaigns.people import OldScores, people_of
from tests.campaign_shop import NOW, scored, settings, written


def test_a_score_that_still_holds_excuses_none_that_does_not(tmp_path: Path) -> None:
    old = scored("old", valid_until=NOW + timedelta(hours=1))
    shop = written(settings(tmp_path), [old, scored("new")])
    assert len(people_of(shop, NOW)) == 2
    with pytest.raises(OldScores, match="2025-03-01 01:00 UTC"):
        people_of(shop, NOW + timedelta(hours=2))
