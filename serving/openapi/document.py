"""The document itself: OpenAPI 3.1 and JSON Schema, from the operations and the structs that go over the wire.

Nothing is written twice: schemas follow from the structs, errors from the list every route shares. A test sends every
example and holds every answer against its schema. Start reading at `document`.
"""

from functools import cache
from typing import Any

import msgspec

from serving.openapi.form import JSON, SECURITY, Operation, Schema, Told
from serving.openapi.letters import LETTERS, webhooks
from serving.openapi.operations import OPERATIONS
from serving.schemas import ErrorAnswer

VERSION = "1"
INFO = {
    "title": "churn",
    "version": VERSION,
    "summary": "Who will leave, who will come back, and why.",
    "description": "Answers are application/json, errors too, which have one shape. Later versions only add fields.",
}
TAGS = {
    "scores": "Calibrated probabilities with reasons, or abstentions.",
    "events": "What customers do, as it happens.",
    "customers": "One customer at a time.",
    "campaigns": "What was planned for whom, and what it did.",
    "about": "What the answers stand on.",
    "health": "For whoever watches the service.",
}
HEADERS: dict[str, Schema] = {
    "X-Request-ID": {
        "description": "Finds the request in the log; the caller's own where it has a harmless form.",
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
    "Allow": {"description": "Methods that there are.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How a key is sent.", "schema": {"type": "string"}},
}
WITH = {"401": "WWW-Authenticate", "405": "Allow", "429": "Retry-After"}
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer KEY`"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


@cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of the service."""
    schemas, components = _schemas("#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "webhooks": webhooks(schemas),
        "components": {"schemas": components, "headers": HEADERS, "securitySchemes": SCHEMES},
    }


@cache
def json_schema() -> dict[str, Any]:
    """All requests and answers as one JSON Schema."""
    _, defs = _schemas("#/$defs/{name}")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "churn, version 1", "$defs": defs}


def _schemas(template: str) -> tuple[dict[Any, Schema], dict[str, Schema]]:
    """The schema of each struct, and the components that they refer to."""
    told = [one.content for operation in OPERATIONS for one in operation.answers.values()]
    wanted = [*(one for one in told if isinstance(one, type)), *(one.body for one in OPERATIONS if one.body)]
    structs = list(dict.fromkeys([*wanted, ErrorAnswer, *(kind for kind, _ in LETTERS.values())]))
    schemas, components = msgspec.json.schema_components(structs, ref_template=template)
    return dict(zip(structs, schemas, strict=True)), dict(sorted(components.items()))


def _operation(one: Operation, schemas: dict[Any, Schema]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": one.name,
        "tags": [one.tag],
        "summary": one.summary,
        "description": one.description + (f" Takes a key with the scope `{one.scope}`." if one.scope else ""),
        "responses": {status: _answer(one, status, schemas) for status in sorted({*one.answers, *one.every_error})},
        "security": SECURITY if one.scope else [],
    }
    if one.parameters:
        told["parameters"] = list(one.parameters)
    if one.body:
        content = {JSON: {"schema": schemas[one.body], "example": one.example}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _answer(one: Operation, status: str, schemas: dict[Any, Schema]) -> dict[str, Any]:
    """An answer or an error, or both where a status may be either."""
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-ID", WITH.get(status)) if name}
    told, error = one.answers.get(status), one.every_error.get(status)
    if told is None:
        assert error is not None
        return {"description": error[1], "headers": headers, "content": _error(error[0], schemas)}
    content = _content(told, schemas)
    if error is not None:
        either = [content[JSON]["schema"], schemas[ErrorAnswer]]
        content = {JSON: {"schema": {"anyOf": either}}}
    return {"description": told.meaning, "headers": headers, "content": content}


def _content(told: Told, schemas: dict[Any, Schema]) -> dict[str, Any]:
    if isinstance(told.content, str):
        return {told.content: {"schema": {"type": "string"}}}
    return {JSON: {"schema": schemas[told.content] if isinstance(told.content, type) else told.content}}


def _error(code: str, schemas: dict[Any, Schema]) -> dict[str, Any]:
    example = {"error": {"code": code, "problem": "...", "mend": "...", "request_id": "0123456789abcdef"}}
    return {JSON: {"schema": schemas[ErrorAnswer], "example": example}}
