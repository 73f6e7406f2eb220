"""Is there a need to retrain? The newest verdict says so, made anew where its files have changed. Start at `need`."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import say

if TYPE_CHECKING:
    from churn.settings import Settings

RESTS_ON = ("log/manifest.json", "features/manifest.json", "champion/*.json", "scores/batch/*.parquet")
OLDEST = timedelta(hours=36)
NEEDED = {"verdict", "exit_code", "as_of", "summary", "models"}


@dataclass(frozen=True)
class Need:
    """Whether to retrain.

    Args:
        is_needed: yes or no. text: why. exit_code: where nothing is trained. as_json: for machines.
    """

    is_needed: bool
    text: str
    exit_code: int
    as_json: dict[str, Any]


def need(settings: "Settings") -> Need:
    """Whether the newest verdict asks for a new model, and nothing speaks against training one now.

    Raises:
        NoChampion: nothing was promoted yet.
    """
    return _weighed(settings, _fresh(settings) or _made_now(settings))


def foreseen(settings: "Settings") -> Need | None:
    """The same by the newest verdict alone; None where monitoring would look first. Changes nothing."""
    verdict = _fresh(settings)
    return None if verdict is None else _weighed(settings, verdict)


def _weighed(settings: "Settings", verdict: dict[str, Any]) -> Need:
    asked = [model for model, one in verdict["models"].items() if one["verdict"] == "retrain"]
    told = {"verdict": verdict["verdict"], "as_of": verdict["as_of"], "asked_for": asked}
    language = "zh" if settings.business.language == "zh" else "en"
    head = f"The verdict of {verdict['as_of']}: {verdict['verdict'].replace('_', ' ')}. {verdict['summary'][language]}"
    code = int(verdict["exit_code"])
    against = _against(settings, verdict["verdict"], asked)
    text = f"{head}\n{against or 'To be retrained: ' + ', '.join(asked)}"
    return Need(against is None, text, code, told)


def _against(settings: "Settings", outcome: str, asked: list[str]) -> str | None:
    """What speaks against training now; None where nothing does."""
    if not asked:
        return "Nothing is retrained."
    if outcome == "stop":
        return "Nothing is retrained by itself while a model is stopped: mend what stopped it, then `churn retrain`."
    lately, wait = _retrained_at(settings.folder), timedelta(days=settings.monitoring.retrain_every_days)
    if lately is None or datetime.now(UTC) >= lately + wait:
        return None
    rule = "[monitoring] retrain_every_days"
    return f"It was tried on {lately:%Y-%m-%d}, and not again before {lately + wait:%Y-%m-%d %H:%M} UTC ({rule})."


def _fresh(settings: "Settings") -> dict[str, Any] | None:
    """The newest verdict; None where something that it rests on is newer, or it is too old."""
    from monitoring.stops import VERDICT

    path = settings.folder / VERDICT
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        made = path.stat().st_mtime
    except (OSError, ValueError):
        return None
    rests_on = [file for pattern in RESTS_ON for file in settings.folder.glob(pattern)]
    told = set(content) if isinstance(content, dict) else set()
    if any(file.stat().st_mtime > made for file in rests_on) or not NEEDED.issubset(told):
        return None
    age = datetime.now(UTC) - datetime.fromtimestamp(made, UTC)
    return content if timedelta(0) <= age < OLDEST else None


def _made_now(settings: "Settings") -> dict[str, Any]:
    from cli import monitoring

    say("The newest verdict is not of today's files: monitoring looks first.")
    content: dict[str, Any] = monitoring.monitor(settings).as_json
    return content


def _retrained_at(folder: Path) -> datetime | None:
    """When the last retraining came to its end."""
    from cli.retrain_summary import FOLDER

    ended = []
    for path in sorted((folder / FOLDER).glob("*Z.json"))[-10:]:
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            if told["state"] == "done":
                ended.append(datetime.fromisoformat(told["ended_at"]))
        except (OSError, ValueError, KeyError, TypeError):  # a spoilt summary is none
            continue
    return max(ended, default=None)
