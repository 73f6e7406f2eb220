"""The pages of the service and its document: `/`, `/docs` and `/openapi.json`. Start reading at `routes`."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from serving import pages

SCOPES = {"/": "read", "/docs": "read", "/openapi.json": "read"}


def routes(name: str) -> list[BaseRoute]:
    """The routes.

    Args:
        name: of the business.
    """
    document = msgspec.json.encode(pages.document())

    async def home(request: Request) -> Response:
        return pages.home(name, request.url.netloc)

    async def docs(request: Request) -> Response:
        return pages.docs(name, request.url.netloc)

    async def openapi(_: Request) -> Response:
        return Response(document, media_type="application/json")

    every = {"/": home, "/docs": docs, "/openapi.json": openapi}
    return [Route(path, endpoint, methods=["GET"]) for path, endpoint in every.items()]
