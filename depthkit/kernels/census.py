"""What is compared between two views: census bits, which of them are stable, and the horizontal gradient.

Census: Zabih and Woodfill 1994. The features of a pixel are seven bytes, kept as planes of a row, (H, 7, W):
0–2 census bits of the 5×5 window, 3–5 the mask of those bits that are stable, 6 the gradient.
"""

import numpy as np

from depthkit.kernels.jit import kernel
from depthkit.kernels.matching import U8

PAD = 3  # pixels an image is extended by on each side: two for the window, one for the half-pixel shift
PLANES = 7
GRADIENT = 6
GRADIENT_CAP = 63  # gradients are cut to ±63 and stored with 63 added

u8 = np.uint8


@kernel
def features(start: int, stop: int, padded: U8, out: U8) -> None:
    """Features (H, 7, W) of rows start…stop of an image that is extended by PAD to (H + 6, W + 6).

    A census bit is stable if the image shifted by half a pixel to either side has the same bit: others tell of
    sampling and noise rather than of the scene, and do not count.
    """
    width = out.shape[2]
    half = np.empty((5, width + 2 * PAD - 1), np.uint8)
    between = np.empty((3, width + 1), np.uint8)
    for y in range(start, stop):
        rows = padded[y + PAD - 2 : y + PAD + 3]
        halfway(rows, half)
        census(rows, PAD, out[y, :3])
        census(half, PAD - 1, between)
        for plane in range(3):
            for x in range(width):
                bits = out[y, plane, x]
                out[y, 3 + plane, x] = u8(255) ^ u8((bits ^ between[plane, x]) | (bits ^ between[plane, x + 1]))
        gradient(padded[y + PAD - 1 : y + PAD + 2], out[y, GRADIENT])


@kernel
def halfway(rows: U8, out: U8) -> None:
    """Values (5, n - 1) halfway between the columns of rows (5, n), rounded up."""
    for i in range(5):
        for j in range(out.shape[1]):
            out[i, j] = u8((np.int16(rows[i, j]) + np.int16(rows[i, j + 1]) + 1) >> 1)


@kernel
def census(rows: U8, first: int, out: U8) -> None:
    """Bits "the centre is brighter" for the 24 neighbours in a window of five rows, eight a plane, from the top left.

    rows: (5, n); out: (3, width), its column 0 centred on column `first` of the rows.
    """
    width = out.shape[1]
    centre = rows[2, first : first + width]
    out[:] = 0
    place = 0
    for dy in range(5):
        for dx in range(-2, 3):
            if dy == 2 and dx == 0:
                continue
            other = rows[dy, first + dx : first + dx + width]
            plane = out[place >> 3]
            bit = u8(1 << (place & 7))
            for x in range(width):
                plane[x] |= bit if centre[x] > other[x] else u8(0)
            place += 1


@kernel
def gradient(rows: U8, out: U8) -> None:
    """Horizontal 3×3 Sobel gradient of the middle of three rows (3, W + 6), cut to ±63, plus 63."""
    two, most = np.int16(2), np.int64(GRADIENT_CAP)
    for x in range(out.size):
        before, after = x + PAD - 1, x + PAD + 1
        darker = np.int16(rows[0, before]) + two * np.int16(rows[1, before]) + np.int16(rows[2, before])
        brighter = np.int16(rows[0, after]) + two * np.int16(rows[1, after]) + np.int16(rows[2, after])
        out[x] = u8(min(max(np.int64(brighter - darker), -most), most) + most)
