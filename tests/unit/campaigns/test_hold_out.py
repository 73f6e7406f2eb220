"""Chance that needs no memory: the same in every run, spread evenly, of no relation between campaigns."""

from pathlib import Path

import numpy as np

from campaigns.hold_out import chances, held_out, kept_out_for_good
from tests.campaign_shop import settings

IDS = [f"客户-{number}" for number in range(20_000)]


def test_chance_is_the_customers_own(tmp_path: Path) -> None:
    shop = settings(tmp_path, permanent_hold_out_ratio=0.02)
    whole = kept_out_for_good(shop, IDS)
    assert whole.tolist() == [bool(kept_out_for_good(shop, [one])[0]) for one in IDS[:200]] + whole[200:].tolist()
    assert np.array_equal(whole[::-1], kept_out_for_good(shop, IDS[::-1]))


def test_shares_are_those_of_the_settings(tmp_path: Path) -> None:
    shop = settings(tmp_path, permanent_hold_out_ratio=0.02, hold_out_ratio=0.1)
    assert abs(kept_out_for_good(shop, IDS).mean() - 0.02) < 4 * np.sqrt(0.02 * 0.98 / len(IDS))
    assert abs(held_out(shop, "autumn", IDS).mean() - 0.1) < 4 * np.sqrt(0.1 * 0.9 / len(IDS))


def test_campaigns_draw_apart_from_each_other_and_from_the_permanent_one(tmp_path: Path) -> None:
    shop = settings(tmp_path)
    drawn = np.array([chances(shop, what, IDS) for what in ("autumn", "spring", "(for good)")])
    assert np.abs(np.corrcoef(drawn)[np.triu_indices(3, 1)]).max() < 4 / np.sqrt(len(IDS))
    assert np.abs(np.quantile(drawn, [0.1, 0.5, 0.9], axis=1) - np.array([[0.1], [0.5], [0.9]])).max() < 0.015
