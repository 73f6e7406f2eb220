"""Pages of the service for people: everything a page needs is in it, and it may load nothing from anywhere.

No script, style or font comes from elsewhere (BentoML's own page loads a tag manager). Start reading at `page`.
"""

import base64
import hashlib
import html
import json
from typing import Any

from starlette.responses import HTMLResponse, Response

from serving.openapi.operations import EXAMPLE

READ = {
    "/livez": "Is the process alive?",
    "/healthz": "The same.",
    "/readyz": "Can it answer, and with which champions?",
    "/metrics": "For Prometheus.",
    "/docs": "What can be asked, with examples that run.",
    "/openapi.json": "The same for machines.",
}
STYLE = """
:root{--ink:#1b1f24;--paper:#fff;--card:#f4f6f8;--line:#d8dee4;--link:#0b5cad;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--ink:#e8ecf1;--paper:#12171d;--card:#1b222a;--line:#38424d;--link:#82b8f2}}
body{font:16px/1.5 system-ui,sans-serif;max-width:58rem;margin:2rem auto;padding:0 1rem;color:var(--ink);
background:var(--paper)}h1,h2,h3,td,p{overflow-wrap:anywhere}
h1{font-size:1.6rem}h2 code{font-size:1rem;font-weight:600}
h2{font-size:1.2rem;margin-top:2rem}code,pre,textarea{font:13px/1.45 ui-monospace,monospace}
pre,textarea{background:var(--card);color:inherit;border:1px solid var(--line);border-radius:6px;padding:.75rem;
overflow:auto}pre{white-space:pre-wrap;overflow-wrap:anywhere}
textarea{width:100%;box-sizing:border-box;min-height:6rem}table{border-collapse:collapse;width:100%;font-size:.9rem}
td,th{border-bottom:1px solid var(--line);padding:.35rem .6rem;text-align:left;vertical-align:top}a{color:var(--link)}
input{max-width:100%;box-sizing:border-box}
button{font:inherit;padding:.35rem 1rem;border:1px solid var(--link);border-radius:6px;background:var(--link);
color:var(--paper)}.open{margin:0;padding:.5rem 1rem;background:#7a4700;color:#fff}
"""


def curl(host: str, path: str = "/v1/score", example: Any = EXAMPLE) -> str:  # what fits the path's schema
    """A command that asks, as HTML."""
    return text(f"curl -s http://{host}{path} -H 'Content-Type: application/json' -d '{json.dumps(example)}'")


def text(words: str) -> str:
    """Words as HTML."""
    return html.escape(words)


def page(business: str, content: str, script: str = "", above: str = "") -> Response:
    """A page that may load nothing from anywhere and run only the script it brings; `above` stands over its heading."""
    name = text(business)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>churn: {name}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f'<body><header>{above}<p><a href="/">{name}</a></p></header><main><h1>churn: {name}</h1>{content}</main>'
        f"{f'<script>{script}</script>' if script else ''}</body></html>"
    )
    allowed = f"'sha256-{_digest(script)}'" if script else "'none'"
    policy = (
        f"default-src 'none'; style-src 'sha256-{_digest(STYLE)}'; script-src {allowed}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"})


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
