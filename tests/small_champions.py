"""Small shops from their orders to a champion, by the command line."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.command_line import churn
from tests.unit.training import made

TOML = """
[business]
slug = "small"
clock = "log"

[definition]
horizon_days = 30
lookback_days = 180
lapse = { rule = "silence", days = 45 }

[training]
threads = 1
max_cutoffs = 6
test_cutoffs = 1

[[source]]
path = "log.csv"
customer_id = "customer_id"
event_type = "event_type"
event_timestamp = "event_timestamp"
amount = "amount"
"""
STEPS = (("ingest",), ("train",), ("features", "parity", "--challengers"), ("promote",), ("features", "materialise"))


@dataclass(frozen=True)
class SmallShop:
    """A shop whose champions serve."""

    config: Path
    trained: str
    promoted: str

    @property
    def folder(self) -> Path:
        return self.config.parent / "artifacts" / "small"

    def champion(self, model: str) -> dict[str, Any]:
        """What `promote` wrote down."""
        return dict(json.loads((self.folder / "champion" / f"{model}.json").read_text(encoding="utf-8")))


def opened(folder: Path, customers: int, *, seed: int = 3) -> SmallShop:
    """Ingest, train, prove and promote a shop of so many customers."""
    config = folder / "churn.toml"
    config.write_text(TOML, encoding="utf-8")
    made.log(customers, seed).to_csv(folder / "log.csv", index=False)
    said = {}
    for step in STEPS:
        said[step] = churn(*step, config=config)
        assert said[step].code == 0, said[step]
    return SmallShop(config, said["train",].err, said["promote",].out)
