"""What the service is measured against: servers of the same model, or of none, as their own pages tell to write them.

    bentoml serve benchmarks.served.peers:Noop     does nothing with the same request model; all defaults
    uvicorn benchmarks.served.peers:plain          FastAPI and LightGBM: predicts, or explains by `pred_contrib`

`PEER_MODEL` names the booster's file. Neither knows keys, limits, a store, a log or metrics of its own.
"""

import os
from functools import cache
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field


class Asked(BaseModel):
    """The request of `POST /v1/score`, as pydantic has it."""

    model_config = ConfigDict(extra="forbid")

    customer_ids: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=256)]], Field(min_length=1, max_length=1000)
    ]
    language: Literal["en", "zh"] | None = None
    top_reasons: Annotated[int, Field(ge=0, le=10)] | None = None


class Vectors(BaseModel):
    """Features in the order of the model; null is missing."""

    vectors: list[list[float | None]]


@cache
def _booster() -> Any:
    import lightgbm

    return lightgbm.Booster(model_file=os.environ["PEER_MODEL"])


def _noop() -> Any:
    import bentoml

    @bentoml.service(name="noop", workers=2)
    class Noop:
        """Answers nothing to everybody."""

        @bentoml.api(route="/v1/score")
        async def score(self, asked: Asked, /) -> dict[str, list[str]]:
            """Say that there is nothing to say."""
            del asked
            return {"scores": []}

    return Noop


def _plain() -> Any:
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/readyz")
    async def ready() -> dict[str, int]:
        return {"trees": _booster().num_trees()}

    @app.post("/predict")
    async def predict(asked: Vectors) -> dict[str, list[float]]:
        rows = np.array(asked.vectors, dtype=np.float64)
        return {"probabilities": _booster().predict(rows, num_threads=1).tolist()}

    @app.post("/explain")
    async def explain(asked: Vectors) -> dict[str, list[Any]]:
        rows = np.array(asked.vectors, dtype=np.float64)
        moves = _booster().predict(rows, pred_contrib=True, num_threads=1)
        raw = moves.sum(axis=1)
        top = np.argsort(-np.abs(moves[:, :-1]), axis=1)[:, :5]
        told = [[(int(place), float(row[place])) for place in places] for row, places in zip(moves, top, strict=True)]
        return {"probabilities": (1 / (1 + np.exp(-raw))).tolist(), "reasons": told}

    return app


def __getattr__(name: str) -> Any:
    """`Noop` and `plain`, made when a server asks for them."""
    made = {"Noop": _noop, "plain": _plain}
    if name not in made:
        raise AttributeError(name)
    return made[name]()
