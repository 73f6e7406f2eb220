"""`churn replay`: an answer of the past beside what is made of its inputs today. Exit code 10 where they differ."""

from typing import TYPE_CHECKING, Any

from churn.errors import DataError, SettingsError
from cli.console import table
from cli.outcome import Outcome

if TYPE_CHECKING:
    from churn.settings import Settings

ADVISED = ("action", "action_text", "action_due")
SHOWN = ("probability", "percentile", "band", "stage", "model_version", *ADVISED, "scored_at", "cutoff", "known_at")
LANGUAGES = ("en", "zh")


class NoLanguage(SettingsError):
    """Reasons are asked for in a language that there is not."""

    def __init__(self, language: str) -> None:
        super().__init__(f"There are no reasons in {language!r}.", mend="say `--language en` or `--language zh`.")


def replay(settings: "Settings", score_id: str, *, language: str | None, top: int | None) -> Outcome:
    """Make an answer again and say whether it is the same.

    Raises:
        NoLanguage: reasons in another than en or zh. UnknownScore: nobody gave it. Erased: of whom it spoke was
            forgotten.
    """
    import msgspec

    from serving.replay import replay as again

    language = language or settings.business.language
    if language not in LANGUAGES:
        raise NoLanguage(language)
    found = again(
        settings, score_id, language=language, top=settings.serving.top_reasons if top is None else top
    )  # fmt: skip
    told: dict[str, Any] = msgspec.to_builtins(found)
    return Outcome(_text(told), told, exit_code=0 if found.equal else DataError.exit_code)


def _text(told: dict[str, Any]) -> str:
    head = "The answer comes back, bit by bit." if told["equal"] else "The answer does not come back as it was told."
    was, now = told["told"] or {}, told["replayed"] or {}
    advised = now.get("action") or {}
    now = now | {"cutoff": now.get("features_as_of"), "action": advised.get("action")}
    now |= {"action_text": advised.get("text"), "action_due": advised.get("due")}
    rows = [{"": name, "told": was.get(name), "made again": now.get(name)} for name in SHOWN]
    inputs = [
        {"input": name, "state": one["state"], "problem": "; ".join([one["problem"] or "", *one["names"]]).strip("; ")}
        for name, one in told["inputs"].items()
    ]
    reasons = [f"  {reason['text']}" for reason in now.get("reasons", [])]
    return "\n".join([head, "", table(rows), "", table(inputs), "", *reasons]).rstrip()
