"""A segment of an encrypted score log that cannot begin takes no line: not as it is, nor one that nobody could read."""

import errno
from pathlib import Path

import pytest

from churn.privacy_sections import Privacy
from features.encryption import KEY, appoint, new_key
from serving import score_log
from serving.refusals import ScoreLogUnavailable
from tests import tiny_service

WHO = "C-SECRET"


def test_what_could_not_begin_takes_no_plain_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, new_key())
    settings = tiny_service.settings(tmp_path).model_copy(update={"privacy": Privacy(encrypt_files=True)})
    appoint(settings)
    (answer,) = tiny_service.scorer().score([WHO], [tiny_service.row(WHO)], language="en", top=2)
    held, failed = score_log.ScoreLog(settings.folder), OSError(errno.ENOLCK, "No locks available")
    with monkeypatch.context() as patch:
        patch.setattr(score_log.fcntl, "flock", lambda *_: (_ for _ in ()).throw(failed))
        with pytest.raises(ScoreLogUnavailable, match="No locks"):
            held.append([answer.log_row()]).result()
    held.append([answer.log_row()]).result()
    held.close()
    assert score_log.read(settings.folder)["customer_id"].tolist() == [WHO]
    segments = [*(settings.folder / score_log.FOLDER).glob("*.jsonl")]
    assert not any(WHO.encode() in one.read_bytes() for one in segments)
