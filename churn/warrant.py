"""The gate's signed word that one artifact may serve: what promotion writes and serving asks for.

    warrant = signed(facts, key)      fault(warrant, key, artifact) -> why not; None: it may

A warrant names one version, its hash and its features. It is signed with HMAC-SHA256, so that only who holds the
gate's key can write one: not whoever can move an alias or write to the registry. Knows no file and no registry. Start
reading at `fault`.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORM = 1
PURPOSE = b"churn warrant 1\n"  # what the same key signs elsewhere can never pass as a warrant
SERVING_ACTS = ("promote", "rollback", "return")
FACTS = (
    "model", "name", "version", "model_hash", "feature_set_hash", "definition_id", "act", "at", "who", "passed",
    "checks", "history_hash",
)  # fmt: skip

Warrant = dict[str, Any]


@dataclass(frozen=True)
class Artifact:
    """What is to serve, as it was found: which version, under which hash."""

    model: str
    name: str
    version: int
    model_hash: str
    feature_set_hash: str
    definition_id: str


@dataclass(frozen=True)
class Fault:
    """Why a warrant lets nothing serve: a code, and a sentence without a full stop."""

    code: str
    why: str


def signed(facts: Mapping[str, Any], key: bytes) -> Warrant:
    """A warrant of these facts.

    Args:
        facts: each of FACTS; others are left out.
        key: the gate's.
    """
    warrant: Warrant = {"form": FORM} | {name: facts[name] for name in FACTS}
    return warrant | {"signature": _signature(warrant, key)}


def fault(warrant: Mapping[str, Any] | None, key: bytes | None, artifact: Artifact) -> Fault | None:
    """Why this artifact may not serve; None where the gate let exactly it in.

    Args:
        warrant: what came with it; None where nothing did.
        key: the gate's; None where there is none.
        artifact: what it is, by its own content.
    """
    if warrant is None:
        return Fault("no_verdict", "no signed verdict of the gate came with it")
    if key is None:
        return Fault("no_key", "the key that signs verdicts is gone, so that none can be believed")
    said = {name: warrant[name] for name in ("form", *FACTS) if name in warrant}
    if not hmac.compare_digest(str(warrant.get("signature")).encode(), _signature(said, key).encode()):
        return Fault("forged_verdict", "its verdict is not signed with the gate's key")
    if warrant.get("form") != FORM or warrant["passed"] is not True or warrant["act"] not in SERVING_ACTS:
        return Fault("not_let_in", f"the gate's verdict does not let it serve ({warrant.get('act')})")
    other = [name for name, found in vars(artifact).items() if warrant[name] != found]
    if other:
        told = ", ".join(f"{name} {_short(warrant[name])}" for name in other)
        return Fault("verdict_of_another", f"its verdict is of another artifact ({told})")
    return None


def _signature(said: Mapping[str, Any], key: bytes) -> str:
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(key, PURPOSE + text.encode(), hashlib.sha256).hexdigest()


def _short(told: Any) -> str:  # a text or a number
    return str(told)[:12]
