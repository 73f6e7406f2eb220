"""What the compiled kernel is made from, as a digest: a cache of another version's code is not taken for this one's.

Reads the sources of the kernel's modules; start reading at `digest`.
"""

from functools import cache
from hashlib import sha256
from inspect import getsource
from sys import modules

from churn import (
    reasonkernel,
    treekernel,
    treekernel_points,
    treekernel_row,
    treekernel_rows,
    treekernel_vectors,
    treelayout,
    treepaths,
)

PLAIN = (
    reasonkernel, treekernel, treekernel_points, treekernel_row, treekernel_rows, treekernel_vectors, treelayout,
    treepaths,
)  # fmt: skip
BESIDE = ("churn.treeshap", "churn.treeshap_vectors")  # they import this one


@cache
def digest() -> str:
    """Hexadecimal digits that stand for all of it."""
    rooms = [*PLAIN, *(modules[name] for name in BESIDE if name in modules)]
    return sha256("".join(map(getsource, rooms)).encode()).hexdigest()
