"""What people and machines read about the service: the OpenAPI document, and two pages made from it.

Everything a page needs is in it: no script, style or font comes from elsewhere (BentoML's own page loads a tag
manager). Knows the schemas, no model and no server. Start reading at `document`.
"""

import base64
import hashlib
import html
import json
import re
from typing import Any

import msgspec
from starlette.responses import HTMLResponse, Response

from serving import forget, replay_desk
from serving.abstentions import ABSTENTIONS
from serving.event_schemas import EventsAnswer, EventsRequest
from serving.replay_schemas import Replay
from serving.schemas import ErrorAnswer, ScoreAnswer, ScoreRequest

VERSION = "1"
EXAMPLE: dict[str, Any] = {"customer_ids": ["C000123", "C000456"], "language": "en", "top_reasons": 3}
WITHIN = ("WireReason", "WireHorizon", "WireNextEvent", "WireDays", "WireValue")  # fields of a score
ERRORS = {
    "400": "The body is no JSON",
    "401": "No key, or an unknown one",
    "403": "The key lacks the scope",
    "405": "Another method",
    "413": "The body is larger than 1 MB",
    "422": "JSON, but not as the schema has it; of events: or none could be taken",
    "429": "Too many requests in this minute; see Retry-After",
    "500": "Our fault",
    "503": "Not ready, or an answer could not be logged, or events not stored",
}
EVENTS_EXAMPLE: dict[str, Any] = {
    "events": [
        {"customer_id": "C000123", "event_id": "till-4711", "event_type": "order", "amount": 49.9, "channel": "shop",
         "event_timestamp": "2026-01-31T12:00:00+08:00"},
    ]
}  # fmt: skip
READ = {
    "/livez": "Is the process alive?",
    "/healthz": "The same.",
    "/readyz": "Can it answer, and with which champions?",
    "/metrics": "For Prometheus.",
    "/docs": "This document as a page.",
    "/openapi.json": "This document.",
}
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:58rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}code,pre,textarea{font:13px/1.45 ui-monospace,monospace}
pre,textarea{background:#f4f6f8;border:1px solid #d8dee4;border-radius:6px;padding:.75rem;overflow:auto}
pre{white-space:pre-wrap}
textarea{width:100%;box-sizing:border-box;min-height:6rem}table{border-collapse:collapse;width:100%;font-size:.9rem}
td,th{border-bottom:1px solid #d8dee4;padding:.35rem .6rem;text-align:left;vertical-align:top}a{color:#0b5cad}
button{font:inherit;padding:.35rem 1rem;border:1px solid #0b5cad;border-radius:6px;background:#0b5cad;color:#fff}
"""
SCRIPT = """
document.getElementById("ask").addEventListener("click", async () => {
  const out = document.getElementById("answer"), key = document.getElementById("key").value;
  const headers = {"Content-Type": "application/json", ...(key ? {"Authorization": "Bearer " + key} : {})};
  const answer = await fetch("/v1/score", {method: "POST", headers, body: document.getElementById("body").value});
  out.textContent = answer.status + "\\n" + JSON.stringify(await answer.json(), null, 2);
});
"""


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of this stage."""
    (request, answer, error, events, receipts, replay), components = msgspec.json.schema_components(
        [ScoreRequest, ScoreAnswer, ErrorAnswer, EventsRequest, EventsAnswer, Replay],
        ref_template="#/components/schemas/{name}",
    )
    post = {
        "operationId": "score",
        "summary": "Score 1 to 1000 customers",
        "description": "For each: a calibrated probability with its reasons, or an abstention that says why not.",
        "requestBody": {"required": True, "content": _json(request, EXAMPLE)},
        "responses": {
            "200": {"description": "One answer an id, in their order", "content": _json(answer)},
            **{status: {"description": meaning, "content": _json(error)} for status, meaning in ERRORS.items()},
        },
        "security": [{"bearer": []}, {"header": []}, {}],
    }
    schemes = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "churn", "version": VERSION, "summary": "Who will leave, who will come back, and why."},
        "paths": {
            "/v1/score": {"post": post},
            "/v1/events": {"post": post | _taking(events, receipts, error)},
            **forget.described(ERRORS, _json(error)),
            **replay_desk.described(ERRORS, _json(error), _json(replay)),
            **_reading(),
        },
        "components": {"schemas": components, "securitySchemes": schemes},
    }


def _reading() -> dict[str, Any]:
    return {
        path: {"get": {"summary": meaning, "responses": {"200": {"description": "OK"}}}}
        for path, meaning in READ.items()
    }


def _taking(events: Any, receipts: Any, error: Any) -> dict[str, Any]:  # three schemas
    """What the route of live events differs in from that of scores."""
    return {
        "operationId": "events",
        "summary": "Take 1 to 1000 live events",
        "description": "Stored durably before the answer leaves; the next score of their customers knows them.",
        "requestBody": {"required": True, "content": _json(events, EVENTS_EXAMPLE)},
        "responses": {
            "202": {
                "description": "Something was stored; what became of each",
                "content": _json(receipts),
            },
            "200": {"description": "Nothing new: all that could be taken was known before", "content": _json(receipts)},
            **{status: {"description": meaning, "content": _json(error)} for status, meaning in ERRORS.items()},
        },
    }


def home(business: str, host: str) -> Response:
    """The first page: what this is and where to go; `host` is where the caller found it."""
    rows = "".join(f'<tr><td><a href="{path}">{path}</a></td><td>{text}</td></tr>' for path, text in READ.items())
    return _page(
        business,
        "<p>Who will leave, who will come back, and why: one answer a customer, from their events.</p>"
        f"<h2>Ask</h2><pre>{_curl(host)}</pre><h2>Pages</h2><table>{rows}</table>",
    )


def docs(business: str, host: str) -> Response:
    """The OpenAPI document as a page, with an example that runs; `host` is where the caller found it."""
    described = document()
    schemas = described["components"]["schemas"]
    answers = "".join(f"<tr><td>{status}</td><td>{meaning}</td></tr>" for status, meaning in ERRORS.items())
    silent = "".join(
        f"<tr><td><code>{code}</code></td><td>{_text(_plainly(why))}</td></tr>" for code, (why, _) in _silent()
    )
    body = _text(json.dumps(EXAMPLE))
    parts = [
        f"<h2><code>POST /v1/score</code></h2><p>{_text(described['paths']['/v1/score']['post']['description'])}</p>",
        f"<pre>{_curl(host)}</pre>",
        f'<h2>Try it</h2><textarea id="body" aria-label="Request">{body}</textarea>',
        '<p><input id="key" type="password" placeholder="API key, if needed" aria-label="API key"> ',
        '<button id="ask">Ask</button></p><pre id="answer">The answer comes here.</pre>',
        *(f"<h2>{name}</h2>{_fields(schemas[name])}" for name in ("ScoreRequest", "Score", *WITHIN)),
        f"<h2><code>POST /v1/events</code></h2><p>{_text(described['paths']['/v1/events']['post']['description'])}</p>",
        f"<pre>{_curl(host, '/v1/events', EVENTS_EXAMPLE)}</pre>",
        *(f"<h2>{name}</h2>{_fields(schemas[name])}" for name in ("EventIn", "EventsAnswer", "EventOut")),
        f"<h2>Abstentions</h2><table>{silent}</table>",
        "<h2>Errors</h2><p>Each is <code>{&quot;error&quot;: {code, problem, mend, request_id}}</code>.</p>",
        f'<table>{answers}</table><p>The whole document: <a href="/openapi.json">/openapi.json</a></p>',
    ]
    return _page(business, "".join(parts), SCRIPT)


def _silent() -> list[tuple[str, tuple[str, str]]]:
    return list(ABSTENTIONS.items())


def _json(schema: Any, example: Any = None) -> dict[str, Any]:  # a JSON schema, and what fits it
    return {"application/json": {"schema": schema} | ({"example": example} if example else {})}


def _fields(schema: dict[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{name}</code></td><td>{_marked(field.get('description', ''))}</td></tr>"
        for name, field in schema["properties"].items()
    ]
    return f"<p>{_text(schema.get('description', ''))}</p><table>{''.join(rows)}</table>"


def _curl(host: str, path: str = "/v1/score", example: Any = EXAMPLE) -> str:  # what fits the path's schema
    return _text(f"curl -s http://{host}{path} -H 'Content-Type: application/json' -d '{json.dumps(example)}'")


def _marked(text: str) -> str:
    """A text as HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", _text(text))


def _plainly(problem: str) -> str:
    """A problem without its facts."""
    return problem.format(model="asked", version="the champion", hours="the allowed", minutes="some")


def _text(text: str) -> str:
    return html.escape(text)


def _page(business: str, content: str, script: str = "") -> Response:
    """A page that may load nothing from anywhere and run only the script it brings."""
    name = _text(business)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>churn: {name}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><h1>churn: {name}</h1>{content}{f'<script>{script}</script>' if script else ''}</body></html>"
    )
    allowed = f"'sha256-{_digest(script)}'" if script else "'none'"
    policy = (
        f"default-src 'none'; style-src 'sha256-{_digest(STYLE)}'; script-src {allowed}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"})


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
