"""An answered business for tests of replay, whole and to be broken: fixtures."""

import shutil
from pathlib import Path

import msgspec
import pytest

from churn.settings import Settings
from serving.replay import replay
from serving.replay_schemas import Replay
from serving.scorer import Answer
from tests import replayed_shop
from tests.replayed_shop import AS_OF, Trained

Told = tuple[Settings, Trained, Answer]


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Told:
    held = replayed_shop.shop(tmp_path_factory.mktemp("replay"))
    model = replayed_shop.trained(held)
    told = replayed_shop.answered(held, model, replayed_shop.rows_at(held, model.features, AS_OF))
    return held, model, told[0]


@pytest.fixture
def apart(answered: Told, tmp_path: Path) -> Told:
    """The same business in a folder that a test may break."""
    held, model, answer = answered
    shutil.copytree(held.artifacts, tmp_path / "artifacts")
    return held.model_copy(update={"artifacts": tmp_path / "artifacts"}), model, answer


def again(held: Settings, answer: Answer, language: str = "en", top: int = 3) -> Replay:
    return replay(held, answer.score.score_id, language=language, top=top)


def states(told: Replay) -> dict[str, str]:
    return {name: one["state"] for name, one in msgspec.to_builtins(told.inputs).items()}


WHOLE = {"line": "as_written", "model": "as_archived", "definition": "as_then", "features": "as_known_then"}
