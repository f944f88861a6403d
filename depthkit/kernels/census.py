"""What is compared between two views: census bits, which of them are stable, and the horizontal gradient.

Census: Zabih and Woodfill 1994. The features of a pixel are seven bytes, kept as planes of a row, (H, 7, W):
0–2 census bits of a window, 3–5 the mask of those bits that are stable, 6 the gradient. There may be the first three
alone, (H, 3, W).
"""

import numpy as np
from numpy.typing import NDArray

from depthkit.kernels.jit import inline, kernel
from depthkit.kernels.matching import U8, U16

BITS = 3  # planes of them
PLANES = 7
GRADIENT = 6
GRADIENT_CAP = 63  # gradients are cut to ±63 and stored with 63 added

u8, i16 = np.uint8, np.int16

Deep = U8 | U16  # the same code for both: Numba compiles it once for each
Offsets = NDArray[np.int64]
Four = tuple[Deep, Deep, Deep, Deep]
Eight = tuple[Deep, Deep, Deep, Deep, Deep, Deep, Deep, Deep]


def window(side: int) -> Offsets:
    """Offsets (24, 2), down and right, of the neighbours a pixel is compared with, from the top left.

    side: 5, all of the window; 7, the fields of a checkerboard that have the centre's colour; 9, every other row and
    column. Windows with gaps match about as well as full ones (Zinner et al. 2008, Fife and Archibald 2013).
    """
    reach, step = side // 2, 2 if side == 9 else 1
    places = [(y, x) for y in range(-reach, reach + 1, step) for x in range(-reach, reach + 1, step)]
    return np.array([(y, x) for y, x in places if (y, x) != (0, 0) and (side != 7 or (y + x) % 2 == 0)])


@kernel
def features(start: int, stop: int, image: Deep, grey: U8, offsets: Offsets, out: U8) -> None:
    """Features (H, 7 or 3, W) of rows start…stop of an image (H, W), whose border is repeated.

    image: what census compares, uint8 or uint16; grey: in 8 bits, for gradients, `image` itself where it is uint8;
    offsets: as `window` gives them. A census bit is stable if the image shifted by half a pixel to either side has the
    same bit: others tell of sampling and noise rather than of the scene, and do not count.
    """
    height, width = image.shape
    reach = offsets[-1, 0]
    side, pad = 2 * reach + 1, reach + 1  # one more for the half-pixel shift
    rows, half = np.empty((side, width + 2 * pad), image.dtype), np.empty((side, width + 2 * pad - 1), image.dtype)
    between, around = np.empty((3, width + 1), np.uint8), np.empty((3, width + 2), np.uint8)
    for ahead in range(start - reach, stop + reach):
        extend(image[min(max(ahead, 0), height - 1)], pad, rows[ahead % side])
        halfway(rows[ahead % side], half[ahead % side])
        y = ahead - reach
        if y >= start:
            planes = out[y]
            census(rows, y, pad, offsets, planes)
            if planes.shape[0] > BITS:
                census(half, y, pad - 1, offsets, between)
                for plane in range(BITS):
                    find_stable(planes[plane], between[plane], planes[BITS + plane])
                for i in range(3):
                    extend(grey[min(max(y - 1 + i, 0), height - 1)], 1, around[i])
                gradient(around, planes[GRADIENT])


@kernel
def extend(row: Deep, reach: int, out: Deep) -> None:
    """A row (W,) with its ends repeated `reach` times."""
    inner = out[reach : reach + row.size]
    for x in range(row.size):
        inner[x] = row[x]
    for x in range(reach):
        out[x], out[reach + row.size + x] = row[0], row[row.size - 1]


@kernel
def halfway(row: Deep, out: Deep) -> None:
    """Values (n - 1,) halfway between those of a row (n,), rounded up."""
    after = row[1:]
    for x in range(out.size):
        out[x] = (row[x] | after[x]) - ((row[x] ^ after[x]) >> 1)  # the mean in the bits there are, without a carry


@kernel
def census(ring: Deep, y: int, first: int, offsets: Offsets, out: U8) -> None:
    """Bits "the centre is brighter" for 24 neighbours, eight a plane.

    ring: (side, n), row y of the image being row y % side; out: (3 or more, W), its column 0 centred on column `first`.
    """
    for i in range(0, 24, 8):
        near = _four(ring, y, first, offsets[i : i + 4]) + _four(ring, y, first, offsets[i + 4 : i + 8])
        compare(ring[y % len(ring), first:], near, out[i // 8])


@inline
def _four(ring: Deep, y: int, first: int, offsets: Offsets) -> Four:
    a, b, c, d = offsets[0], offsets[1], offsets[2], offsets[3]
    return (
        _beside(ring, y, first, a),
        _beside(ring, y, first, b),
        _beside(ring, y, first, c),
        _beside(ring, y, first, d),
    )


@inline
def _beside(ring: Deep, y: int, first: int, offset: Offsets) -> Deep:
    """The row of the ring that has the neighbours of row y from column `first` on."""
    return ring[(y + offset[0]) % len(ring), first + offset[1] :]


@kernel
def compare(centre: Deep, others: Eight, out: U8) -> None:
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
def gradient(rows: U8, out: U8) -> None:
    """Horizontal 3×3 Sobel gradient (W,) of the middle one of three rows (3, W + 2), cut to ±63, plus 63."""
    a, b, c = rows[0], rows[1], rows[2]
    d, e, f = a[2:], b[2:], c[2:]
    most = i16(GRADIENT_CAP)
    for x in range(out.size):
        darker = i16(i16(a[x]) + i16(b[x]) + i16(b[x]) + i16(c[x]))
        brighter = i16(i16(d[x]) + i16(e[x]) + i16(e[x]) + i16(f[x]))
        out[x] = u8(min(max(i16(brighter - darker), i16(-most)), most) + most)
