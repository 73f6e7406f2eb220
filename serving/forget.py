"""`DELETE /v1/customers/{customer_id}`: a customer leaves every store and does not come back by themselves.

200 with the receipt, which names nobody; 404 where no store knows them, unless `?keep_out=true` asks to keep them out
all the same. Erasing is not serving's to do: the desk is given what does it. Takes a key with the scope `erase`.
Start reading at `ForgetDesk.delete`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from serving.refusals import NotReady

PATH = "/v1/customers/{customer_id}"
SCOPES = {PATH: "erase"}
Erase = Callable[[str, bool], dict[str, Any]]  # whom, and whether to keep out who is unknown; the receipt
encode = msgspec.json.Encoder().encode


def described(errors: Mapping[str, str], refused: Mapping[str, Any]) -> dict[str, Any]:
    """The route for the OpenAPI document.

    Args:
        errors: status and meaning of the errors that every route may give.
        refused: the content of an error.
    """
    parameters = [
        {"name": "customer_id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "keep_out", "in": "query", "schema": {"type": "boolean", "default": False}},
    ]
    own = {status: errors[status] for status in ("401", "403", "405", "429", "500", "503")}
    own["404"] = "No store knows this customer; with keep_out they are kept out all the same"
    receipt = {"200": {"description": "The receipt: what was erased where; it names nobody"}}
    told = {status: {"description": meaning, "content": refused} for status, meaning in sorted(own.items())}
    delete = {
        "operationId": "forget",
        "summary": "Forget a customer",
        "description": "They leave every store and are kept out from then on. Takes a key with the scope erase.",
        "parameters": parameters,
        "responses": receipt | told,
        "security": [{"bearer": []}, {"header": []}, {}],
    }
    return {PATH: {"delete": delete}}


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
        keep_out = request.query_params.get("keep_out", "").lower() in ("true", "1")
        receipt = await anyio.to_thread.run_sync(self._erase, request.path_params["customer_id"], keep_out)
        return Response(encode(receipt), media_type="application/json")
