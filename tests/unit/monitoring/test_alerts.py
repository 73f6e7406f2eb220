"""Alerts: told once, again when worse, once when over, calm in between; and nothing lost while a receiver is down."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from churn.alert_sections import Alerts
from churn.settings import Settings
from churn.webhook_sections import Webhooks
from monitoring.alerts.letters import Letter, letter_of, mail_of
from monitoring.alerts.outbox import ALERTS, Outbox, deliver, read, write
from monitoring.alerts.told import Told, news
from monitoring.reason import WORST_FIRST, Reason
from monitoring.verdict import Verdict, as_json

DAY = datetime(2025, 3, 1, 5, tzinfo=UTC)
RULES = Alerts(cool_down_hours=72)
SEEN = {"summary": {"en": "One.", "zh": "一。"}}


def verdict(*reasons: tuple[str, str], version: str = "churn-demo/1", model: str = "churn") -> Verdict:
    """One with reasons as (outcome, code)."""
    made = tuple(
        Reason(outcome, code, (f"{code} moved.", "偏移。"), 2, 1, ("`churn retrain`.", "重训。"), "drift.html#a")
        for outcome, code in sorted(reasons, key=lambda one: WORST_FIRST.index(one[0]))
    )
    return Verdict(model, version, "hash", made[0].outcome if made else "keep", made)


def told_over_days(*days: list[tuple[str, str]], rules: Alerts = RULES) -> list[list[str]]:
    """What is told each day, one run a day; an empty list is a day without a letter."""
    known: tuple[Told, ...] = ()
    letters = []
    for day, reasons in enumerate(days):
        known, items = news(known, [verdict(*reasons)], rules, at=DAY + timedelta(days=day))
        letters.append([f"{one.state} {one.alarm.code} {one.alarm.outcome}" for one in items])
    return letters


WATCH, RETRAIN, STOP = [("watch", "moved")], [("retrain", "moved")], [("stop", "moved")]


@pytest.mark.parametrize(
    ("days", "letters"),
    [
        ([WATCH, WATCH, WATCH, []], [["new moved watch"], [], [], ["over moved watch"]]),
        ([WATCH, RETRAIN, STOP, WATCH], [["new moved watch"], ["worse moved retrain"], ["worse moved stop"], []]),
        ([STOP, WATCH, STOP], [["new moved stop"], [], []]),
        # on and off: told, over, and then calm until three days after; then it is news again
        ([WATCH, [], WATCH, [], WATCH], [["new moved watch"], ["over moved watch"], [], [], ["new moved watch"]]),
        ([WATCH, [], STOP, []], [["new moved watch"], ["over moved watch"], ["new moved stop"], ["over moved stop"]]),
        ([[("keep", "untold_pages")], []], [[], []]),
        ([[*WATCH, ("stop", "broken")]], [["new broken stop", "new moved watch"]]),
    ],
)  # fmt: skip
def test_each_alarm_is_told_once_while_it_lasts_again_when_worse_once_when_over(
    days: list[list[tuple[str, str]]], letters: list[list[str]]
) -> None:
    assert told_over_days(*days) == letters


def test_an_alarm_that_goes_on_under_the_next_version_is_new_and_the_old_one_is_not_over() -> None:
    known, _ = news((), [verdict(*WATCH)], RULES, at=DAY)
    known, items = news(known, [verdict(*WATCH, version="churn-demo/2")], RULES, at=DAY + timedelta(days=1))
    assert [(one.state, one.alarm.version) for one in items] == [("new", "churn-demo/2")]
    assert [one.version for one in known] == ["churn-demo/2"]


def test_only_verdicts_that_are_asked_for_are_told() -> None:
    only = Alerts(verdicts=("stop",))
    assert told_over_days(WATCH, STOP, rules=only) == [[], ["new moved stop"]]


def test_a_column_more_is_news_of_an_alarm_that_stands_and_is_told_once() -> None:
    known: tuple[Told, ...] = ()
    days = [["a"], ["a"], ["a", "b", "c"], ["a"], ["a", "b"], ["b"], []]
    told = []
    for day, columns in enumerate(days):
        reasons = [Reason("watch", "broken", (f"{one}.", f"{one}。"), 1, 0, ("", ""), about=(one,)) for one in columns]
        given_ = replace(verdict(), reasons=tuple(reasons))
        known, items = news(known, [given_], RULES, at=DAY + timedelta(days=day))
        known = tuple(Told.from_json(one.as_json()) for one in known)
        told.append([(one.state, one.reason.what[0] if one.reason else "") for one in items])
    assert told == [[("new", "a.")], [], [("worse", "b. Likewise: c.")], [], [], [], [("over", "")]]


def test_a_clock_that_fell_back_calms_nobody() -> None:
    known = (Told("churn", "churn-demo/1", "moved", "watch", DAY + timedelta(days=900), is_over=True),)
    _, items = news(known, [verdict(*WATCH)], RULES, at=DAY)
    assert [one.state for one in items] == ["new"]


@given(st.lists(st.sampled_from(["", "watch", "retrain", "stop"]), max_size=12), st.integers(0, 4))
def test_whoever_only_reads_letters_knows_how_things_stand(outcomes: list[str], calm_days: int) -> None:
    """After each run the last letter of an alarm says `over` or something as bad as the truth, but for a cool-down."""
    known: tuple[Told, ...] = ()
    rules, last, over_at = Alerts(cool_down_hours=24 * calm_days), "", None
    for day, outcome in enumerate(outcomes):
        at = DAY + timedelta(days=day)
        known, items = news(known, [verdict(*([(outcome, "moved")] if outcome else []))], rules, at=at)
        assert len(items) <= 1
        for one in items:
            last, over_at = ("", day) if one.state == "over" else (one.alarm.outcome, None)
        if not outcome:
            assert last == ""
        elif last == "":  # silent: it must be calm, and be told when that is over
            assert over_at is not None
            assert day - over_at < calm_days
        else:
            assert WORST_FIRST.index(last) <= WORST_FIRST.index(outcome)


class Receiver:
    """A channel that takes letters, or says why not."""

    def __init__(self, name: str) -> None:
        self.id = self.shown = name
        self.got: list[str] = []
        self.problem: str | None = None

    def send(self, letter: Letter) -> str | None:
        if self.problem is None:
            self.got.append(letter["id"])
        return self.problem


def letters(*ids: str) -> list[Letter]:
    return [{"id": one, "type": "monitor.verdict", "timestamp": "", "data": {}} for one in ids]


def test_what_a_receiver_did_not_take_waits_and_the_others_get_theirs_once(tmp_path: Path) -> None:
    up, down = Receiver("up"), Receiver("down")
    down.problem = "timeout"
    box = Outbox()
    for letter in letters("1", "2"):
        box = box.with_letter(letter, ["up", "down"])
        write(tmp_path, box)
        box, sent = deliver(read(tmp_path), [up, down])
        assert [(one.shown, one.problem) for one in sent] == [("up", None), ("down", "timeout")]
    assert (up.got, down.got, len(box.waiting)) == (["1", "2"], [], 2)
    down.problem = None
    box, _ = deliver(box, [up, down])
    assert (up.got, down.got, box.waiting) == (["1", "2"], ["1", "2"], ())


def test_letters_to_who_is_no_longer_named_go(tmp_path: Path) -> None:
    box, sent = deliver(Outbox().with_letter(letters("1")[0], ["gone"]), [Receiver("here")])
    assert (box.waiting, sent) == ((), [])


@pytest.mark.parametrize("spoilt", ["", "{", "[]", '{"told": [{}], "waiting": []}', '{"told": 1}'])
def test_a_broken_file_means_that_what_lasts_is_told_once_more(tmp_path: Path, spoilt: str) -> None:
    write(tmp_path, Outbox((Told("churn", "v/1", "moved", "watch", DAY),)))
    assert len(read(tmp_path).told) == 1
    (tmp_path / ALERTS).write_text(spoilt)
    assert read(tmp_path) == Outbox()


@pytest.mark.parametrize(("language", "first", "subject"), [
    ("en", "One.", "[churn] Demo shop: watch (1 new)"), ("zh", "一。", "[流失监控] Demo shop：关注（1 项新告警）"),
])  # fmt: skip
def test_a_mail_speaks_both_languages_that_of_the_business_first(language: str, first: str, subject: str) -> None:
    verdicts = [verdict(*WATCH)]
    content = as_json(verdicts, now=DAY, business="demo", clock="log") | SEEN
    _, items = news((), verdicts, RULES, at=DAY)
    letter = letter_of(content, items, letter_id="x", at=DAY, name="Demo\nshop", place="https://c.example/monitoring/r")
    mail = mail_of(letter, "churn@shop.example", "ops@shop.example", language=language, at=DAY)
    assert mail["Subject"] == subject
    text = mail.get_content()
    assert text.startswith(first)
    assert "moved moved. (2 / 1)" in text.replace("\n", " ")
    for said in (
        "To do: `churn retrain`.",
        "处理: 重训。",
        "https://c.example/monitoring/r/drift.html#churn-a",
        "churn-demo/1",
    ):
        assert said in text
    assert json.loads(json.dumps(letter)) == letter


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"mail_to": ("a@b.example",)}, "smtp_host"),
        ({"mail_to": ("a b",)}, "pattern"),
        ({"smtp_user": "u", "smtp_host": "mail.example", "smtp_security": "none"}, "in the clear"),
        ({"service_url": "churn.example"}, "pattern"),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Alerts(**wrong)  # type: ignore[arg-type]


def test_webhooks_of_alerts_go_by_the_rules_of_webhooks() -> None:
    plain = Alerts(urls=("http://127.0.0.1:1/x",))
    with pytest.raises(ValidationError, match="not https"):
        Settings(alerts=plain)
    assert Settings(alerts=plain, webhooks=Webhooks(allow_http=True)).alerts == plain
