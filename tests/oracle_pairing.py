"""Pairing as it is said in words, in cubic time."""

from itertools import product


def pair(a: list[int], b: list[int], tolerance: float) -> list[tuple[int, int]]:
    """Take the closest two that are free and do not cross a pair that was taken; the earliest of equals; repeat."""
    pairs: list[tuple[int, int]] = []
    while True:
        allowed = [
            (abs(a[i] - b[j]), a[i] + b[j], i, j)
            for i, j in product(range(len(a)), range(len(b)))
            if abs(a[i] - b[j]) <= tolerance and all((i - k) * (j - m) > 0 for k, m in pairs)
        ]
        if not allowed:
            return sorted(pairs)
        *_, i, j = min(allowed)
        pairs.append((i, j))
