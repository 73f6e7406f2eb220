"""Whatever becomes of the registry, whoever serves was let in by the gate, and in the end the newest who was serves."""

import random
import shutil
from collections.abc import Callable

import pytest

from churn.settings import Settings
from serving import champion, champion_registry
from serving.registry_watch import UNDER_WAY
from tests import tiny_service
from tests.unit.serving.test_registry_watch import registry, shop, watching

__all__ = ["registry", "shop"]  # fixtures
pytestmark = [pytest.mark.slow, pytest.mark.nightly]

ACTS = 60


class Shaken:
    """A business whose registry is shaken, and the way back."""

    def __init__(self, shop: Settings, seed: int) -> None:
        self.shop, self.folder, self.chance = shop, shop.folder, random.Random(seed)
        self.promoted, self.aside = 1, shop.folder.parent / "aside"
        shutil.rmtree(self.aside, ignore_errors=True)

    def promote(self) -> None:
        self.promoted = self.chance.randint(1, 3)
        tiny_service.promote(self.shop, "churn", self.promoted)

    def by_hand(self) -> None:
        """Somebody moves the alias, or takes it away."""
        client, name = champion_registry.client(self.shop.registry_uri), self.shop.model_name("churn")
        if self.chance.random() < 0.3:
            client.delete_registered_model_alias(name, "champion")
        else:
            client.set_registered_model_alias(name, "champion", str(self.chance.randint(1, 3)))

    def faults(self) -> list[Callable[[], object]]:
        """Each leaves something broken; `heal` puts it right."""
        database, files, records = self.folder / "mlflow.db", self.folder / "mlruns", self.folder / "champion"
        return [
            database.unlink,
            lambda: database.write_bytes(b"no database" * 500),
            lambda: database.write_bytes(database.read_bytes()[:40_000]),
            lambda: shutil.rmtree(files),
            lambda: [one.write_text("{") for one in files.rglob("bundle.json")],
            lambda: (records / "churn.json").write_text('{"name": "churn-tiny"'),
            (records / "verdicts.key").unlink,
            (self.folder / UNDER_WAY).touch,
            lambda: (self.folder / champion.CHAMPIONS).write_text(""),
            lambda: shutil.rmtree(self.folder / "models", ignore_errors=True),
        ]

    def keep(self) -> None:
        """What `heal` puts back."""
        shutil.rmtree(self.aside, ignore_errors=True)
        self.aside.mkdir()
        shutil.copy(self.folder / "mlflow.db", self.aside)
        for name in ("mlruns", "champion"):
            shutil.copytree(self.folder / name, self.aside / name)

    def heal(self) -> None:
        """As it was before the fault."""
        (self.folder / UNDER_WAY).unlink(missing_ok=True)
        shutil.copy(self.aside / "mlflow.db", self.folder)
        for name in ("mlruns", "champion"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            shutil.copytree(self.aside / name, self.folder / name)


def test_a_registry_that_is_put_back_while_it_is_watched_is_the_one_that_is_asked(shop: Settings) -> None:
    """Its file is another one then, and who kept the old one open would never hear of a promotion again."""
    watch, database = watching(shop), shop.folder / "mlflow.db"
    watch.begin()
    watch.step()
    copy = database.with_suffix(".copy")
    shutil.copy(database, copy)
    copy.replace(database)
    tiny_service.promote(shop, "churn", 2)
    watch.step()
    assert watch.held["churn"].version == "churn-tiny/2"


@pytest.mark.parametrize("seed", range(4))
def test_no_loss_of_the_registry_lets_in_or_keeps_out_anybody(shop: Settings, seed: int) -> None:
    shaken, watch = Shaken(shop, seed), watching(shop)
    watch.begin()
    let_in = {"churn-tiny/1"}
    for _ in range(ACTS):
        act = shaken.chance.random()
        if act < 0.25:
            shaken.promote()
            let_in.add(f"churn-tiny/{shaken.promoted}")
        elif act < 0.35:
            shaken.by_hand()
        elif act < 0.6:
            shaken.keep()
            shaken.chance.choice(shaken.faults())()
            for _ in range(shaken.chance.randint(1, 3)):
                watch.step()
                assert watch.held["churn"].version in let_in
                assert watch.held["reactivation"].version == "reactivation-tiny/1"
            shaken.heal()
        watch.step()
        serving = champion.appointed(shop.folder)
        assert not serving or serving["churn"].version in let_in
        if serving and not watch.state.refused:
            assert set(champion.load(shop)) == {"churn", "reactivation"}, "workers that start now can answer"
    tiny_service.promote(shop, "churn", 2)
    for _ in range(3):
        watch.step()
    assert champion.load(shop)["churn"].version == "churn-tiny/2"
