"""What an operation of the service is, for the document: its route, what it takes and what it answers.

Start reading at `Operation`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from serving.schemas import MOST_REASONS

Schema = dict[str, Any]
JSON = "application/json"
SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"header": []}, {}]
ERRORS = {  # code of the example, what it means; for routes that take a key
    "401": ("unauthorised", "No key, or an unknown one."),
    "403": ("forbidden", "The key lacks the scope; or no key is set and the Host is foreign."),
    "405": ("wrong_method", "Another method; Allow names those there are."),
    "429": ("too_many_requests", "The key has used up its requests; Retry-After says how long to wait."),
    "431": ("headers_too_large", "The headers pass the limit."),
    "500": ("internal_error", "Our fault; the request id finds it in the log of the service."),
    "503": ("not_ready", "Not ready, too busy, or something could not be written or read; the code says which."),
}
OF_BODIES = {
    "400": ("malformed_json", "The body is no JSON."),
    "408": ("body_too_slow", "The body did not come in time."),
    "413": ("body_too_large", "The body passes the limit."),
    "422": ("invalid_request", "JSON, but not as the schema has it."),
}
OF_QUERIES = {"422": ("invalid_request", "A parameter is wrong, unknown or there twice.")}
OPEN = ("405", "431", "500")  # errors of routes that take no key


class Told(NamedTuple):
    """One answer.

    Args:
        meaning: when it comes.
        content: struct, schema or media type of what it holds.
    """

    meaning: str
    content: Any  # a msgspec.Struct class, a JSON schema, or the name of a media type


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    Args:
        tag: under which it is listed.
        name: unique, for generated clients.
        scope: that the key needs; None where no key is needed.
        answers: by status.
        errors: by status, code and meaning, beside those of every route.
        parameters: of path and query.
        body: struct of what is sent. example: what fits it, and runs.
        asks: the path, filled in, of an example that runs; the path itself where empty.
    """

    method: str
    path: str
    tag: str
    name: str
    summary: str
    description: str
    scope: str | None
    answers: Mapping[str, Told]
    errors: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    parameters: tuple[Schema, ...] = ()
    body: type[msgspec.Struct] | None = None
    example: Any = None
    asks: str = ""

    @property
    def every_error(self) -> dict[str, tuple[str, str]]:
        """All errors that it may give, by status."""
        common = ERRORS if self.scope else {status: ERRORS[status] for status in OPEN}
        query = OF_QUERIES if any(one["in"] == "query" for one in self.parameters) else {}
        return dict(sorted((common | query | (OF_BODIES if self.body else {}) | dict(self.errors)).items()))


def query(name: str, schema: Schema, description: str, example: Any = None) -> Schema:
    """A parameter behind the `?`, which may be left out."""
    return _parameter(name, "query", schema, description, example) | {"required": False}


def in_path(name: str, schema: Schema, description: str, example: Any) -> Schema:
    """A part of the path."""
    return _parameter(name, "path", schema, description, example) | {"required": True}


def _parameter(name: str, where: str, schema: Schema, description: str, example: Any) -> Schema:
    told = {"name": name, "in": where, "description": description, "schema": schema}
    return told | ({} if example is None else {"example": example})


LANGUAGE = query("language", {"type": "string", "enum": ["en", "zh"]}, "Of the reasons; unset: Accept-Language.", "en")
TOP_REASONS = query(
    "top_reasons", {"type": "integer", "minimum": 0, "maximum": MOST_REASONS},
    "At most so many reasons; unset: [serving] top_reasons.", 3,
)  # fmt: skip
