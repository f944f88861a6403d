"""What is compared between two views: census bits, which of them are stable, and the horizontal gradient.

Census: Zabih and Woodfill 1994. The features of a pixel are seven bytes, kept as planes of a row, (H, 7, W):
0–2 census bits of the 5×5 window, 3–5 the mask of those bits that are stable, 6 the gradient.
"""

import numpy as np

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import U8

PAD = 3  # pixels a row is extended by on each side: two for the window, one for the half-pixel shift
PLANES = 7
GRADIENT = 6
GRADIENT_CAP = 63  # gradients are cut to ±63 and stored with 63 added

u8, i16, u16 = np.uint8, np.int16, np.uint16

Five = tuple[U8, U8, U8, U8, U8]
Eight = tuple[U8, U8, U8, U8, U8, U8, U8, U8]


@kernel
def features(start: int, stop: int, image: U8, out: U8) -> None:
    """Features (H, 7, W) of rows start…stop of an image (H, W), whose border is repeated.

    A census bit is stable if the image shifted by half a pixel to either side has the same bit: others tell of
    sampling and noise rather than of the scene, and do not count.
    """
    height, width = image.shape
    rows, half = np.empty((5, width + 2 * PAD), np.uint8), np.empty((5, width + 2 * PAD - 1), np.uint8)
    between = np.empty((3, width + 1), np.uint8)
    for y in range(start - 2, stop + 2):
        extend(image[min(max(y, 0), height - 1)], PAD, rows[y % 5])
        halfway(rows[y % 5], half[y % 5])
        if y >= start + 2:
            planes = out[y - 2]
            census(_last_five(rows, y), PAD, planes)
            census(_last_five(half, y), PAD - 1, between)
            for plane in range(3):
                find_stable(planes[plane], between[plane], planes[3 + plane])
            gradient(_last_five(rows, y), planes[GRADIENT])


@inline
def _last_five(ring: U8, y: int) -> Five:
    """Rows y - 4…y of a ring of five."""
    return ring[(y - 4) % 5], ring[(y - 3) % 5], ring[(y - 2) % 5], ring[(y - 1) % 5], ring[y % 5]


@kernel
def extend(row: U8, reach: int, out: U8) -> None:
    """A row (W,) with its ends repeated `reach` times."""
    inner = out[reach : reach + row.size]
    for x in range(row.size):
        inner[x] = row[x]
    for x in range(reach):
        out[x], out[reach + row.size + x] = row[0], row[row.size - 1]


@kernel
def halfway(row: U8, out: U8) -> None:
    """Values (n - 1,) halfway between those of a row (n,), rounded up."""
    after = row[1:]
    for x in range(out.size):
        out[x] = u8(u16(u16(row[x]) + u16(after[x]) + u16(1)) >> u16(1))


@kernel
def census(rows: Five, first: int, out: U8) -> None:
    """Bits "the centre is brighter" for the 24 neighbours in a window of five rows, eight a plane, from the top left.

    rows: (n,) each; out: (3 or more, W), its column 0 centred on column `first` of the rows.
    """
    a, b, c, d, e = rows
    i, j, k, m, n = first - 2, first - 1, first, first + 1, first + 2
    compare(c[k:], (a[i:], a[j:], a[k:], a[m:], a[n:], b[i:], b[j:], b[k:]), out[0])
    compare(c[k:], (b[m:], b[n:], c[i:], c[j:], c[m:], c[n:], d[i:], d[j:]), out[1])
    compare(c[k:], (d[k:], d[m:], d[n:], e[i:], e[j:], e[k:], e[m:], e[n:]), out[2])


@kernel
def compare(centre: U8, others: Eight, out: U8) -> None:
    """Eight bits "the centre is brighter" (W,), the first the lowest."""
    a, b, c, d, e, f, g, h = others
    for x in range(out.size):
        value = centre[x]
        low = _bit(value > a[x], 1) | _bit(value > b[x], 2) | _bit(value > c[x], 4) | _bit(value > d[x], 8)
        high = _bit(value > e[x], 16) | _bit(value > f[x], 32) | _bit(value > g[x], 64) | _bit(value > h[x], 128)
        out[x] = u8(low | high)


@inline
def _bit(condition: bool, bit: int) -> np.uint8:
    return u8(bit) if condition else u8(0)


@kernel
def find_stable(bits: U8, between: U8, stable: U8) -> None:
    """Which bits (W,) are the same half a pixel before and after, between (W + 1,)."""
    after = between[1:]
    for x in range(bits.size):
        stable[x] = u8(255) ^ u8((bits[x] ^ between[x]) | (bits[x] ^ after[x]))


@kernel
def gradient(rows: Five, out: U8) -> None:
    """Horizontal 3×3 Sobel gradient of the third of five rows (W + 6,), cut to ±63, plus 63."""
    _, a, b, c, _ = rows
    a, b, c, d, e, f = a[PAD - 1 :], b[PAD - 1 :], c[PAD - 1 :], a[PAD + 1 :], b[PAD + 1 :], c[PAD + 1 :]
    most = i16(GRADIENT_CAP)
    for x in range(out.size):
        darker = i16(i16(a[x]) + i16(b[x]) + i16(b[x]) + i16(c[x]))
        brighter = i16(i16(d[x]) + i16(e[x]) + i16(e[x]) + i16(f[x]))
        out[x] = u8(min(max(i16(brighter - darker), i16(-most)), most) + most)
