"""Whatever JSON comes: ids are exchanged and nothing else, no real id is left, and the answer gets them back."""

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from features.pseudonyms import Pseudonyms
from serving.pseudonyms import LONGEST, MANY, ONE, Exchange
from serving.refusals import MalformedJson

NAMES = Pseudonyms(b"n" * 32)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ids = texts.map(lambda text: f"id {text}") | st.just("x" * (LONGEST + 1)) | st.just("  ")
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
fields = st.sampled_from([*sorted(ONE), *sorted(MANY), "events", "customers", "amount"]) | texts


def bodies(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(fields, inner | ids | st.lists(ids, max_size=3), max_size=4)


def exchanged(body: Any, name: str = "") -> Any:
    """The same as plain recursion says it."""
    if isinstance(body, dict):
        return {name: exchanged(value, name) for name, value in body.items()}
    if isinstance(body, list) and name in MANY:
        return [exchanged(one, "customer_id") if isinstance(one, str) else one for one in body]
    if isinstance(body, list) and name not in ONE:
        return [exchanged(one) for one in body]
    if isinstance(body, str) and name in ONE and len(body) <= LONGEST:
        return NAMES.of(body)
    return body


@given(st.recursive(leaves, bodies, max_leaves=12), st.booleans())
def test_ids_and_nothing_else(body: Any, ascii_only: bool) -> None:
    exchange = Exchange(NAMES)
    found = exchange.body(json.dumps(body, ensure_ascii=ascii_only).encode())
    assert json.loads(found) == exchanged(body)
    assert json.loads(exchange.back(found, "application/json")) == body or len(exchange.known) == 0


class Asked(msgspec.Struct):
    """What a route would read."""

    customer_ids: list[str] = []
    customer_id: str = ""


@given(
    st.fixed_dictionaries({"customer_ids": st.lists(ids, max_size=2), "customer_id": ids}), st.integers(0), st.binary()
)
def test_a_body_that_was_spoilt_brings_no_real_id_in(body: dict[str, Any], place: int, spoilt: bytes) -> None:
    content = json.dumps(body).encode()
    place %= len(content) + 1
    try:
        passed = Exchange(NAMES).body(content[:place] + spoilt + content[place:])
        read = msgspec.json.decode(passed, type=Asked)
    except (MalformedJson, msgspec.DecodeError, UnicodeDecodeError):
        return
    assert not [one for one in (*read.customer_ids, read.customer_id) if one.startswith("id ")]
