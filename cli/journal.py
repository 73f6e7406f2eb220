"""What a run has done so far, on disk after every step: whoever starts it anew after a kill goes on where it stopped.

A finished step is not done again while it goes by the same inputs and what it made still stands. The first step for
which that fails is done, and so are all after it. Start reading at `Journal.finished`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.outcome import Outcome
from features.atomic import write_json

JOURNAL = Path("retrain") / "journal.json"


@dataclass(frozen=True)
class Done:
    """A finished step.

    Args:
        inputs: hash of what it went by.
        at: when it ended, UTC.
        took_s: how long it took.
        text, as_json, exit_code: its outcome.
    """

    inputs: str
    at: str
    took_s: float
    text: str
    as_json: Any
    exit_code: int

    @property
    def outcome(self) -> Outcome:
        """What the step gave."""
        return Outcome(self.text, self.as_json, self.exit_code)


class Journal:
    """The journal of the run of a business that is under way.

    Args:
        folder: the artifacts of the business.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL
        read = self._read()
        self.began_at: str = read.get("began_at") or _now()
        self.before: dict[str, Any] | None = read.get("before")
        self.runs: list[str] = [*read.get("runs", [])]
        self._done = {name: Done(**one) for name, one in read.get("done", {}).items()}

    @property
    def is_new(self) -> bool:
        """Whether no run before broke off."""
        return not self.runs

    def begin(self, before: Mapping[str, Any]) -> None:
        """A run begins, or goes on.

        Args:
            before: how things stood; what the first of its runs found stays.
        """
        self.before = self.before or dict(before)
        self.runs.append(_now())
        self._write()

    def finished(self, name: str, inputs: Any) -> Done | None:  # inputs: anything JSON can hold
        """A step that was finished with these inputs; None where it was not."""
        done = self._done.get(name)
        return done if done is not None and done.inputs == hashed(inputs) else None

    def note(self, name: str, inputs: Any, outcome: Outcome, took_s: float) -> Done:
        """A step is finished: from now on it is not done again. What was noted of later ones counts no more."""
        as_json = json.loads(json.dumps(outcome.as_json, default=str))
        done = Done(hashed(inputs), _now(), round(took_s, 1), outcome.text, as_json, outcome.exit_code)
        names = [*self._done]
        kept = names[: names.index(name)] if name in names else names
        self._done = {one: self._done[one] for one in kept} | {name: done}
        self._write()
        return done

    def steps(self) -> list[dict[str, Any]]:
        """The steps that are finished: what each took, when it ended and how."""
        return [
            {"step": name, "took_s": one.took_s, "ended_at": one.at, "exit_code": one.exit_code}
            for name, one in self._done.items()
        ]

    def close(self) -> None:
        """The run has come to its end: the next one begins anew."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError):  # not ours to repair: everything is done again
            return {}

    def _write(self) -> None:
        done = {name: asdict(one) for name, one in self._done.items()}
        write_json(self._path, {"began_at": self.began_at, "runs": self.runs, "before": self.before, "done": done})


def hashed(inputs: Any) -> str:
    """A name for what a step goes by."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
