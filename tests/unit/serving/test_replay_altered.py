"""Whatever an answer was made from and was altered since is named: model, definition, log, line."""

import base64
import json
import shutil
from collections.abc import Callable

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from churn.settings import Settings
from serving import archive
from serving.score_log import packed
from serving.scorer import Answer
from tests import replayed_shop
from tests.replayed_shop import Trained
from tests.unit.serving.replaying import WHOLE, Told, again, answered, apart, states

__all__ = ["answered", "apart"]  # fixtures


def _booster(held: Settings, model: Trained, answer: Answer) -> None:
    path = archive.folder_of(held.folder, model.hash) / archive.BOOSTER
    path.write_text(path.read_text().replace("leaf_value=", "leaf_value=9", 1))


def _bundle(held: Settings, model: Trained, answer: Answer) -> None:
    path = archive.folder_of(held.folder, model.hash) / archive.BUNDLE
    path.write_text(path.read_text().replace('"base_rate": 0.4', '"base_rate": 0.5'))


def _pruned(held: Settings, model: Trained, answer: Answer) -> None:
    shutil.rmtree(archive.folder_of(held.folder, model.hash))


def _probability(held: Settings, model: Trained, answer: Answer) -> None:
    told = json.dumps(answer.score.probability)
    replayed_shop.rewritten(held, f'"probability":{told}', '"probability":0.123')


def _vector(held: Settings, model: Trained, answer: Answer) -> None:
    assert answer.vector is not None
    changed = answer.vector.copy()
    changed[0] = 1 + np.nan_to_num(changed[0])
    replayed_shop.rewritten(held, packed(answer.vector), packed(changed))


def _garbled(held: Settings, model: Trained, answer: Answer) -> None:
    assert answer.vector is not None
    replayed_shop.rewritten(held, packed(answer.vector)[:40], '"' + "!" * 39)


def _instants(held: Settings, model: Trained, answer: Answer) -> None:
    assert answer.score.valid_until is not None
    until = answer.score.valid_until.isoformat().replace("+00:00", "Z")
    replayed_shop.rewritten(held, f'"valid_until":"{until}"', '"valid_until":"some day"')


def _zoneless(held: Settings, model: Trained, answer: Answer) -> None:
    assert answer.score.features_as_of is not None
    as_of = answer.score.features_as_of.isoformat().replace("+00:00", "")
    replayed_shop.rewritten(held, f'"cutoff":"{as_of}Z"', f'"cutoff":"{as_of}"')


def _event(held: Settings, model: Trained, answer: Answer) -> None:
    for path in (held.folder / "log").rglob("*.parquet"):
        table = pq.read_table(path)
        if "customer_id" not in table.column_names or "event_type" not in table.column_names:
            continue
        mine = pc.equal(table["customer_id"].cast(pa.string()), answer.score.customer_id)
        amount = pc.if_else(mine, pc.add(table["amount"], 7.0), table["amount"])
        place = table.column_names.index("amount")
        pq.write_table(table.set_column(place, table.schema.field("amount"), amount), path)


def _definition(held: Settings, model: Trained, answer: Answer) -> None:
    path = archive.folder_of(held.folder, model.hash) / archive.NOTE
    path.write_text(path.read_text().replace('"horizon_days": 90', '"horizon_days": 91'))


@pytest.mark.parametrize(
    ("alter", "changed", "names"),
    [
        (_booster, {"model": "altered"}, {"booster.txt"}),
        (_bundle, {"model": "altered"}, {"bundle.json"}),
        (_pruned, {"model": "missing", "definition": "unknown", "features": "cannot_be_made_again"}, set()),
        (_probability, {"line": "altered"}, set()),
        (_vector, {"line": "altered"}, set()),
        (_garbled, {"line": "altered"} | dict.fromkeys(("model", "definition", "features"), "not_asked"), set()),
        (_instants, {"line": "altered"} | dict.fromkeys(("model", "definition", "features"), "not_asked"), set()),
        (_zoneless, {"line": "altered"} | dict.fromkeys(("model", "definition", "features"), "not_asked"), set()),
        (_event, {"features": "altered"}, None),
        (_definition, {"definition": "altered", "features": "cannot_be_made_again"}, {"archived.json"}),
    ],
)
def test_what_was_altered_since_is_named(
    apart: Told, alter: Callable[[Settings, Trained, Answer], None], changed: dict[str, str], names: set[str] | None
) -> None:
    held, model, answer = apart
    alter(held, model, answer)
    told = again(held, answer)
    assert not told.equal
    assert states(told) == WHOLE | changed
    blamed = [one for one in msgspec.to_builtins(told.inputs).values() if one["state"] in set(changed.values())]
    assert all(one["problem"] for one in blamed if one["state"] != "not_asked")
    found = {name for one in blamed for name in one["names"]}
    assert found == names if names is not None else any("amount" in name or "total" in name for name in found), found
    if "line" in changed and told.replayed is not None:
        assert told.replayed == answer.score, "model and log still give the answer of then"
    if alter is _probability:
        assert told.differs == ["probability"]


def test_a_line_without_a_seal_is_held_to_its_own_model(apart: Told) -> None:
    held, model, answer = apart
    segments = list((held.folder / "scores" / "log").glob("*.jsonl"))
    for segment in segments:
        lines = [line.partition(b',"seal":')[0] + b"}" for line in segment.read_bytes().splitlines()]
        segment.write_bytes(b"\n".join(lines) + b"\n")
    told = again(held, answer)
    assert told.equal
    assert states(told) == WHOLE | {"line": "unsealed"}
    _event(held, model, answer)
    assert states(again(held, answer)) == WHOLE | {"line": "unsealed", "features": "altered"}
    shutil.rmtree(held.folder / "log")
    told = again(held, answer)
    assert states(told) == WHOLE | {"line": "unsealed", "features": "cannot_be_made_again"}
    silent = msgspec.structs.replace(answer.score, open_complaint_code="not_materialised")
    assert told.replayed == silent, "from the logged vector, beside which the log says nothing of what was stated"
    assert not told.equal
    _probability(held, model, answer)
    assert again(held, answer).inputs.line.state == "altered"


def test_a_vector_that_was_changed_without_a_seal_is_told_from_a_changed_log(apart: Told) -> None:
    held, _, answer = apart
    assert answer.vector is not None
    for segment in (held.folder / "scores" / "log").glob("*.jsonl"):
        lines = [line.partition(b',"seal":')[0] + b"}" for line in segment.read_bytes().splitlines()]
        segment.write_bytes(b"\n".join(lines) + b"\n")
    other = answer.vector.copy()
    other[:] = np.where(np.isnan(other), 3.0, other * 5 + 100)
    replayed_shop.rewritten(held, base64.b64encode(answer.vector.tobytes()).decode(), packed(other))
    told = again(held, answer)
    assert told.inputs.line.state == "altered"
    assert "vector" in str(told.inputs.line.problem)
    assert told.inputs.features.state == "as_known_then"
    assert told.replayed == answer.score
