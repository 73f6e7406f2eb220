"""The processor's own vectors for the kernel of exact reasons: what churn/treekernel_vectors.py becomes in numba.

A vector holds as many float64 as a tuple has members, so its length is known when the kernel is compiled. LLVM's
autovectoriser does not see that the kernel's loads and stores are apart; here they are vectors from the start. Each
operation is one IEEE operation a lane. Imported by `churn/treeshap.py` alone.
"""

import operator
from collections.abc import Callable
from itertools import count
from typing import Any
from warnings import warn

from llvmlite import ir
from numba import njit, typeof, types
from numba.extending import lower_builtin, models, register_model, type_callable
from numba.np import arrayobj

from churn import treekernel_vectors as plain
from churn.treeshap_sources import digest

INDEX = ir.IntType(32)
NOWHERE = "Reasons are compiled anew at each start, some 10 s: set NUMBA_CACHE_DIR to a folder that may be written to."


class Vector(types.Type):  # type: ignore[misc]  # numba has no types
    """So many float64, or answers to a question about them."""

    def __init__(self, lanes: int, *, asked: bool = False) -> None:
        self.lanes, self.asked = lanes, asked
        self.kind = ir.VectorType(ir.IntType(1) if asked else ir.DoubleType(), lanes)
        super().__init__(name=f"Vector({lanes}, {asked})")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):  # type: ignore[misc]  # numba has no types
    """A vector is itself a value of LLVM."""

    def __init__(self, manager: Any, vector: Vector) -> None:
        super().__init__(manager, vector, vector.kind)


def compiled(function: Callable[..., Any], sources: str = "") -> Callable[..., Any]:
    """A function of the kernel, compiled when it is first called and kept for the next start, if there is a place.

    Args:
        function: the entry.
        sources: stands for everything it is compiled from; the kernel's own where nothing is said. Numba itself looks
            at the age and size of the entry's own file alone, and a cache outlives the version that wrote it.
    """
    try:
        made = njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # numba found no folder that it may write to: a container's root is read-only
        warn(NOWHERE, stacklevel=2)
        return njit(nogil=True, error_model="numpy")(function)  # type: ignore[no-any-return]
    kept = made._cache._cache_file  # noqa: SLF001 - numba has no public door for it
    kept._source_stamp = (kept._source_stamp, sources or digest())  # noqa: SLF001 - likewise
    return made  # type: ignore[no-any-return]


def register(packed: tuple[Any, ...]) -> None:
    """Tell numba what the kernel's vector functions are, and of which types the arrays that are packed. Once."""
    parts = types.Tuple([typeof(part) for part in packed])
    type_callable(plain.unpacked)(lambda _context: lambda _table: parts)
    lower_builtin(plain.unpacked, types.Array)(_unpacked)
    type_callable(plain.load)(lambda _context: _type_of_load)
    lower_builtin(plain.load, types.Array, types.Integer, types.BaseTuple)(_load)
    type_callable(plain.store)(lambda _context: _type_of_store)
    lower_builtin(plain.store, types.Array, types.Integer, Vector)(_store)
    type_callable(plain.splat)(lambda _context: _type_of_splat)
    lower_builtin(plain.splat, types.Float, types.BaseTuple)(_splat)
    type_callable(plain.choose)(lambda _context: _type_of_choose)
    lower_builtin(plain.choose, Vector, Vector, Vector)(_choose)
    type_callable(plain.total)(lambda _context: _type_of_total)
    lower_builtin(plain.total, Vector)(_total)
    for function, instruction in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
        type_callable(function)(lambda _context: _type_of_arithmetic)
        lower_builtin(function, Vector, Vector)(_arithmetic(instruction))
    for function, sign in ((operator.le, "<="), (operator.eq, "==")):
        type_callable(function)(lambda _context: _type_of_question)
        lower_builtin(function, Vector, Vector)(_question(sign))


def _type_of_load(array: Any, at: Any, lanes: Any) -> Any:
    return Vector(len(lanes)) if _flat(array) and isinstance(at, types.Integer) else None


def _type_of_store(array: Any, at: Any, vector: Any) -> Any:
    return types.void if _flat(array) and isinstance(at, types.Integer) and isinstance(vector, Vector) else None


def _type_of_splat(number: Any, lanes: Any) -> Any:
    return Vector(len(lanes)) if number == types.float64 else None


def _type_of_choose(asked: Any, yes: Any, no: Any) -> Any:
    return yes if isinstance(asked, Vector) and yes == no else None


def _type_of_total(vector: Any) -> Any:
    return types.float64 if isinstance(vector, Vector) else None


def _type_of_arithmetic(one: Any, other: Any) -> Any:
    return one if isinstance(one, Vector) and one == other else None


def _type_of_question(one: Any, other: Any) -> Any:
    return Vector(one.lanes, asked=True) if isinstance(one, Vector) and one == other else None


def _flat(array: Any) -> bool:
    return isinstance(array, types.Array) and array.ndim == 1 and array.dtype == types.float64


def _address(context: Any, builder: Any, array: Any, value: Any, at: Any, kind: ir.Type) -> Any:
    place = builder.gep(context.make_array(array)(context, builder, value).data, [at])
    return builder.bitcast(place, kind.as_pointer())


def _load(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    at = context.cast(builder, values[1], signature.args[1], types.intp)
    kind = signature.return_type.kind
    return builder.load(_address(context, builder, signature.args[0], values[0], at, kind), align=8)


def _store(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    at = context.cast(builder, values[1], signature.args[1], types.intp)
    kind = signature.args[2].kind
    builder.store(values[2], _address(context, builder, signature.args[0], values[0], at, kind), align=8)
    return context.get_dummy_value()


def _unpacked(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    """Of each array the table has its address and its length."""
    table, place = context.make_array(signature.args[0])(context, builder, values[0]).data, count()

    def following() -> Any:
        return builder.load(builder.gep(table, [ir.Constant(INDEX, next(place))]))

    def array_of(kind: Any) -> Any:
        array = context.make_array(kind)(context, builder)
        each = ir.Constant(ir.IntType(64), context.get_abi_sizeof(context.get_data_type(kind.dtype)))
        data = builder.inttoptr(following(), array.data.type)
        arrayobj.populate_array(array, data=data, shape=[following()], strides=[each], itemsize=each, meminfo=None)
        return array._getvalue()  # noqa: SLF001 - as numba's own lowering has it

    kinds = signature.return_type
    parts = [context.make_tuple(builder, part, [array_of(kind) for kind in part.types]) for part in kinds]
    return context.make_tuple(builder, kinds, parts)


def _splat(_context: Any, builder: Any, signature: Any, values: Any) -> Any:
    kind = signature.return_type.kind
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), values[0], ir.Constant(INDEX, 0))
    everywhere = ir.Constant(ir.VectorType(INDEX, kind.count), [0] * kind.count)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), everywhere)


def _choose(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
    return builder.select(*values)


def _total(_context: Any, builder: Any, signature: Any, values: Any) -> Any:
    result = builder.extract_element(values[0], ir.Constant(INDEX, 0))
    for lane in range(1, signature.args[0].lanes):
        result = builder.fadd(result, builder.extract_element(values[0], ir.Constant(INDEX, lane)))
    return result


def _arithmetic(instruction: str) -> Any:
    def lowered(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return getattr(builder, instruction)(*values)

    return lowered


def _question(sign: str) -> Any:
    def lowered(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return builder.fcmp_ordered(sign, *values)

    return lowered
