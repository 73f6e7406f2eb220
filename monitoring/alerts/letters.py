"""The words of an alert, for machines (`monitor.verdict`) and for people (an e-mail in both languages).

Nothing in it is about a customer. Start reading at `letter_of`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from monitoring.alerts.told import Item
from monitoring.section import shown_at
from monitoring.summary import MODELS_ZH, OUTCOMES_ZH

Letter = dict[str, Any]  # id, and what `type` and `data` of the webhook say
STATES = {"new": ("New", "新告警"), "worse": ("Worse", "加重"), "over": ("Over", "已解除"), "told": ("Done", "已执行")}


def letter_of(
    content: Mapping[str, Any], items: Sequence[Item], *, letter_id: str, at: datetime, name: str, place: str
) -> Letter:
    """What goes out about a run.

    Args:
        content: `verdict.json`.
        items: the news.
        letter_id: the same whenever it is sent.
        at: now, by the wall clock.
        name: of the business.
        place: where the run's pages lie: a URL or a folder.
    """
    return {
        "id": letter_id,
        "type": "monitor.verdict",
        "timestamp": at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "data": {
            "business": content["business"], "name": name, "as_of": content["as_of"], "verdict": content["verdict"],
            "exit_code": content["exit_code"], "summary": content["summary"], "run": place,
            "alarms": [_alarm(one, place) for one in items],
        },
    }  # fmt: skip


def trial_of(business: str, name: str, letter_id: str, at: datetime) -> Letter:
    """A letter that says nothing but that letters arrive."""
    said = (
        "This is a trial: letters of `churn monitor` arrive here.",
        "这是一封测试信：`churn monitor` 的告警可以送达。",
    )
    content = {
        "business": business, "as_of": at.isoformat(timespec="seconds"), "verdict": "keep", "exit_code": 0,
        "summary": dict(zip(("en", "zh"), said, strict=True)),
    }  # fmt: skip
    made = letter_of(content, [], letter_id=letter_id, at=at, name=name, place="-")
    return made | {"type": "monitor.test"}


def body_of(letter: Letter) -> bytes:
    """The body of a webhook."""
    told = {name: letter[name] for name in ("type", "timestamp", "data")}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def mail_of(letter: Letter, sender: str, address: str, *, language: str, at: datetime) -> EmailMessage:
    """The e-mail, the business's language first.

    Args:
        letter: what is told.
        sender: whom it is from.
        address: whom it is to.
        language: en or zh.
        at: now, by the wall clock.
    """
    said, texts = letter["data"], [_text(letter, "en"), _text(letter, "zh")]
    if language == "zh":
        texts.reverse()
        subject = f"[流失监控] {said['name']}：{OUTCOMES_ZH[said['verdict']]}"
    else:
        subject = f"[churn] {said['name']}: {said['verdict'].replace('_', ' ')}"
    mail = EmailMessage()
    mail["Subject"] = " ".join(f"{subject}{_counted(said['alarms'], language)}".split())
    mail["From"], mail["To"] = sender, address
    mail["Date"], mail["Message-ID"] = format_datetime(at), f"<{letter['id']}@{sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"\n\n{'-' * 60}\n\n".join(texts))
    return mail


def _alarm(item: Item, place: str) -> dict[str, Any]:
    told = {"state": item.state, "model": item.alarm.model or None, "version": item.alarm.version or None}
    told |= {"code": item.alarm.code, "verdict": item.alarm.outcome}
    told |= {"since": item.since.isoformat() if item.since else None}
    if item.reason is not None:
        reason = item.reason.as_json()
        told |= {name: reason[name] for name in ("what", "what_zh", "number", "threshold", "mend", "mend_zh")}
        told |= {"evidence": f"{place}/{shown_at(item.reason.evidence, item.alarm.model or None)}"}
    return told


def _counted(alarms: Sequence[Mapping[str, Any]], language: str) -> str:
    counts = {state: sum(one["state"] == state for one in alarms) for state in STATES}
    parts = [f"{n} {STATES[state][0].lower()}" for state, n in counts.items() if n]
    parts_zh = [f"{n} 项{STATES[state][1]}" for state, n in counts.items() if n]
    told = f"（{'，'.join(parts_zh)}）" if language == "zh" else f" ({', '.join(parts)})"
    return told if parts else ""


def _text(letter: Letter, language: str) -> str:
    said, is_zh = letter["data"], language == "zh"
    parts = [said["summary"][language], *(_block(one, is_zh=is_zh) for one in said["alarms"])]
    parts.append(f"页面：{said['run']}" if is_zh else f"The pages: {said['run']}")
    parts.append(f"评估时刻：{said['as_of']}" if is_zh else f"Judged as of {said['as_of']}.")
    return "\n\n".join(parts)


def _block(alarm: Mapping[str, Any], *, is_zh: bool) -> str:
    state = STATES[alarm["state"]][is_zh]
    model, version = alarm["model"], f" ({alarm['version']})" if alarm["version"] else ""
    whole = "整个业务" if is_zh else "the business"
    whom = f"{MODELS_ZH.get(model, model) if is_zh else model}{version}" if model else whole
    head = f"{state} · {whom} · {alarm['code']}"
    if "what" not in alarm:
        return head
    what, mend = (alarm[f"{name}{'_zh' if is_zh else ''}"] for name in ("what", "mend"))
    measured = f"{alarm['number']:g} / {alarm['threshold']:g}"
    todo, shown = ("处理", "依据") if is_zh else ("To do", "Evidence")
    return f"{head}\n{what} ({measured})\n{todo}: {mend}\n{shown}: {alarm['evidence']}"
