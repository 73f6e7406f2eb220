"""What a retraining did, for people and machines: `retrain/<time>.md` and `.json`, in the language of the business.

    steps with their times · who serves, before and now, and why not where not · have the scores moved? · how it ended

Start reading at `Summary.done`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn.errors import ChurnError
from cli.journal import Journal
from cli.outcome import Outcome
from features.atomic import write_json, write_text

if TYPE_CHECKING:
    from churn.settings import Settings

FOLDER = Path("retrain")
WORDS = {
    "en": {
        "title": "Retraining of {name}, {at}",
        "new": "{model}: version {now} serves now, {before} served before.",
        "first": "{model}: version {now} serves now; nobody served before.",
        "kept": "{model}: version {before} goes on serving. {why}",
        "none": "{model}: nobody serves. {why}",
        "returned": " It serves since its successor was sent back by the watch: {why}.",
        "same": "no challenger was promoted",
        "scores": "Scores of {model}: {customers:,} customers, {mean:.1%} on average{moved}.",
        "moved": " ({before:.1%} before; moved by PSI {psi:.3f})",
        "took": "It took {minutes:.1f} minutes, in {runs} run(s).",
        "failed": "It broke off: {problem}\nTo mend it: {mend}\nWhoever served goes on serving; "
        "the next run goes on where this one stopped.",
        "steps": "Steps",
    },
    "zh": {
        "title": "{name} 的重新训练，{at}",
        "new": "{model}：现由版本 {now} 提供服务，此前为版本 {before}。",
        "first": "{model}：现由版本 {now} 提供服务，此前没有模型。",
        "kept": "{model}：继续由版本 {before} 提供服务。{why}",
        "none": "{model}：没有模型提供服务。{why}",
        "returned": "其后继版本被监控退回：{why}。",
        "same": "没有新模型上线",
        "scores": "{model} 的评分：{customers:,} 位客户，平均 {mean:.1%}{moved}。",
        "moved": "（此前 {before:.1%}；变动 PSI {psi:.3f}）",
        "took": "用时 {minutes:.1f} 分钟，共 {runs} 次运行。",
        "failed": "中途停止：{problem}\n处理办法：{mend}\n此前的模型继续服务；下一次运行会从中断处继续。",
        "steps": "步骤",
    },
}


@dataclass(frozen=True)
class Summary:
    """The summary of a run.

    Args:
        settings: whose run.
        journal: what was done, and how things stood before.
    """

    settings: "Settings"
    journal: Journal

    def done(self, results: Mapping[str, Outcome], exit_code: int) -> Outcome:
        """A run that came to its end."""
        from cli import retraining, score_change

        before = self.journal.before or {}
        serving = retraining.champions(self.settings)
        names = sorted({*serving, *before["champions"]})
        refused = {name: one.text for name, one in results.items() if one.exit_code}
        told = {
            "models": {name: _model(before["champions"].get(name), serving.get(name)) for name in names},
            "scores": score_change.moved(before["scores"], self.settings),
            "refused": refused,
            "judged": results["promote"].text.splitlines() if "promote" in results else [],
        }
        return self._told("done", exit_code, told)

    def failed(self, error: ChurnError) -> dict[str, Any]:
        """A run that a step has ended."""
        said = {"error": error.code, "problem": error.problem, "mend": error.mend}
        content: dict[str, Any] = self._told("failed", error.exit_code, said).as_json
        return content

    def _told(self, state: str, exit_code: int, told: Mapping[str, Any]) -> Outcome:
        ended = datetime.now(UTC)
        began = datetime.fromisoformat(self.journal.began_at)
        content = {
            "state": state,
            "business": self.settings.business.name,
            "began_at": self.journal.began_at,
            "ended_at": ended.isoformat(timespec="seconds"),
            "took_s": round((ended - began).total_seconds(), 1),
            "runs": self.journal.runs,
            "exit_code": exit_code,
            "steps": self.journal.steps(),
            **told,
        }
        return Outcome(_lines(content, WORDS[self.settings.business.language]), content, exit_code)


def write(content: Mapping[str, Any], settings: "Settings") -> Path:
    """Write a summary for machines and for people; where the one for people is."""
    stamp = str(content["ended_at"]).replace(":", "").replace("+0000", "Z")
    words, folder = WORDS[settings.business.language], settings.folder / FOLDER
    write_json(folder / f"{stamp}.json", content)
    title = words["title"].format(name=content["business"], at=content["ended_at"])
    steps = "\n".join(f"| {one['step']} | {one['took_s']:.1f} s |" for one in content["steps"])
    text = f"# {title}\n\n{_lines(content, words)}\n\n## {words['steps']}\n\n| | |\n|---|---|\n{steps}\n"
    write_text(folder / f"{stamp}.md", text)
    return folder / f"{stamp}.md"


def _model(before: Any, now: Mapping[str, Any] | None) -> dict[str, Any]:  # a version's number, or None
    return {
        "before": before,
        "now": None if now is None else now["version"],
        "model_hash": None if now is None else now["model_hash"],
        "is_new": now is not None and now["version"] != before,
        "metrics": None if now is None else now["metrics"],
        "returned": now["gate"]["checks"][0] if now is not None and now.get("act") == "return" else None,
    }


def _lines(content: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """What happened, in sentences."""
    if content["state"] == "failed":
        return words["failed"].format(problem=content["problem"], mend=content["mend"])
    lines = [_sentence(name, one, words, _why(name, content, words)) for name, one in content["models"].items()]
    for name, one in content["scores"].items():
        was, now = one["before"], one["now"]
        moved = "" if was is None else words["moved"].format(before=was["mean"], psi=one["psi"])
        lines.append(words["scores"].format(model=name, customers=now["customers"], mean=now["mean"], moved=moved))
    return "\n".join([*lines, words["took"].format(minutes=content["took_s"] / 60, runs=len(content["runs"]))])


def _why(name: str, content: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """Why a model was not promoted: what is said of it, also where it was only no better, or of all."""
    said = "\n".join(content["refused"].values())
    mine = [line for line in (*content["judged"], *said.splitlines()) if line.startswith(f"{name}-")]
    return " ".join(dict.fromkeys(mine)) or said or words["same"]


def _sentence(name: str, one: Mapping[str, Any], words: Mapping[str, str], why: str) -> str:
    kind = (
        "none" if one["now"] is None else "kept" if not one["is_new"] else "first" if one["before"] is None else "new"
    )
    told = words[kind].format(model=name, now=one["now"], before=one["before"], why=why)
    if one["returned"] is None:
        return told
    said = "why" if words is WORDS["en"] else "why_zh"
    return told + words["returned"].format(why=one["returned"][said])
