"""Bodies that nobody should send, drawn: nasty JSON to every route that takes one, in good times and bad.

Whatever comes, the answer is one that the document has: no 500, no traceback, nothing of the request told back beyond
a few words, in time; and the service answers good requests as before.
"""

import errno
import gzip
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.live.inbox import InboxUnavailable
from features.store_errors import StoreUnavailable
from serving.openapi.operations import OPERATIONS
from tests.contract.test_openapi import CUSTOMER, Shop, holds
from tests.webhook_receiver import wait_until

SECONDS = 5.0
MOST_TOLD = 2_000  # characters of an error
ROUTES = [one for one in OPERATIONS if one.body]
NUMBERS = (
    "1e999", "-1e999", "NaN", "Infinity", "9" * 400, "-0", "1E400", "0.1e-400", "18446744073709551616", "01", "1.",
    "9223372036854775808", "1e308", "5e-324", "2.5",
)  # fmt: skip
TEXTS = (
    '"\\ud800"', '"\\udc00\\ud800"',
    '"\\u0000"', '""', '" "', '"' + "x" * 257 + '"', '"' + "客" * 20_000 + '"', '"\\x"',
    '"../../etc/passwd"', '"=cmd|x"', '"<script>"', '"2026-13-45T99:00:00Z"',
    '"9999-12-31T23:59:59+00:00"', '"\u202e\ufeff"',
    '"0001-01-01T00:00:00+14:00"', '"2026-01-01T00:00:00"', '"order"', '"C000123"', '"2025-02-01T12:00:00+08:00"',
)  # fmt: skip
DEEP = ("[" * 5_000 + "]" * 5_000, '{"a":' * 2_000 + "1" + "}" * 2_000, "[" * 100_000)
NAMES = (
    "customer_ids", "language", "top_reasons", "events", "customers", "as_of", "customer_id", "event_id", "event_type",
    "event_timestamp", "amount", "quantity", "source", "source_id", "text", "score", "related_customer_id", "x",
    "__class__",
)  # fmt: skip
LEAVES = st.one_of(st.sampled_from(["null", "true", *NUMBERS, *TEXTS, *DEEP]), st.text(max_size=20).map(json.dumps))


def lists(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, max_size=4).map(lambda every: f"[{','.join(every)}]")


def objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Objects with names we know, one of them twice now and then."""
    pairs = st.lists(st.tuples(st.sampled_from(NAMES), inner), max_size=6)
    return pairs.map(lambda every: "{" + ",".join(f'"{name}":{value}' for name, value in every) + "}")


ANY = st.recursive(LEAVES, lambda inner: lists(inner) | objects(inner), max_leaves=12)
EXAMPLES = [json.dumps(one.example) for one in ROUTES]


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """An example of the document in which one value or a few letters were changed."""
    example = draw(st.sampled_from(EXAMPLES))
    at = draw(st.integers(0, len(example) - 1))
    return example[:at] + draw(LEAVES | st.text(max_size=3)) + example[at + draw(st.integers(0, 12)) :]


TOO_MANY = (
    json.dumps({"customer_ids": ["C1"], "language": "x" * 100_000}), json.dumps({"x" * 100_000: 1}),
    json.dumps({"customer_ids": [f"{number:0256d}" for number in range(1000)]}),
    json.dumps({"customer_ids": [f"{number:0256d}" for number in range(1001)]}),
    json.dumps({"events": [{} for _ in range(1001)]}),
    json.dumps({"events": [[number] for number in range(1000)]}),
    json.dumps({"customers": [{"events": []} for _ in range(51)]}),
    '{"customer_ids":[' + '"C1",' * 999 + '"C1"],"customer_ids":["C1"]}',
    "customer_ids=C1&language=en", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--",
)  # fmt: skip
BODIES = st.one_of(
    (ANY | objects(ANY) | spoilt() | st.sampled_from(TOO_MANY)).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=40),
    st.sampled_from([b"\xef\xbb\xbf{}", b"{}\x00", b'{"customer_ids":["\xc0\xaf"]}', gzip.compress(b" " * 1_000_000)]),
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "content-type": st.sampled_from(["", "text/plain", "multipart/form-data; boundary=x", "application/json; a=b"]),
        "content-encoding": st.sampled_from(["gzip", "br", "identity", "gzip, gzip"]),
        "accept-language": st.sampled_from([b"zh", b"*;q=x", b"," * 2000, b"zh;q=1e999", b"\xff"]),
        "accept": st.sampled_from(["text/html", "*/*", ""]),
    },
)  # fmt: skip
DRAWN = settings(
    max_examples=60 if settings.get_current_profile_name() == "ci" else 2000, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("shop"), rate_limit_per_minute=0)
    yield made
    made.desk.close()
    made.intake.close()


def asked(shop: Shop, one: Any, body: bytes, headers: Any) -> Any:
    """An answer that is of the document, came in time, and tells little."""
    began = time.monotonic()
    answer = shop.client.request(one.method.upper(), one.path, content=body, headers=headers)
    assert time.monotonic() - began < SECONDS
    holds(one, answer)
    assert answer.status_code != 500
    assert b"Traceback" not in answer.content
    assert b'File "' not in answer.content
    if "error" in answer.json():
        assert answer.status_code >= 400
        assert list(answer.json()["error"]) == ["code", "problem", "mend", "request_id"]
        assert len(answer.content) < MOST_TOLD
        assert "x" * 257 not in answer.text
    return answer


@pytest.mark.parametrize("one", ROUTES, ids=lambda one: one.path)
def test_whatever_body_comes_the_answer_is_of_the_contract(shop: Shop, one: Any) -> None:
    @DRAWN
    @given(body=BODIES, headers=HEADERS)
    def run(body: bytes, headers: Any) -> None:
        asked(shop, one, body, headers)

    run()
    assert shop.client.post("/v1/score", json={"customer_ids": [CUSTOMER]}).status_code == 200


@pytest.mark.parametrize("one", ROUTES, ids=lambda one: one.path)
@pytest.mark.parametrize("body", [*TOO_MANY, *DEEP], ids=lambda body: body[:24])
def test_too_many_and_too_deep(shop: Shop, one: Any, body: str) -> None:
    asked(shop, one, body.encode(), {})


def down(*_: Any) -> Any:
    raise StoreUnavailable("redis", reason="no answer", mend="start it.")


def disk_full(*_: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def no_inbox(*_: Any) -> Any:
    raise InboxUnavailable("live/inbox.db", "disk full")


@pytest.mark.parametrize(
    ("fault", "told"),
    [("store", {200}), ("log", {"score_log_unavailable"}), ("inbox", {"inbox_unavailable"})],
)
def test_in_bad_times_too(shop: Shop, fault: str, told: set[Any]) -> None:
    """Store down, disk full, inbox gone: good and bad requests are answered by the contract, and after it as before."""
    seen = set[Any]()

    @settings(DRAWN, max_examples=DRAWN.max_examples // 3)
    @given(one=st.sampled_from(ROUTES), body=st.sampled_from(EXAMPLES).map(str.encode) | BODIES)
    def run(one: Any, body: bytes) -> None:
        answer = asked(shop, one, body, {})
        error = answer.json().get("error")
        seen.add(error["code"] if error else answer.status_code)

    with pytest.MonkeyPatch.context() as patch:
        if fault == "store":
            patch.setattr(shop.store, "rows", down)
        elif fault == "log":
            patch.setattr(shop.log, "_write", disk_full)
        else:
            patch.setattr(shop.intake, "append", no_inbox)
        run()
        for one in ROUTES:
            answer = asked(shop, one, json.dumps(one.example).encode(), {})
            seen.add(answer.json().get("error", {}).get("code") or answer.status_code)
    assert told <= seen
    good = {"customer_ids": [CUSTOMER]}

    def is_well() -> bool:
        answer = shop.client.post("/v1/score", json=good)
        return answer.status_code == 200 and "store_unavailable" not in answer.text

    wait_until(is_well)
