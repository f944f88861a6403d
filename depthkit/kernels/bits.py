"""Counting bits: the one machine instruction kernels need that Numba has no name for."""

from typing import Any

from numba.extending import intrinsic, overload


def popcount(bits: Any) -> Any:
    """Number of ones in an unsigned integer, as that type."""
    return type(bits)(bits.bit_count())


@intrinsic
def _ctpop(typing_context: Any, bits: Any) -> Any:
    return bits(bits), lambda context, builder, signature, args: builder.ctpop(args[0])


@overload(popcount, strict=False)
def _popcount(bits: Any) -> Any:
    return lambda bits: _ctpop(bits)  # type: ignore[call-arg]  # Numba adds the typing context
