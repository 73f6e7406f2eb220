"""The model format: everything but the trees that turns a packed feature vector into an answer.

Answers: how the vector is prepared for the trees (`prepare`), what their raw log-odds mean (`probability`,
`percentile`, `band`), and which definition, snapshot and feature set the model stands on. A model is two texts:
the booster's own text format and this bundle's JSON; `model_hash` names the pair. Training writes it, serving and
monitoring read it.

    vector (n, F) --prepare--> trees --raw--> probability --> percentile, band

Reads and returns texts and arrays; knows no registry, no file and no booster. Start reading at `Bundle`.
"""

import hashlib
import json
from functools import cached_property
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from churn.calibration import Calibrator
from churn.category_codes import Codes
from churn.errors import DataError
from churn.grade import Grade, Learner
from churn.outlook import Outlook

FloatArray = NDArray[np.float64]

FORMAT_VERSION: Literal[1] = 1
PERCENTILES = 101
BANDS = ("low", "medium", "high")
LABELS = {"churn": "churned", "reactivation": "reactivated"}
EXACT = 2**53  # the last integer up to which float64 tells all codes apart
NOT_IDENTITY = ("trained_at", "metrics", "grade")  # none changes an answer; training twice must give one hash
LATER: dict[str, JsonValue] = {
    "learner": "lightgbm",
    "outlook": None,
    "usual_moves": {},
}  # fields that older bundles lack, with what they meant: their hash stays as it was


class BundleError(DataError):
    """A bundle cannot be read: another format, a missing key, or numbers that contradict themselves."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"The model's bundle cannot be used: {fault}",
            mend="train again with this version (`churn train`, then `churn promote`), "
            "or go back to a model that works (`churn rollback`).",
        )


class WrongVectors(DataError):
    """Feature vectors are not as wide as the model's feature list."""

    def __init__(self, *, expected: int, found: tuple[int, ...]) -> None:
        super().__init__(
            f"The model takes vectors of {expected} features; these have shape {found}.",
            mend="materialise the features again with the feature set the model was trained on "
            "(`churn features materialise`), or train on the present one (`churn train`).",
        )


class Text(BaseModel):
    """A feature in words, copied from the catalogue the model was trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str
    unit: str = ""


class Bundle(BaseModel):
    """One model's contract with whoever asks it. Frozen; `to_json` and `from_json` are inverse."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format_version: Literal[1] = FORMAT_VERSION
    model: Literal["churn", "reactivation"]
    label: Literal["churned", "reactivated"]
    business: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    features: tuple[str, ...] = Field(min_length=1)
    """Names in the order of the packed vector."""
    feature_set_hash: str
    categories: dict[str, tuple[int, ...]] = {}
    """Category feature to its known hash codes; the place in the tuple is the number the trees know."""
    calibrator: Calibrator = Calibrator()
    percentiles: tuple[float, ...]
    """101 quantiles (0, 1 .. 100 %) of the calibrated probability on the reference rows."""
    bands: dict[str, float]
    """Band to the lowest probability in it: low 0.0, then medium, then high."""
    base_rate: float = Field(ge=0, le=1)
    definition: dict[str, JsonValue]
    definition_id: str
    horizon_days: int = Field(gt=0)
    gap_days: int = Field(ge=0)
    snapshot_hash: str
    trained_at: AwareDatetime
    trees: int = Field(ge=0)
    reasons: dict[str, str] = {}
    """Feature to the code of its reason group (churn/reasons.py)."""
    texts: dict[str, Text] = {}
    """Feature to its English and Chinese description."""
    usual: dict[str, float | None] = {}
    """Feature to its median on the reference rows, in the feature's unit; null where it was always null."""
    usual_moves: dict[str, float] = {}
    """Feature to its mean contribution to the scores of the newest reference rows, log-odds: reasons tell what is
    beyond it. A feature that is not named: 0."""
    words: dict[str, dict[int, str]] = {}
    """Category feature to the texts that some of its codes stand for; those of few customers are not told."""
    usual_words: dict[str, str] = {}
    """Category feature to its commonest text on the reference rows."""
    metrics: dict[str, JsonValue] = {}
    learner: Learner = "lightgbm"
    """What the trees stand for: a learner of all features, BG/NBD or the recency rule."""
    grade: Grade | None = None
    """How much better than the recency rule its back-test was; None where nobody said."""

    outlook: Outlook | None = None
    """What it says beside the probability: horizons, next event, days left, value, interval."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = [*self._wrong_names(), *self._wrong_numbers()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _wrong_names(self) -> list[str]:
        faults = []
        if LABELS[self.model] != self.label:
            faults.append(f"a {self.model} model predicts {LABELS[self.model]!r}, not {self.label!r}")
        if len(set(self.features)) != len(self.features):
            faults.append("a feature is named twice")
        for field in ("categories", "reasons", "texts", "usual", "usual_moves", "words", "usual_words"):
            strangers = sorted(set(getattr(self, field)) - set(self.features))
            if strangers:
                faults.append(f"{field} names features the model does not have: {', '.join(strangers)}")
        return faults

    def _wrong_numbers(self) -> list[str]:
        faults = []
        for feature, codes in self.categories.items():
            if len(set(codes)) != len(codes) or any(abs(code) > EXACT for code in codes):
                faults.append(f"the codes of {feature} repeat or pass 2**53")
        if len(self.percentiles) != PERCENTILES or not _ascending(self.percentiles):
            faults.append(f"percentiles must be {PERCENTILES} ascending probabilities")
        bounds = tuple(self.bands.get(band, -1.0) for band in BANDS)
        if set(self.bands) != set(BANDS) or bounds[0] != 0 or not _ascending(bounds):
            faults.append(f"bands must be {', '.join(BANDS)}, from 0.0 upwards, not {self.bands}")
        return faults

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a bundle.

        Raises:
            BundleError: not JSON, another format version, a missing or unknown key, a calibrator that falls.
        """
        try:
            written = json.loads(text)
        except json.JSONDecodeError as error:
            raise BundleError(f"it is not JSON ({error}).") from error
        version = written.get("format_version") if isinstance(written, dict) else None
        if version != FORMAT_VERSION:
            raise BundleError(f"it has format version {version}; this version reads {FORMAT_VERSION}.")
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise BundleError(_told(error)) from error

    def to_json(self) -> str:
        """Write the bundle: sorted keys, so that equal bundles are equal texts."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)

    def prepare(self, vectors: FloatArray) -> FloatArray:
        """Turn packed feature vectors into what the trees were trained on: category codes become dense numbers.

        Args:
            vectors: features in the order of `features`; NaN is null. Shape (n, F).

        Returns:
            A new array; a category code the model has not seen becomes NaN. Shape (n, F).

        Raises:
            WrongVectors: another width than `features`.
        """
        if vectors.ndim != 2 or vectors.shape[1] != len(self.features):
            raise WrongVectors(expected=len(self.features), found=vectors.shape)
        prepared = np.array(vectors, dtype=np.float64)
        self._codes.number(prepared)
        return prepared

    def probability(self, raw: FloatArray) -> FloatArray:
        """Turn the trees' raw log-odds into calibrated probabilities in [1e-6, 1 - 1e-6]. Shape (n,)."""
        return self.calibrator.probability(raw)

    def percentile(self, probability: FloatArray) -> FloatArray:
        """Say what share of the reference customers scored no higher, in percent, 0 to 100. Shape (n,)."""
        values, ranks = self._quantiles
        return np.interp(probability, values, ranks, left=0.0)

    def band(self, probability: FloatArray) -> list[str]:
        """Say of each probability whether it is "low", "medium" or "high"; a bound belongs to the band above."""
        bounds = [self.bands[band] for band in BANDS[1:]]
        return [BANDS[place] for place in np.searchsorted(bounds, probability, side="right")]

    @cached_property
    def _codes(self) -> Codes:
        return Codes({self.features.index(feature): codes for feature, codes in self.categories.items()})

    @cached_property
    def _quantiles(self) -> tuple[FloatArray, FloatArray]:
        """Distinct quantiles and the highest rank of each, so that tied customers share the top of their tie."""
        quantiles = np.array(self.percentiles)
        values = np.unique(quantiles)
        return values, (np.searchsorted(quantiles, values, side="right") - 1).astype(np.float64)


def model_hash(bundle_json: str, booster_text: str) -> str:
    """Name a model by what it answers: 64 hex digits.

    Left out is what changes no answer: when it was trained, its metrics, and the parameters LightGBM lists after
    its trees (thread counts among them). So training twice on one snapshot gives one hash.
    """
    bundle = json.loads(bundle_json)
    identity = {
        key: bundle[key] for key in bundle if key not in NOT_IDENTITY and (key, bundle[key]) not in LATER.items()
    }
    trees, _, _ = booster_text.partition("\nend of trees")
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode())
    digest.update(b"\0" + trees.encode())
    return digest.hexdigest()


def _ascending(probabilities: tuple[float, ...]) -> bool:
    return bool(np.all(np.diff((0.0, *probabilities, 1.0)) >= 0))


def _told(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'bundle'}: {fault['msg']}" for fault in error.errors())
