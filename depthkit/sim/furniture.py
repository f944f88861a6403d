"""Furniture and other things, each a handful of shapes at (x, z), on the floor or on a top at `height` metres."""

import numpy as np

from depthkit.sim.materials import (
    CLAY,
    CLOTH,
    DARK,
    FRUIT,
    KEYS,
    LAMPSHADE,
    LEAF,
    OAK,
    PAGES,
    STEEL,
    WALNUT,
    WHITE,
    colored,
    painted,
)
from depthkit.sim.scene import Shape, box, ellipsoid, pole, sphere

Rng = np.random.Generator


def table(x: float, z: float, height: float) -> list[Shape]:
    """A table of 1.4 m × 0.8 m on four steel legs."""
    legs = [pole((x + i * 0.62, 0, z + j * 0.32), 0.025, height - 0.03, STEEL) for i in (-1, 1) for j in (-1, 1)]
    return [box((x, -height + 0.015, z), (1.4, 0.03, 0.8), OAK), *legs]


def stack_of_books(rng: Rng, x: float, z: float, height: float) -> list[Shape]:
    """Four books on top of each other and a ball on them."""
    shapes = []
    for _ in range(4):
        thick = rng.uniform(0.025, 0.05)
        cover = colored(rng, "grain", 0.4)
        center = (x + rng.uniform(-0.02, 0.02), -height - thick / 2, z + rng.uniform(-0.02, 0.02))
        size = (rng.uniform(0.2, 0.28), thick, rng.uniform(0.15, 0.2))
        faces = (PAGES, PAGES, cover, cover, colored(rng, "stripes", 0.35), PAGES)
        shapes.append(box(center, size, *faces, turn=(0, rng.uniform(-0.4, 0.4), 0)))
        height += thick
    return [*shapes, sphere((x, -height - 0.055, z), 0.055, colored(rng, "cells", 0.25))]


def laptop(rng: Rng, x: float, z: float, height: float) -> list[Shape]:
    """An open laptop with a picture on its screen."""
    yaw = rng.uniform(-0.2, 0.2)
    back = np.array([np.sin(yaw), 0, np.cos(yaw)])
    base = box((x, -height - 0.01, z), (0.34, 0.02, 0.24), KEYS, turn=(0, yaw, 0))
    faces = (DARK, DARK, DARK, DARK, painted(rng, 0.6), DARK)
    lid = box((x, -height - 0.13, z) + 0.125 * back, (0.34, 0.23, 0.012), *faces, turn=(0, yaw, 0))
    return [base, lid]


def bowl_of_fruit(x: float, z: float, height: float) -> list[Shape]:
    """A shallow bowl and five fruits heaped in it."""
    bowl = ellipsoid((x, -height - 0.03, z), (0.28, 0.08, 0.28), WHITE)
    places = ((0.06, 0.0), (-0.06, 0.03), (0.0, -0.07), (0.0, 0.07))
    fruits = [sphere((x + dx, -height - 0.085, z + dz), 0.042, FRUIT) for dx, dz in places]
    return [bowl, *fruits, sphere((x, -height - 0.135, z), 0.04, FRUIT)]


def bottle(rng: Rng, x: float, z: float, height: float) -> list[Shape]:
    """A bottle: body, shoulder and neck."""
    glass = colored(rng, "stripes", 0.25)
    return [
        pole((x, -height, z), 0.04, 0.17, glass),
        ellipsoid((x, -height - 0.17, z), (0.08, 0.09, 0.08), glass),
        pole((x, -height - 0.2, z), 0.013, 0.09, glass),
    ]


def bookcase(rng: Rng, x: float, z: float) -> list[Shape]:
    """Five rows of books, 1.95 m high."""
    width, height, deep = 1.2, 1.95, 0.3
    levels = np.linspace(0.05, height, 6)
    sides = [box((x + i * width / 2, -height / 2, z), (0.03, height, deep), WALNUT) for i in (-1, 1)]
    boards = [box((x, -level, z), (width, 0.03, deep), WALNUT) for level in levels]
    rows = [_row_of_books(rng, x - width / 2, x + width / 2, z, level + 0.015) for level in levels[:-1]]
    return [*sides, *boards, *(book for row in rows for book in row)]


def _row_of_books(rng: Rng, start: float, stop: float, z: float, height: float) -> list[Shape]:
    books, left = [], start + 0.03
    while left < stop - 0.2:
        width, tall = rng.uniform(0.06, 0.16), rng.uniform(0.22, 0.33)
        back = colored(rng, rng.choice(["stripes", "grain", "speckle", "painting"]), 0.4)
        center = (left + width / 2, -height - tall / 2, z - rng.uniform(0, 0.05))
        books.append(box(center, (width, tall, 0.2), back))
        left += width + (0.0 if rng.random() < 0.8 else rng.uniform(0.05, 0.2))
    return books


def sofa(rng: Rng, x: float, z: float) -> list[Shape]:
    """A sofa 1.8 m wide with two cushions."""
    cloth = CLOTH[rng.integers(len(CLOTH))]
    cushions = [
        ellipsoid((x + i * 0.45, -0.62, z + 0.1), (0.48, 0.44, 0.2), colored(rng, pattern, 0.45),
                  turn=(-0.2, rng.uniform(-0.3, 0.3), 0))
        for i, pattern in ((-1, "carpet"), (1, "cells"))
    ]  # fmt: skip
    return [
        box((x, -0.22, z), (1.7, 0.44, 0.8), cloth),
        box((x, -0.45, z + 0.38), (1.7, 0.9, 0.2), cloth),
        *[box((x + i * 0.85, -0.3, z), (0.18, 0.6, 0.85), cloth) for i in (-1, 1)],
        *cushions,
    ]


def pictures(rng: Rng, z: float) -> list[Shape]:
    """Three framed pictures on a wall that faces the camera at depth `z`."""
    shapes = []
    for x, y, width, height in ((0.1, -1.62, 0.85, 0.62), (0.95, -1.68, 0.5, 0.7), (1.65, -1.6, 0.42, 0.42)):
        shapes.append(box((x, y, z - 0.02), (width + 0.08, height + 0.08, 0.04), WALNUT))
        shapes.append(box((x, y, z - 0.035), (width, height, 0.03), painted(rng, rng.uniform(0.9, 1.3))))
    return shapes


def floor_lamp(x: float, z: float) -> list[Shape]:
    """A lamp 1.8 m high with a shade that has no texture to speak of."""
    return [
        pole((x, 0, z), 0.15, 0.03, DARK),
        pole((x, 0, z), 0.012, 1.55, STEEL),
        pole((x, -1.5, z), 0.17, 0.3, LAMPSHADE),
    ]


def plant(rng: Rng, x: float, z: float, leaves: int = 26) -> list[Shape]:
    """A pot with long leaves in all directions."""
    shapes = [pole((x, 0, z), 0.16, 0.34, CLAY), pole((x, 0, z), 0.02, 0.75, WALNUT)]
    for _ in range(leaves):
        around, up, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 1.05), rng.uniform(0.12, 0.26)
        center = (x + reach * np.sin(around), -up, z + reach * np.cos(around))
        tilt = rng.uniform(0.2, 0.9)  # from straight up, outwards
        turn = tilt * np.array([-np.cos(around), 0, np.sin(around)])
        shapes.append(ellipsoid(center, (0.09, rng.uniform(0.26, 0.4), 0.012), LEAF, turn=turn))
    return shapes


def stool(rng: Rng, x: float, z: float) -> list[Shape]:
    """A stool with a ball on it."""
    ball = sphere((x, -0.8, z), 0.12, colored(rng, "stripes", 0.25), turn=rng.uniform(-1, 1, 3))
    return [pole((x, -0.64, z), 0.17, 0.04, OAK), pole((x, 0, z), 0.03, 0.64, STEEL), ball]


def crates(rng: Rng, x: float, z: float) -> list[Shape]:
    """A small crate on a large one."""
    lower = box((x, -0.25, z), (0.5, 0.5, 0.5), colored(rng, "planks", 0.7), turn=(0, rng.uniform(0.2, 1.2), 0))
    upper = box((x, -0.62, z), (0.3, 0.24, 0.3), colored(rng, "bricks", 0.5), turn=(0, rng.uniform(0.2, 1.2), 0))
    return [lower, upper]
