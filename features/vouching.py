"""Champions of before verdicts were signed: they get one signed with the business's own key, once.

Only a record whose act stands in the history, of the same version and hash, is signed: that is what said who serves
until then. Where the settings name a key, it is not this one, and `churn promote` signs anew. Start reading at
`vouch_for_champions`.
"""

import json
from pathlib import Path
from typing import Any

from churn.warrant import SERVING_ACTS, signed
from features.atomic import write_json
from features.signing_key import own_key

OF_THE_ACT = ("name", "version", "model_hash")


def vouch_for_champions(folder: Path) -> None:
    """Sign the champions that promotion let in before it signed; others stay, to be refused.

    Args:
        folder: the artifacts of the business.
    """
    history = folder / "champion" / "history.jsonl"
    lines = [json.loads(line) for line in history.read_bytes().splitlines()] if history.exists() else []
    for path in sorted((folder / "champion").glob("*.json")):
        try:
            record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:  # whoever reads it says so; no other command fails for it
            continue
        line = next((one for one in lines if one.get("hash") and one["hash"] == record.get("history_hash")), None)
        if "warrant" in record or line is None or line["act"] not in SERVING_ACTS:
            continue
        if any(line.get(name) != record.get(name) for name in OF_THE_ACT):
            continue
        checks = {one["name"]: one["state"] for one in line["verdict"]["checks"]}
        facts = {**record, "act": line["act"], "at": line["at"], "who": line["who"], "checks": checks}
        facts["passed"] = line["verdict"]["passed"]
        write_json(path, record | {"warrant": signed(facts, own_key(folder))})
