"""A challenger in shadow: no answer differs by it, nobody is told it, and it ends when it is told to."""

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from features.atomic import write_json
from serving.champion import Champion
from serving.score_log import FOLDER, ScoreLog, read
from serving.scorer import Answer
from serving.shadow import MOST_WAITING, Shadows
from tests import tiny_service
from tests.tiny_service import champion, row, scorer


def challenger() -> Champion:
    """Another model of the same features."""
    held = champion("churn")
    platt = {"kind": "platt", "params": {"a": 0.5, "b": 1.0}, "knots": ()}
    bundle = held.bundle.model_copy(update={"calibrator": held.bundle.calibrator.model_copy(update=platt)})
    return replace(held, version="churn-tiny/9", model_hash="9" * 64, bundle=bundle)


def begin(folder: Path, model_hash: str = "9" * 64) -> None:
    write_json(folder / "champion" / "churn.shadow", {"name": "churn-tiny", "version": 9, "model_hash": model_hash})


def answers(count: int = 20) -> list[Answer]:
    vectors = tiny_service.vectors(count)
    rows = [row(f"C{i}", vector=v, model="reactivation" if i % 4 == 3 else "churn") for i, v in enumerate(vectors)]
    return scorer().score([one.customer_id for one in rows], rows, language="en", top=2)


def test_answers_are_bit_by_bit_the_same_and_the_log_tells_nobody_of_the_shadow(tmp_path: Path) -> None:
    begin(tmp_path)
    told = answers()
    before = [msgspec.json.encode(one.score) for one in told]
    log, shadows = ScoreLog(tmp_path), Shadows(tmp_path, {"churn": challenger()})
    log.append([one.log_row() for one in told]).result()
    shadows.offer(told, log)
    shadows.close()
    log.close()
    assert [msgspec.json.encode(one.score) for one in told] == before
    assert len(read(tmp_path)) == 20, "what was told, and no more"
    (segment,) = (tmp_path / FOLDER).glob("*.jsonl")
    lines = [json.loads(line) for line in segment.read_text().splitlines()]
    marked = [line for line in lines if line.get("shadow")]
    assert len(marked) == 15
    assert {line["model_version"] for line in marked} == {"churn-tiny/9"}
    assert all(line["cost_us"] >= 0 and line["vector"] is None for line in marked)
    asked = [one for one in told if one.score.model == "churn"]
    held = challenger()
    vectors = np.vstack([one.vector for one in asked if one.vector is not None])
    expected = held.bundle.probability(held.trees.raw(held.bundle.prepare(vectors)))
    np.testing.assert_array_equal([line["probability"] for line in marked], expected)
    assert [line["customer_id"] for line in marked] == [one.score.customer_id for one in asked]


def test_it_ends_when_its_file_is_gone_or_names_another(tmp_path: Path) -> None:
    shadows = Shadows(tmp_path, {"churn": challenger()})
    assert shadows.rows(answers()) == []
    begin(tmp_path)
    assert len(shadows.rows(answers())) == 15
    begin(tmp_path, "8" * 64)
    assert shadows.rows(answers()) == []


def test_who_was_forgotten_got_no_number_or_reads_otherwise_is_left_out(tmp_path: Path) -> None:
    begin(tmp_path)
    told = answers(8)
    shadows = Shadows(tmp_path, {"churn": challenger()}, lambda ids: {"C0"} & set(ids))
    log = ScoreLog(tmp_path)
    shadows.offer([told[0], told[1].erased(), *told[2:]], log)
    shadows.close()
    log.close()
    (segment,) = (tmp_path / FOLDER).glob("*.jsonl")
    assert {json.loads(line)["customer_id"] for line in segment.read_text().splitlines()} == {"C2", "C4", "C5", "C6"}
    other = replace(challenger(), bundle=challenger().bundle.model_copy(update={"feature_set_hash": "other"}))
    assert Shadows(tmp_path, {"churn": other}).rows(told) == []


def test_without_a_challenger_nothing_is_done_and_a_queue_that_is_full_leaves_out(tmp_path: Path) -> None:
    log = ScoreLog(tmp_path)
    Shadows(tmp_path, {}).offer(answers(), log)
    begin(tmp_path)
    shadows = Shadows(tmp_path, {"churn": challenger()})
    for _ in range(MOST_WAITING + 40):
        shadows.offer(answers(4), log)
    shadows.close()
    log.close()
    assert shadows.left_out % 4 == 0
