"""`churn keys` and `churn audit`, as people type them."""

import base64
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from churn.settings import load
from features.erasure.store import Whom
from features.pseudonyms import pseudonyms_of
from serving.audit.keeping import erase_from_audit, outlived
from serving.audit.lines import Line, hash_of, key_in, lines, segments
from serving.audit.scribe import Asked, Scribe
from serving.auth import Keys
from serving.keys.form import is_key
from serving.keys.ring import Keyring
from tests.command_line import churn

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "churn.toml"
    path.write_text('artifacts = "a"\n[serving]\napi_keys = ["by-hand:read:%s"]\n' % ("0" * 64))
    return path


def said(config: Path, *words: str) -> Any:
    answer = churn(*words, "--json", config=config)
    assert answer.code == 0, answer
    return json.loads(answer.out)


def test_a_key_through_its_life(config: Path) -> None:
    made = said(config, "keys", "create", "crm", "--scope", "score", "--scope", "read", "--expires", "90d",
                "--quota", "1000/day", "--rate", "60/min")  # fmt: skip
    assert is_key(made["key"])
    (first, by_hand) = said(config, "keys", "list")
    assert (first["name"], first["scopes"], first["standing"]) == ("crm", ["read", "score"], "good")
    assert (first["per_minute"], first["per_day"], first["last_used"]) == (60, 1000, None)
    assert datetime.fromisoformat(first["expires"]).replace(tzinfo=UTC) - datetime.now(UTC) > timedelta(days=89)
    assert (by_hand["name"], by_hand["made"]) == ("by-hand", "in the settings")
    rotated = said(config, "keys", "rotate", "crm", "--grace", "2h")
    keys = Keyring(Keys(), load(config).folder).now()
    now_s = datetime.now(UTC).timestamp()
    assert {keys.find(one["key"].encode(), now_s).name for one in (made, rotated)} == {"crm"}
    assert said(config, "keys", "revoke", "crm") == {"name": "crm"}
    assert said(config, "keys", "list")[0]["standing"] == "revoked"
    assert [row["what"] for row in said(config, "audit")] == ["keys create crm", "keys rotate crm", "keys revoke crm"]
    assert all(row["key"].startswith("cli:") for row in said(config, "audit"))
    assert made["key"] not in "".join(path.read_text() for path in segments(load(config).folder))


def test_a_key_is_shown_once_for_people(config: Path) -> None:
    told = churn("keys", "create", "shop", "--scope", "events", "--signed", config=config)
    assert "only time" in told.out
    assert "whsec_" in told.out
    before = said(config, "keys", "rotate", "shop")["signing_secrets"]
    assert len(before) == 2
    assert before[1] in told.out
    assert "shop" in churn("keys", "list", config=config).out


def test_a_rotated_key_keeps_its_term_unless_it_is_told_another(config: Path) -> None:
    made = said(config, "keys", "create", "crm", "--scope", "score", "--expires", "90d")
    assert said(config, "keys", "rotate", "crm")["expires"][:10] == made["expires"][:10]
    assert said(config, "keys", "rotate", "crm", "--expires", "never")["expires"] is None
    told = churn("keys", "rotate", "crm", "--expires", "4w", config=config).out
    assert "It is good until 20" in told


def test_a_name_of_the_environment_is_taken(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURN_API_KEYS", f"grafana:read:{'0' * 64}")
    assert churn("keys", "create", "grafana", "--scope", "read", config=config).code == 12


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (["create", "CRM!", "--scope", "score"], "churn keys create"),
        (["create", "by-hand", "--scope", "score"], "churn keys create"),
        (["create", "crm", "--scope", "boss"], "scopes are"),
        (["create", "crm", "--scope", "score", "--expires", "soon"], "90d"),
        (["create", "crm", "--scope", "score", "--rate", "60/day"], "600/min"),
        (["rotate", "nobody"], "keys list"),
        (["revoke", "by-hand"], "settings"),
    ],
)
def test_what_cannot_be_done_says_what_can(config: Path, words: list[str], mend: str) -> None:
    told = churn("keys", *words, config=config)
    assert told.code == 12
    assert mend in told.err


def test_without_keys_the_list_says_what_that_means(tmp_path: Path) -> None:
    path = tmp_path / "churn.toml"
    path.write_text('artifacts = "a"\n')
    assert "this machine only" in churn("keys", "list", config=path).out


def note(scribe: Scribe, key: str, *whose: str, at: datetime = AT) -> None:
    line = Line(at, "r", key, method="POST", route="/v1/score", status=200, customers=len(whose))
    scribe.note(Asked(line, whose, 1.0))


class TestAudit:
    @pytest.fixture
    def folder(self, config: Path) -> Path:
        return load(config).folder

    def test_who_asked_about_a_customer(self, config: Path, folder: Path) -> None:
        printed: list[str] = []
        scribe = Scribe(folder, say=printed.append)
        note(scribe, "crm", "C1", "C2")
        note(scribe, "shop", "C2", at=AT + timedelta(days=1))
        scribe.close()
        assert [row["key"] for row in said(config, "audit", "--customer", "C1")] == ["crm"]
        assert [row["key"] for row in said(config, "audit", "--customer", "C2")] == ["crm", "shop"]
        assert [row["key"] for row in said(config, "audit", "--customer", "C2", "--since", "2026-03-02")] == ["shop"]
        assert [row["customers"] for row in said(config, "audit", "--key", "crm")] == [2]
        assert "Nobody asked." in churn("audit", "--customer", "C3", config=config).out
        assert "POST /v1/score" in churn("audit", config=config).out
        assert "YYYY-MM-DD" in churn("audit", "--since", "monday", config=config).err
        assert "C1" not in "".join(printed)
        assert json.loads("".join(printed).splitlines()[0])["event"] == "request.answered"

    def test_nobody_else_may_read_it(self, folder: Path) -> None:
        scribe = Scribe(folder, say=lambda _: None)
        note(scribe, "crm", "C1")
        scribe.close()
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (*segments(folder), folder / "keys" / "audit.key")]
        assert modes == [0o600, 0o600]

    def test_a_forgotten_customer_leaves_the_lines_and_stays_away(self, folder: Path) -> None:
        scribe = Scribe(folder, say=lambda _: None, gone=lambda ids: {"C9"} & set(ids))
        note(scribe, "crm", "C1", "C2")
        note(scribe, "crm", "C1", "C9")
        scribe.flush()
        erased = erase_from_audit(folder, Whom(frozenset({"C1", "nobody"})))
        assert (erased.rows, erased.files, erased.found) == (2, 1, {"C1"})
        note(scribe, "crm", "C2")
        scribe.close()
        key = key_in(folder)
        assert [line.whose for line in lines(folder)] == [
            ["erased----------", hash_of("C2", key)], ["erased----------"], [hash_of("C2", key)],
        ]  # fmt: skip
        assert list(lines(folder, hash_of("C1", key))) == []
        assert erase_from_audit(folder, Whom(frozenset({"C1"}))).rows == 0
        assert erase_from_audit(folder / "none", Whom(frozenset({"C1"}))).rows == 0

    def test_a_day_goes_when_its_time_is_over(self, folder: Path) -> None:
        for name in ("20260101T000000000000-1.jsonl", "20260102T235959000000-1.jsonl"):
            (folder / "audit").mkdir(parents=True, exist_ok=True)
            (folder / "audit" / name).write_text("")
        old = list(outlived(folder, 30, datetime(2026, 2, 1, 0, 0, 1, tzinfo=UTC)))
        assert [path.name[:8] for path, _ in old] == ["20260101"]

    def test_a_disk_that_is_full_costs_lines_and_says_so(self, folder: Path) -> None:
        lost: list[int] = []
        scribe = Scribe(folder, say=lambda _: None, lost=lost.append)
        folder.mkdir(parents=True)
        (folder / "audit").write_text("a file where the folder should be")
        note(scribe, "crm", "C1")
        note(scribe, "crm", "C2")
        scribe.flush()
        (folder / "audit").unlink()
        note(scribe, "crm", "C3")
        scribe.close()
        assert lost == [2]
        assert [(line.lost, line.customers) for line in lines(folder)] == [(2, 0), (0, 1)]

    def test_files_do_not_grow_for_ever(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("serving.audit.scribe.MOST_BYTES", 200)
        scribe = Scribe(folder, say=lambda _: None)
        for _ in range(3):
            note(scribe, "crm", "C1")
            scribe.flush()
        assert len(segments(folder)) == 3
        assert len(list(lines(folder))) == 3

    def test_too_much_at_once_is_counted_not_kept(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("serving.audit.scribe.MOST_WAITING", 2)
        monkeypatch.setattr("serving.audit.scribe.PAUSE_S", 60)
        scribe = Scribe(folder, say=lambda _: None)
        for _ in range(5):
            note(scribe, "crm")
        scribe.flush()
        assert [line.lost for line in lines(folder)] == [3, 0, 0]

    def test_customers_known_by_pseudonyms_are_asked_for_by_their_ids(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CHURN_PSEUDONYM_KEY", base64.b64encode(b"p" * 32).decode())
        path = tmp_path / "churn.toml"
        path.write_text('artifacts = "b"\n[privacy]\npseudonymous_ids = true\n')
        settings = load(path)
        names = pseudonyms_of(settings)
        assert names is not None
        scribe = Scribe(settings.folder, say=lambda _: None)
        note(scribe, "crm", names.of("C1"))
        scribe.close()
        assert [row["key"] for row in said(path, "audit", "--customer", "C1")] == ["crm"]
