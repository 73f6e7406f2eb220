"""The documents of the service: `/docs`, `/openapi.json`, `/v1/schema.json`. Start at `routes`."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from serving.openapi.document import document, json_schema
from serving.openapi.page import docs as docs_page

SCOPES = {"/docs": "read", "/openapi.json": "read", "/v1/schema.json": "read"}


def routes(name: str) -> list[BaseRoute]:
    """The routes.

    Args:
        name: of the business.
    """
    published, schema = msgspec.json.encode(document()), msgspec.json.encode(json_schema())

    async def docs(request: Request) -> Response:
        return docs_page(name, request.url.netloc, is_open=request.state.caller.open)

    async def openapi(_: Request) -> Response:
        return Response(published, media_type="application/json")

    async def schemas(_: Request) -> Response:
        return Response(schema, media_type="application/json")

    every = {"/docs": docs, "/openapi.json": openapi, "/v1/schema.json": schemas}
    return [Route(path, endpoint, methods=["GET"]) for path, endpoint in every.items()]
