"""What `simd` is made of: LLVM instructions on vectors of bytes, as Numba's code generation puts them together."""

from typing import Any

from llvmlite import ir
from numba.core import cgutils as untyped_cgutils

BLOCK = 64  # bytes: the widest registers there are
BYTE, INDEX = ir.IntType(8), ir.IntType(64)

cgutils: Any = untyped_cgutils


def call(builder: Any, name: str, result: Any, args: Any, suffix: str = "") -> Any:
    """Call an LLVM intrinsic."""
    suffix = suffix or f"v{result.count}i8"
    kind = ir.FunctionType(result, [arg.type for arg in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.{suffix}"), list(args))


def shuffle(builder: Any, a: Any, b: Any, lanes: list[int]) -> Any:
    """The lanes with these numbers of a and, beyond its own, of b; None: there is no b."""
    other = ir.Constant(a.type, ir.Undefined) if b is None else b
    return builder.shuffle_vector(a, other, ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes))


def splat(builder: Any, value: Any, lanes: int) -> Any:
    """One value in every lane."""
    nothing = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    return shuffle(builder, builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0)), None, [0] * lanes)


def block(builder: Any, vector: Any, b: int) -> Any:
    """Block b of a vector."""
    if vector.type.count == BLOCK:
        return vector
    return shuffle(builder, vector, None, list(range(b * BLOCK, (b + 1) * BLOCK)))


def join(builder: Any, parts: list[Any]) -> Any:
    """The vector of these blocks."""
    joined = parts[0]
    for i, part in enumerate(parts[1:], 1):
        # Both sides of a shuffle have one length: lengthen the block first.
        length = BLOCK * i
        padded = shuffle(builder, part, None, [min(lane, BLOCK) for lane in range(length)]) if i > 1 else part
        joined = shuffle(builder, joined, padded, list(range(length + BLOCK)))
    return joined


def fold_blocks(builder: Any, vector: Any) -> Any:
    """The least of all blocks, lane by lane."""
    folded = block(builder, vector, 0)
    for b in range(1, vector.type.count // BLOCK):
        folded = call(builder, "umin", folded.type, [folded, block(builder, vector, b)])
    return folded


def lanes(first: int, count: int = 1) -> list[int]:
    """The lanes of quarters first, first + 1, … of a block; those from 4 on are of the block after it."""
    return list(range(16 * first, 16 * (first + count)))


def fold_to_quarters(builder: Any, blocks: list[Any]) -> Any:
    """One block, in whose quarters are the least of quarters of up to four blocks: a, a, b, b or a, b, c, d."""
    if len(blocks) > 2:
        one, other = fold_halves(builder, *blocks[:2]), fold_halves(builder, blocks[2], blocks[-1])
        evens = [lane for i in (0, 2, 4, 6) for lane in lanes(i)]
        halves = [shuffle(builder, one, other, evens), shuffle(builder, one, other, [lane + 16 for lane in evens])]
        return call(builder, "umin", halves[0].type, halves)
    folded = fold_halves(builder, blocks[0], blocks[-1])
    beside = shuffle(builder, folded, None, [*lanes(1), *lanes(0), *lanes(3), *lanes(2)])
    return call(builder, "umin", folded.type, [folded, beside])


def fold_halves(builder: Any, one: Any, other: Any) -> Any:
    """The lesser of the halves of one block, and of those of another."""
    halves = [shuffle(builder, one, other, [*lanes(i, 2), *lanes(i + 4, 2)]) for i in (0, 2)]
    return call(builder, "umin", one.type, halves)


def least_first(context: Any, builder: Any, vector: Any) -> Any:
    """A vector of 16 bytes, the first of which is the smallest byte of a vector: halves are folded again and again."""
    folded = fold_blocks(builder, vector)
    while folded.type.count > 16:
        half = folded.type.count // 2
        low, high = (shuffle(builder, folded, None, list(range(start, start + half))) for start in (0, half))
        folded = call(builder, "umin", low.type, [low, high])
    return least_of_words(context, builder, fold_words(builder, folded))


def fold_words(builder: Any, folded: Any) -> Any:
    """The lesser byte of each word in its lower half, zero in the upper one."""
    words = ir.VectorType(ir.IntType(16), folded.type.count // 2)
    above = builder.lshr(builder.bitcast(folded, words), ir.Constant(words, [8] * words.count))
    return call(builder, "umin", folded.type, [folded, builder.bitcast(above, folded.type)])


def least_of_words(context: Any, builder: Any, folded: Any) -> Any:
    """A vector of 16 bytes, the first of which is the least of eight words below 256."""
    words = ir.VectorType(ir.IntType(16), 8)
    values = builder.bitcast(folded, words)
    if has_phminposuw(context, builder):
        kind = ir.FunctionType(words, [words])
        minimum = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse41.phminposuw")
        return builder.bitcast(builder.call(minimum, [values]), folded.type)
    value = call(builder, "vector.reduce.umin", ir.IntType(16), [values], suffix="v8i16")
    return builder.bitcast(builder.insert_element(values, value, ir.Constant(ir.IntType(32), 0)), folded.type)


def has_phminposuw(context: Any, builder: Any) -> bool:
    """x86 since SSE4.1 finds the least of eight words in one instruction, which LLVM misses if all lanes want it."""
    features = context.codegen()._tm_features
    return "x86" in builder.module.triple and any(f"+{name}" in features for name in ("sse4.1", "sse4.2", "avx"))
