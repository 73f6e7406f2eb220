"""The document as a page: what can be asked, each with an example that runs from the page, and every field in words.

Start reading at `docs`.
"""

import json
import re
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from serving.abstentions import ABSTENTIONS
from serving.openapi.document import document
from serving.openapi.form import ERRORS, OF_BODIES, Operation
from serving.openapi.operations import OPERATIONS
from serving.pages import page, text
from serving.web.banner import open_banner

FACTS = {"model": "asked", "version": "the champion", "hours": "the allowed", "minutes": "some"}  # of abstentions
SCRIPT = """
for (const button of document.querySelectorAll("button[data-method]")) {
  button.addEventListener("click", async () => {
    const {method, name} = button.dataset, key = document.getElementById("key").value;
    const asked = document.getElementById("path-" + name), path = asked ? asked.value : button.dataset.path;
    if (!path.startsWith("/") || path.startsWith("//")) return;
    const body = document.getElementById("body-" + name), out = document.getElementById("answer-" + name);
    const headers = key ? {"Authorization": "Bearer " + key} : {};
    if (body) headers["Content-Type"] = "application/json";
    const answer = await fetch(path, {method, headers, body: body ? body.value : undefined});
    const told = await answer.text();
    let shown = told;
    try {
      const parsed = JSON.parse(told), replay = document.getElementById("path-replay");
      shown = JSON.stringify(parsed, null, 2);
      const score = name === "replay" ? null : (parsed.scores || [parsed.score])[0];
      if (score) replay.value = replay.value.replace(/[0-9a-f]{32}/, score.score_id);
    } catch { }
    out.textContent = answer.status + "\\n" + shown;
    out.hidden = false;
  });
}
"""


def docs(business: str, host: str, *, is_open: bool = False) -> Response:
    """The page.

    Args:
        business: its name.
        host: where the caller found it.
        is_open: nobody needs a key.
    """
    schemas = document()["components"]["schemas"]
    answers = "".join(
        f"<tr><td>{status}</td><td><code>{code}</code></td><td>{text(meaning)}</td></tr>"
        for status, (code, meaning) in sorted((ERRORS | OF_BODIES).items())
    )
    silent = "".join(
        f"<tr><td><code>{code}</code></td><td>{text(why.format_map(FACTS))}</td></tr>"
        for code, (why, _) in ABSTENTIONS.items()
    )
    parts = [
        "<p>Each example runs from here against this very service, and from a terminal as it stands.</p>",
        "<p>Ids and parameters may be changed; what was scored last is what is made again.</p>",
        '<p><label for="key">API key, if one is needed:</label> <input id="key" type="password"></p>',
        *(_asked(one, host) for one in OPERATIONS),
        "<h2>Fields</h2>",
        *(f'<h3 id="{name}">{name}</h3>{_fields(schema)}' for name, schema in schemas.items()),
        f"<h2>Abstentions</h2><table>{silent}</table>",
        "<h2>Errors</h2><p>Each is <code>{&quot;error&quot;: {code, problem, mend, request_id}}</code>.</p>",
        f'<table>{answers}</table><p>For machines: <a href="/openapi.json">/openapi.json</a>, ',
        '<a href="/v1/schema.json">/v1/schema.json</a></p>',
    ]
    return page(business, "".join(parts), SCRIPT, above=open_banner(is_open, "en"))


def _asked(one: Operation, host: str) -> str:
    """One operation with its example."""
    described = document()["paths"][one.path][one.method]
    path = one.asks or one.path
    parameters = "".join(
        f"<tr><td><code>{told['name']}</code></td><td>{_marked(told['description'])}</td></tr>"
        for told in one.parameters
    )
    parts = [
        f"<h2><code>{one.method.upper()} {text(one.path)}</code></h2>",
        f"<p>{text(one.summary)}. {_marked(described['description'])}</p>",
        f"<table>{parameters}</table>" if parameters else "",
        f"<pre>{_curl(one, host, path)}</pre>",
    ]
    if one.method != "delete":  # nobody is forgotten by trying
        parts.append(_runs(one, path))
    return "".join(parts)


def _runs(one: Operation, path: str) -> str:
    """What runs the example from the page."""
    field = ""
    if one.parameters:
        wide = f'size="70" aria-label="Path of {text(one.path)}"'
        field = f'<p><input id="path-{one.name}" value="{text(path)}" {wide} spellcheck="false"></p>'
    if one.body:
        example = text(json.dumps(one.example, ensure_ascii=False, indent=1))
        field = f'<textarea id="body-{one.name}" aria-label="Request of {text(one.path)}">{example}</textarea>'
    button = f'<button data-method="{one.method.upper()}" data-path="{text(path)}" data-name="{one.name}">Run</button>'
    return f'{field}<p>{button}</p><pre id="answer-{one.name}" aria-live="polite" hidden></pre>'


def _curl(one: Operation, host: str, path: str) -> str:
    """The example as a command."""
    method = "" if one.method in ("get", "post") else f"-X {one.method.upper()} "
    body = f" -H 'Content-Type: application/json' -d '{json.dumps(one.example)}'" if one.body else ""
    return text(f"curl -s {method}'http://{host}{quote(path, safe='/?=&%')}'{body}")


def _fields(schema: dict[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{name}</code></td><td>{_marked(field.get('description', ''))}</td></tr>"
        for name, field in schema.get("properties", {}).items()
    ]
    return f"<p>{_marked(schema.get('description', ''))}</p><table>{''.join(rows)}</table>"


def _marked(words: str) -> str:
    """A text as HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", text(words))
