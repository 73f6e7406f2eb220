"""Vectors of the kernel of exact reasons, in plain Python: a few numbers that are worked on as one.

`+`, `-`, `*`, `<=` and `==` go lane by lane, as numpy has it. Compiled, each of these is one of the processor's
instructions (churn/treeshap_vectors.py). Knows no trees.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Asked = NDArray[np.bool_]
Parts = TypeVar("Parts")
Lanes = tuple[float, ...]  # stands for a vector's length, which the compiler must know

EIGHT: Lanes = (0.0,) * 8  # rows that are explained together


def load(array: FloatArray, at: int, lanes: Lanes) -> FloatArray:
    """As many numbers as there are lanes, from `at` on."""
    return array[at : at + len(lanes)].copy()


def store(array: FloatArray, at: int, vector: FloatArray) -> None:
    """Put them back from `at` on."""
    array[at : at + len(vector)] = vector


def splat(number: float, lanes: Lanes) -> FloatArray:
    """One number in all lanes."""
    return np.full(len(lanes), number)


def choose(asked: Asked, yes: FloatArray, no: FloatArray) -> FloatArray:
    """Lane by lane, one or the other."""
    return np.where(asked, yes, no)


def unpacked(packed: Parts) -> Parts:
    """What was packed. Compiled, this makes arrays of a table of addresses."""
    return packed


def total(vector: FloatArray) -> float:
    """The sum, in the order of the lanes."""
    result = vector[0]
    for number in vector[1:]:
        result += number
    return float(result)
