"""`DELETE /v1/customers/{customer_id}`: a customer leaves every store and does not come back by themselves.

200 with the receipt, which names nobody; 404 where no store knows them, unless `?keep_out=true` asks to keep them out
all the same. Erasing is not serving's to do: the desk is given what does it. Takes a key with the scope `erase`.
Start reading at `ForgetDesk.delete`.
"""

from collections.abc import Callable
from typing import Any

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from serving.queries import Query
from serving.refusals import NotReady

PATH = "/v1/customers/{customer_id}"
SCOPES = {PATH: "erase"}
YES, NO = ("true", "True", "1"), ("false", "False", "0")
HOW = "ask `DELETE /v1/customers/{customer_id}?keep_out=true` or `false`; it may be left out."
Erase = Callable[[str, bool], dict[str, Any]]  # whom, and whether to keep out who is unknown; the receipt
encode = msgspec.json.Encoder().encode


class ForgetDesk:
    """Where requests to be forgotten come to; closed until the service is ready."""

    def __init__(self) -> None:
        self._erase: Erase | None = None

    def open(self, erase: Erase) -> None:
        """Begin to forget."""
        self._erase = erase

    def close(self) -> None:
        """Forget no more."""
        self._erase = None

    def routes(self) -> list[BaseRoute]:
        """The route of this desk."""
        return [Route(PATH.replace("}", ":path}"), self.delete, methods=["DELETE"])]

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /v1/customers/{customer_id}`."""
        if self._erase is None:
            raise NotReady
        asked = Query(request.query_params, {"keep_out"}, HOW)
        keep_out = asked.one_of("keep_out", (*YES, *NO)) in YES
        receipt = await anyio.to_thread.run_sync(self._erase, request.path_params["customer_id"], keep_out)
        return Response(encode(receipt), media_type="application/json")
