"""A CRM that asks a running service over HTTP with keys, and holds each answer to the document that it publishes."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests import tiny_service
from tests.command_line import churn
from tests.running_service import Service, answer_of
from tests.webhook_receiver import Endpoint, wait_until

NAME = f"churn-{tiny_service.SLUG}"
ERROR = {"code", "problem", "mend", "request_id"}


def quote(customer_id: str) -> str:
    """An id in a path."""
    return urllib.parse.quote(customer_id, safe="")


def key_of(config: Path, *words: str) -> str:
    """A new key, as an administrator makes it."""
    said = churn("keys", *words, "--json", config=config)
    assert said.code == 0, said
    return str(json.loads(said.out)["key"])


@dataclass
class Crm:
    """A caller who holds each answer to the published document."""

    service: Service
    hooks: Endpoint
    key: str
    document: dict[str, Any] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: object = None, key: str | None = None, **headers: str) -> Any:
        """Status, JSON and headers of an answer that is as the document has it."""
        sent = None if body is None else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"} | headers
        request = urllib.request.Request(self.service.url + path, sent, given, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                told = answer.status, answer_of(answer.read()), answer.headers
        except urllib.error.HTTPError as error:
            told = error.code, answer_of(error.read()), error.headers
        assert told[2]["Content-Type"] == "application/json", path
        if self.document:
            self.holds(method, path.partition("?")[0], *told[:2])
        return told

    def holds(self, method: str, path: str, status: int, content: dict[str, Any]) -> None:
        """Check an answer against the schema of its route and status."""
        forms = (re.sub(r"{\w+}", "[^/]+", one) for one in self.document["paths"])
        route = next(one for one, form in zip(self.document["paths"], forms, strict=True) if re.fullmatch(form, path))
        told = self.document["paths"][route][method.lower()]["responses"][str(status)]
        schema = told["content"]["application/json"]["schema"]
        Draft202012Validator(schema | {"components": self.document["components"]}).validate(content)
        if status >= 400 and "error" in content:
            assert set(content["error"]) == ERROR

    def score(self, customer_id: str, **headers: str) -> dict[str, Any]:
        """The score of one customer."""
        status, told, _ = self.ask("POST", "/v1/score", {"customer_ids": [customer_id]}, **headers)
        assert status == 200, told
        return dict(told["scores"][0])

    def changed(self, cursor: str | None) -> tuple[list[dict[str, Any]], str]:
        """Everybody of whom there is something new, page by page, and the cursor of next time."""
        found = list[dict[str, Any]]()
        while True:
            since = f"&since={cursor}" if cursor else ""
            status, told, _ = self.ask("GET", f"/v1/scores?limit=7{since}")
            assert status == 200, told
            found, cursor = found + told["scores"], str(told["next"])
            if not told["more"]:
                return found, cursor

    def serves(self, number: int) -> None:
        """Wait until a version answers."""
        name = f"{NAME}/{number}"
        wait_until(lambda: self.ask("GET", "/readyz")[1]["champions"]["churn"]["version"] == name, 60)
