"""Who feeds the journal of changes and who prunes it: `churn score --all` and `churn prune`."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from churn.calendar import to_us
from churn.clock import StoppedClock
from churn.settings import Settings
from cli import prune as room
from cli.serving import _everyone
from serving.changes.file import FILE
from serving.changes.journal import Journal
from tests import tiny_service
from tests.tiny_service import NOW
from tests.unit.serving.test_batch import settings  # noqa: F401  # the fixture
from tests.unit.serving.test_changes import state


def test_a_batch_of_everybody_tells_it_and_a_second_has_no_news(settings: Settings) -> None:  # noqa: F811
    first = _everyone(settings, tiny_service.scorer(), None)
    assert (first.as_json["news"], first.as_json["changes"]) == (300, 0)
    assert "300 customers are news for readers of changes" in first.text
    second = _everyone(settings, tiny_service.scorer(), None)
    assert (second.as_json["news"], second.as_json["changes"]) == (0, 0)
    journal = Journal(settings.folder)
    assert len(journal.page(None, 1000).customer_ids) == 300
    journal.close()


def test_pruning_drops_old_changes_alone_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = tiny_service.settings(tmp_path)
    held.folder.mkdir(parents=True)
    monkeypatch.setattr("serving.now.clock_of", lambda _: StoppedClock(NOW))
    edge = NOW - timedelta(days=held.retention.changes_days)
    journal = Journal(held.folder)
    journal.begin()
    journal.tell([state("old", told_us=to_us(edge) - 1), state("new", told_us=to_us(edge))], least_change=0.05)
    room.prune(held, dry_run=True)
    assert len(journal.after(0, 9)) == 2
    room.prune(held, dry_run=False)
    assert [one.now.customer_id for one in journal.after(0, 9)] == ["new"]
    assert journal.page(None, 9).customer_ids == ["old", "new"], "what was told last stays"
    noted = (held.folder / "erasure" / "pruned.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(noted[-1])["changes"] == 1
    assert (held.folder / FILE).exists()
    journal.close()
