"""The watch over new champions: what broke a floor goes back to the champion before it, by itself, once a promotion.

Monitoring says whether a floor is broken, training takes the alias back; they meet here. `churn monitor` asks, and
so does `churn run`. Start reading at `watch`.
"""

import json
import urllib.request
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from churn.settings import Settings
    from monitoring.findings import Findings
    from training.versions import Registry

SHORT_S = 2.0
COUNTED = "churn_request_seconds_count{"


def watch(
    settings: "Settings", findings: "Sequence[Findings]", now: datetime, registry: "Registry | None" = None
) -> list[dict[str, Any]]:
    """Send back the new champions that broke a floor; what was done, a line each.

    Only a champion whose last act was its promotion is watched, so that none goes back twice and none flaps.

    Args:
        settings: whose; [gate] has the floors.
        findings: what monitoring found of each champion.
        now: by the business's clock.
        registry: whose alias; that of the settings where None.
    """
    from training.history import SERVED, read

    done: list[dict[str, Any]] = []
    for found in findings:
        mine = [one for one in read(settings) if one["act"] in SERVED and one["model"] == found.champion.model]
        if mine and mine[-1]["act"] == "promote" and "as_of" in mine[-1]:
            line = _judged(settings, found, mine, now, registry)
            done += [line] if line else []
    return done


def _judged(
    settings: "Settings",
    found: "Findings",
    lines: list[dict[str, Any]],
    now: datetime,
    registry: "Registry | None",
) -> dict[str, Any] | None:
    from monitoring.stops import lift
    from monitoring.watch import Seen, abstained_in, breach
    from training.history import before
    from training.registry import MlflowRegistry
    from training.taking_back import send_back

    champion, since = found.champion, datetime.fromisoformat(lines[-1]["as_of"])
    if not before(lines):  # nobody to go back to
        return None
    seen = Seen(
        champion=champion, promoted_at=since, now=now, realised=found.realised, score=found.score,
        is_sound=not found.faults, min_rows=found.min_rows,
        abstained=abstained_in(settings.folder, champion, since), failed=failed_requests(settings, champion.version),
    )  # fmt: skip
    broken = breach(seen, settings.gate)
    if broken is None:
        return None
    held, why = registry or MlflowRegistry(settings), (broken.why, broken.why_zh)
    went = [one.record for one in send_back(champion.model, held, settings, why=why, as_of=now)]
    for one in went:
        lift(settings.folder, one["model"])
    return {
        "model": champion.model, "from": champion.version, "to": f"{went[0]['name']}/{went[0]['version']}",
        "with_it": [f"{one['name']}/{one['version']}" for one in went[1:]],
        "code": broken.code, "why": broken.why, "why_zh": broken.why_zh,
    }  # fmt: skip


def failed_requests(settings: "Settings", version: str) -> tuple[int, int]:
    """Of the scoring requests of a service that runs here, how many were answered 5xx, and how many there were.

    (0, 0) where none runs, it serves another version, or its meters need a key: then its own alarms must tell.
    """
    try:
        port = int(json.loads((settings.folder / "serving" / "service.json").read_text(encoding="utf-8"))["port"])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=SHORT_S) as answer:
            lines = answer.read().decode().splitlines()
    except (OSError, ValueError, KeyError):  # none runs, or it says nothing to us
        return 0, 0
    if not any(f'version="{version}"' in line and line.endswith(" 1.0") for line in lines):  # it serves another
        return 0, 0
    counts = [line for line in lines if line.startswith(COUNTED) and 'route="/v1/score"' in line]
    failed = sum(float(line.rsplit(" ", 1)[1]) for line in counts if 'status="5' in line)
    return int(failed), int(sum(float(line.rsplit(" ", 1)[1]) for line in counts))
