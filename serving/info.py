"""What the answers stand on: `GET /v1/features`, `GET /v1/models` and `GET /v1/models/{model}`.

    features    those that a champion reads, in words, with unit, group of reasons, window and what is usual
    models      who serves since when, what it predicts, its bands, how good it was held to be, what the gate said

Read from the champions that answer now, from what promotion wrote down of them, and from the manifest of the rows of
now. Takes a key with the scope `read`. Start reading at `InfoDesk`.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from churn.bundle import Bundle
from features.current_file import MANIFEST_FILE
from serving.champion import MODELS, Champion
from serving.info_schemas import CheckInfo, FeatureInfo, FeaturesAnswer, GateInfo, GradeInfo, ModelInfo, ModelsAnswer
from serving.queries import Query
from serving.refusals import UnknownModel

FEATURES, ALL_MODELS, ONE_MODEL = "/v1/features", "/v1/models", "/v1/models/{model}"
SCOPES = dict.fromkeys((FEATURES, ALL_MODELS, ONE_MODEL), "read")
HOW = "this path takes no parameters."
WINDOWS = ("days", "beside_days")  # of a formula
encode = msgspec.json.Encoder().encode


class Scorer(Protocol):
    """What makes scores: serving.scorer.Scorer."""

    @property
    def champions(self) -> Mapping[str, Champion]:
        """By model."""
        ...


class Counter(Protocol):
    """What answers: serving.app.Counter."""

    @property
    def scorer(self) -> Scorer:
        """What makes scores."""
        ...


class Answers(Protocol):
    """What answers a request: serving.app.Desk."""

    @property
    def counter(self) -> Counter:
        """What answers; raises NotReady where nothing does."""
        ...


class InfoDesk:
    """Where features and models are asked for.

    Args:
        folder: the artifacts of the business.
        desk: what answers.
    """

    def __init__(self, folder: Path, desk: Answers) -> None:
        self._folder, self._desk = folder, desk

    def routes(self) -> list[BaseRoute]:
        """The routes of this desk."""
        every = {FEATURES: self.features, ALL_MODELS: self.models, ONE_MODEL: self.model}
        return [Route(path, endpoint, methods=["GET"]) for path, endpoint in every.items()]

    async def features(self, request: Request) -> Response:
        """Answer `GET /v1/features`."""
        Query(request.query_params, (), HOW)
        bundles = [one.bundle for one in self._champions().values()]
        windows, infos = self._windows(), dict[str, FeatureInfo]()
        for bundle in bundles:
            for name in bundle.features:
                infos.setdefault(name, _feature(name, bundle, bundles, windows))
        hashes: dict[str, str] = {bundle.model: bundle.feature_set_hash for bundle in bundles}
        return _told(FeaturesAnswer(hashes, list(infos.values())))

    async def models(self, request: Request) -> Response:
        """Answer `GET /v1/models`."""
        Query(request.query_params, (), HOW)
        champions = self._champions()
        return _told(ModelsAnswer({model: self._info(champions.get(model)) for model in MODELS}))

    async def model(self, request: Request) -> Response:
        """Answer `GET /v1/models/{model}`."""
        Query(request.query_params, (), HOW)
        info = self._info(self._champions().get(request.path_params["model"]))
        if info is None:
            raise UnknownModel(request.path_params["model"], MODELS)
        return _told(info)

    def _champions(self) -> Mapping[str, Champion]:
        return self._desk.counter.scorer.champions

    def _windows(self) -> dict[str, int | None]:
        """How far back each feature of the rows of now looks, in days."""
        manifest = _read(self._folder / "features" / MANIFEST_FILE)
        told = manifest.get("feature_set", {}).get("features", [])
        return {one["name"]: max(_days(one["formula"]), default=None) for one in told}

    def _info(self, champion: Champion | None) -> ModelInfo | None:
        if champion is None:
            return None
        bundle, record = champion.bundle, self._record(champion)
        gate, since = record.get("gate"), record.get("promoted_at")
        own = bundle.metrics.get(bundle.learner)
        error = own.get("ece") if isinstance(own, dict) else None
        return ModelInfo(
            model=bundle.model, outcome=bundle.label, model_version=champion.version, model_hash=champion.model_hash,
            learner=bundle.learner, trained_at=bundle.trained_at,
            serves_since=datetime.fromisoformat(since) if since else None, definition_id=bundle.definition_id,
            definition=dict(bundle.definition), horizon_days=bundle.horizon_days, gap_days=bundle.gap_days,
            bands=bundle.bands, base_rate=bundle.base_rate, calibration=str(bundle.calibrator.kind),
            calibration_error=error if isinstance(error, float) else None,
            grade=GradeInfo(**bundle.grade.model_dump()) if bundle.grade else None,
            feature_set_hash=bundle.feature_set_hash, features=list(bundle.features),
            snapshot_hash=bundle.snapshot_hash, gate=_gate(gate) if gate else None,
        )  # fmt: skip

    def _record(self, champion: Champion) -> dict[str, Any]:
        """What promotion wrote down of this very model; nothing where another serves by now."""
        record = _read(self._folder / "champion" / f"{champion.bundle.model}.json")
        return record if record.get("model_hash") == champion.model_hash else {}


def _feature(name: str, bundle: Bundle, bundles: list[Bundle], windows: Mapping[str, int | None]) -> FeatureInfo:
    text = bundle.texts.get(name)
    reading = [one for one in bundles if name in one.features]
    return FeatureInfo(
        name=name, en=text.en if text else name, zh=text.zh if text else name, unit=text.unit if text else "",
        group=bundle.reasons.get(name), window_days=windows.get(name), models=[one.model for one in reading],
        usual_value={one.model: one.usual.get(name) for one in reading},
        usual_text={one.model: one.usual_words.get(name) for one in reading},
    )  # fmt: skip


def _gate(told: Mapping[str, Any]) -> GateInfo:
    checks = [CheckInfo(str(one["name"]), str(one["state"]), str(one["why"])) for one in told["checks"]]
    return GateInfo(bool(told["passed"]), checks)


def _days(formula: object) -> list[int]:
    """Every window in a formula as its manifest has it."""
    if isinstance(formula, list):
        return [days for one in formula for days in _days(one)]
    if not isinstance(formula, dict):
        return []
    own = [days for name in WINDOWS if isinstance(days := formula.get(name), int)]
    return own + [days for one in formula.values() for days in _days(one)]


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _told(answer: msgspec.Struct) -> Response:
    return Response(encode(answer), media_type="application/json")
