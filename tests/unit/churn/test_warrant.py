"""A warrant lets in the one artifact it names, and nothing else: forged, changed, of another, of no gate."""

from dataclasses import replace
from typing import Any

import pytest

from churn.warrant import FACTS, Artifact, fault, signed

KEY = b"0" * 64
ARTIFACT = Artifact("churn", "churn-shop", 3, "a" * 64, "b" * 12, "c" * 12)
LET_IN: dict[str, Any] = {
    **vars(ARTIFACT), "act": "promote", "at": "2026-01-01T00:00:00+00:00", "who": "安娜", "passed": True,
    "checks": {"parity": "passed"}, "history_hash": "d" * 64,
}  # fmt: skip


def test_what_the_gate_let_in_may_serve() -> None:
    for act in ("promote", "rollback", "return"):
        assert fault(signed(LET_IN | {"act": act}, KEY), KEY, ARTIFACT) is None


@pytest.mark.parametrize("name", FACTS)
def test_no_fact_can_be_changed_or_left_out(name: str) -> None:
    warrant = signed(LET_IN, KEY)
    for tampered in (warrant | {name: "x"}, {one: told for one, told in warrant.items() if one != name}):
        assert _code(tampered) == "forged_verdict"


@pytest.mark.parametrize("name", list(vars(ARTIFACT)))
def test_it_is_of_no_other_artifact(name: str) -> None:
    changed: dict[str, Any] = {name: 4 if name == "version" else "other"}
    found = fault(signed(LET_IN, KEY), KEY, replace(ARTIFACT, **changed))
    assert found is not None
    assert found.code == "verdict_of_another"
    assert name in found.why


@pytest.mark.parametrize("facts", [{"passed": False}, {"act": "refused"}, {"act": "shadow"}, {"passed": "yes"}])
def test_a_signed_refusal_lets_nobody_in(facts: dict[str, Any]) -> None:
    assert _code(signed(LET_IN | facts, KEY)) == "not_let_in"


def test_without_verdict_key_or_signature_nobody_is_let_in() -> None:
    warrant = signed(LET_IN, KEY)
    assert _code(None) == "no_verdict"
    assert _code(warrant, key=None) == "no_key"
    assert _code(signed(LET_IN, b"another")) == "forged_verdict"
    assert _code({}) == "forged_verdict"
    assert _code(warrant | {"signature": "客"}) == "forged_verdict"
    assert _code(warrant | {"form": 2}) == "forged_verdict"


def _code(warrant: dict[str, Any] | None, key: bytes | None = KEY) -> str | None:
    found = fault(warrant, key, ARTIFACT)
    return found.code if found else None
