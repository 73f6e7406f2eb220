"""How often does a hunt name a feature of a clean shop? On shops that no bar was set on."""

import pytest

from churn.sections import Business
from churn.settings import Settings
from features.simulation import SimulationSettings, simulate
from tests import leaky_shop

SEEDS = range(300, 320)  # the bars were set on 11, 100 to 103 and 200 to 214
MOST = 1  # 20 shops with 1 named: at most 1 in 4 at 95 % confidence


@pytest.mark.nightly
def test_clean_shops_that_no_bar_was_set_on_name_next_to_nothing() -> None:
    settings = Settings(business=Business(slug="clean", name="Clean shop", timezone="Asia/Shanghai"))
    named = {}
    for seed in SEEDS:
        shop = simulate(SimulationSettings(customers=1_500, seed=seed))
        found = leaky_shop.look(shop.events, shop.observed_until, settings)
        named |= {seed: [(one.check, one.kind, one.level) for one in found.suspicions]} if found.suspicions else {}
    assert len(named) <= MOST, named
