"""Vectors of bytes as values in Numba: LLVM's `<n x i8>`, which it fits to the registers of any processor.

A vector holds one byte for each candidate of a pixel, in blocks of 64. Numba compiles for types, so the number of
blocks travels as the length of a tuple: `blocks = (0,) * n` makes every vector 64·n bytes long.

Candidates are striped (Farrar 2007): with n blocks, candidate k is lane k // n of block k % n. Its neighbours k ± 1
are then the same lane of the block beside, and only the outermost blocks need their lanes shifted.
"""

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils as untyped_cgutils
from numba.extending import intrinsic as untyped_intrinsic
from numba.extending import models, register_model

from depthkit.kernels import simd_llvm as llvm

BLOCK = llvm.BLOCK

Blocks = tuple[int, ...]  # as many as the vectors have blocks; only the type matters
Bytes = Any  # a Vector, for type checkers

cgutils: Any = untyped_cgutils
intrinsic: Any = untyped_intrinsic  # what it gives is called without the typing context that it is defined with


class Vector(types.Type):
    """A vector of `lanes` unsigned bytes."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.llvm = ir.VectorType(llvm.BYTE, lanes)
        super().__init__(name=f"bytes<{lanes}>")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):
    """Numba keeps a Vector as LLVM's vector of the same length."""

    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, kind.llvm)  # type: ignore[no-untyped-call]


def available() -> bool:
    """Whether Numba compiles at all (NUMBA_DISABLE_JIT is not set): vectors are values of compiled code only."""
    return not numba.config.DISABLE_JIT  # type: ignore[attr-defined]


def place(candidate: int, blocks: int) -> int:
    """Byte of a stored vector that holds the candidate."""
    return (candidate % blocks) * BLOCK + candidate // blocks


# --- memory -----------------------------------------------------------------------------------------------------


def _address(context: Any, builder: Any, kind: Any, array: Any, offset: Any) -> Any:
    data = cgutils.create_struct_proxy(kind)(context, builder, value=array).data
    return builder.gep(builder.bitcast(data, llvm.BYTE.as_pointer()), [offset])


@intrinsic
def load(typing: Any, array: Any, offset: Any, blocks: Any) -> Any:
    """The vector at a byte offset of a flat array."""
    kind = Vector(BLOCK * blocks.count)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature.args[0], args[0], args[1])
        return builder.load(builder.bitcast(address, kind.llvm.as_pointer()), align=1)

    return kind(array, types.int64, blocks), code


@intrinsic
def store(typing: Any, array: Any, offset: Any, vector: Any) -> Any:
    """Write a vector at a byte offset of a flat array."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature.args[0], args[0], args[1])
        builder.store(args[2], builder.bitcast(address, vector.llvm.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(array, types.int64, vector), code


@intrinsic
def byte(typing: Any, array: Any, offset: Any) -> Any:
    """The byte at an offset, not below zero, of a flat array."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_address(context, builder, signature.args[0], args[0], args[1]))

    return types.uint8(array, types.int64), code


@intrinsic
def candidates(typing: Any, array: Any, base: Any, size: Any, start: Any, blocks: Any) -> Any:
    """Bytes start, start + 1, … of a row stored in n phases from `base` on: byte j is number j // n of phase j % n.

    size: bytes of all phases together.
    """
    kind = Vector(BLOCK * blocks.count)
    n = blocks.count
    block = ir.VectorType(llvm.BYTE, BLOCK).as_pointer()

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows, base, size, start, _ = args
        stride = builder.udiv(size, ir.Constant(llvm.INDEX, n))
        parts = []
        for b in range(n):
            j = builder.add(start, ir.Constant(llvm.INDEX, b))
            phase = builder.urem(j, ir.Constant(llvm.INDEX, n))
            where = builder.add(builder.mul(phase, stride), builder.udiv(j, ir.Constant(llvm.INDEX, n)))
            address = _address(context, builder, signature.args[0], rows, builder.add(base, where))
            parts.append(builder.load(builder.bitcast(address, block), align=1))
        return llvm.join(builder, parts)

    return kind(array, types.int64, types.int64, types.int64, blocks), code


@intrinsic
def deal_backwards(typing: Any, array: Any, offset: Any, out: Any, where: Any, stride: Any, blocks: Any) -> Any:
    """Deal the 64·n bytes at `offset`, the last one first, to n rows of `out`, `stride` apart, from `where` on."""
    n = blocks.count
    kind = ir.VectorType(llvm.BYTE, BLOCK * n)
    turned = [BLOCK * n - 1 - ((lane % BLOCK) * n + lane // BLOCK) for lane in range(BLOCK * n)]

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature.args[0], args[0], args[1])
        dealt = llvm.shuffle(builder, builder.load(builder.bitcast(address, kind.as_pointer()), align=1), None, turned)
        for b in range(n):
            start = builder.add(args[3], builder.mul(args[4], ir.Constant(llvm.INDEX, b)))
            address = _address(context, builder, signature.args[2], args[2], start)
            block = llvm.block(builder, dealt, b)
            builder.store(block, builder.bitcast(address, block.type.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(array, types.int64, out, types.int64, types.int64, blocks), code


@intrinsic
def splat(typing: Any, value: Any, blocks: Any) -> Any:
    """A vector of one byte over and over."""
    kind = Vector(BLOCK * blocks.count)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return llvm.splat(builder, args[0], kind.lanes)

    return kind(types.uint8, blocks), code


@intrinsic
def spread(typing: Any, words: Any, index: Any, blocks: Any) -> Any:
    """A vector of the byte that fills words[index], a flat uint32 array: broadcasts of whole words are the cheapest."""
    kind = Vector(BLOCK * blocks.count)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = cgutils.create_struct_proxy(signature.args[0])(context, builder, value=args[0]).data
        word = builder.load(builder.gep(data, [args[1]]))
        return builder.bitcast(llvm.splat(builder, word, kind.lanes // 4), kind.llvm)

    return kind(words, types.int64, blocks), code


# --- lane by lane -----------------------------------------------------------------------------------------------


def _lanewise(name: str, doc: str, emit: Callable[..., Any]) -> Any:
    def typed(typing: Any, a: Any, b: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return emit(builder, *args)

        return a(a, b), code

    typed.__name__, typed.__doc__ = name, doc
    return intrinsic(typed)


def _llvm(name: str) -> Callable[..., Any]:
    def emit(builder: Any, *args: Any) -> Any:
        return llvm.call(builder, name, args[0].type, args)

    return emit


def _average(builder: Any, a: Any, b: Any) -> Any:
    half = builder.lshr(builder.xor(a, b), ir.Constant(a.type, [1] * a.type.count))
    return builder.sub(builder.or_(a, b), half)


add = _lanewise("add", "a + b, which must fit.", lambda builder, a, b: builder.add(a, b))
subtract = _lanewise("subtract", "a - b, which must not be negative.", lambda builder, a, b: builder.sub(a, b))
add_capped = _lanewise("add_capped", "a + b, at most 255.", _llvm("uadd.sat"))
least_of = _lanewise("least_of", "The smaller of a and b.", _llvm("umin"))
largest_of = _lanewise("largest_of", "The larger of a and b.", _llvm("umax"))
differing = _lanewise("differing", "The bits of a that are not those of b.", lambda builder, a, b: builder.xor(a, b))
common = _lanewise("common", "The bits that both a and b have.", lambda builder, a, b: builder.and_(a, b))
either = _lanewise("either", "The bits that a or b has.", lambda builder, a, b: builder.or_(a, b))
average = _lanewise("average", "(a + b + 1) // 2, in one instruction where there is one.", _average)


@intrinsic
def where(typing: Any, mask: Any, a: Any, b: Any) -> Any:
    """The bits of a where the mask has ones, those of b elsewhere."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        mask, a, b = args
        return builder.or_(builder.and_(a, mask), builder.and_(b, builder.not_(mask)))

    return a(a, a, a), code


@intrinsic
def count_bits(typing: Any, a: Any) -> Any:
    """Number of ones in each byte."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return llvm.call(builder, "ctpop", a.llvm, args)

    return a(a), code


# --- between lanes ----------------------------------------------------------------------------------------------


def _shifted(builder: Any, vector: Any, step: int, always: bool) -> Any:
    """Values of the candidates `step` (-1 or 1) further; 255 at the end, if `always` or with more than two blocks.

    Else at the end stands that candidate's own value, or that of its only neighbour: shuffles of one register cost the
    least.
    """
    lanes, blocks = vector.type.count, vector.type.count // BLOCK
    sources, hidden = [], [0] * lanes
    for lane in range(lanes):
        candidate = (lane % BLOCK) * blocks + lane // BLOCK + step
        if not 0 <= candidate < lanes:
            candidate -= step * blocks  # stays within the register
            hidden[lane] = 255 if always or blocks > 2 else 0
        sources.append(place(candidate, blocks))
    shifted = llvm.shuffle(builder, vector, None, sources)
    return builder.or_(shifted, ir.Constant(vector.type, hidden)) if any(hidden) else shifted


@intrinsic
def after(typing: Any, vector: Any) -> Any:
    """Each candidate's value is that of the one after it; 255 at the last."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _shifted(builder, args[0], 1, always=True)

    return vector(vector), code


@intrinsic
def least_beside(typing: Any, vector: Any) -> Any:
    """The smaller of the values of the candidates before and after; the only one there may be its own."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        both = [_shifted(builder, args[0], step, always=False) for step in (-1, 1)]
        return llvm.call(builder, "umin", args[0].type, both)

    return vector(vector), code


@intrinsic
def least(typing: Any, vector: Any) -> Any:
    """The smallest byte."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.extract_element(llvm.least_first(context, builder, args[0]), ir.Constant(ir.IntType(32), 0))

    return types.uint8(vector), code


@intrinsic
def spread_least(typing: Any, vector: Any) -> Any:
    """The smallest byte in every lane."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return llvm.shuffle(builder, llvm.least_first(context, builder, args[0]), None, [0] * vector.lanes)

    return vector(vector), code


@intrinsic
def spread_least_of_each(typing: Any, vectors: Any) -> Any:
    """`spread_least` of each of up to four vectors, which are folded together in fewer steps."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        folded = [llvm.fold_blocks(builder, vector) for vector in cgutils.unpack_tuple(builder, args[0])]
        quarters = llvm.fold_words(builder, llvm.fold_to_quarters(builder, folded))
        places = range(vectors.count) if vectors.count > 2 else (0, 2)
        least = [
            llvm.least_of_words(context, builder, llvm.shuffle(builder, quarters, None, llvm.lanes(i))) for i in places
        ]
        spread = [llvm.shuffle(builder, value, None, [0] * vectors.dtype.lanes) for value in least]
        return context.make_tuple(builder, signature.return_type, spread)

    return types.UniTuple(vectors.dtype, vectors.count)(vectors), code  # type: ignore[no-untyped-call]


@intrinsic
def first_equal(typing: Any, vector: Any, value: Any) -> Any:
    """The first candidate whose byte is that of `value`, a vector; there must be one."""
    blocks = vector.lanes // BLOCK

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        equal = builder.icmp_unsigned("==", *args)
        best = None
        for b in range(blocks):
            bits = builder.bitcast(llvm.block(builder, equal, b), llvm.INDEX)
            lane = llvm.call(builder, "cttz", llvm.INDEX, [bits, ir.Constant(ir.IntType(1), 0)], suffix="i64")
            candidate = builder.add(builder.mul(lane, ir.Constant(llvm.INDEX, blocks)), ir.Constant(llvm.INDEX, b))
            smaller = candidate if best is None else builder.icmp_unsigned("<", candidate, best)
            best = candidate if best is None else builder.select(smaller, candidate, best)
        return best

    return types.int64(vector, vector), code


@intrinsic
def first_lane(typing: Any, vector: Any) -> Any:
    """The byte of candidate 0."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.extract_element(args[0], ir.Constant(ir.IntType(32), 0))

    return types.uint8(vector), code
