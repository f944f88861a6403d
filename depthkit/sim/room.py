"""A furnished room: the scene that the simulated cameras look at unless they are given another."""

from functools import lru_cache

import numpy as np

from depthkit.sim.scene import Lamp, Material, Scene, Shape, box, pole, sphere

WIDTH, HEIGHT, DEPTH = 5.0, 2.6, 6.0
"""Metres along x, y, z. The floor is y = 0, the ceiling y = -HEIGHT; z runs from BACK to BACK + DEPTH."""
BACK = -1.7
_FRONT = BACK + DEPTH

_OAK = Material("planks", 1.1, ("#4a2f1b", "#9a6b3f", "#cfa36b"))
_WALNUT = Material("planks", 0.9, ("#2b1a10", "#6b452a", "#96683f"))
_WHITE = Material("plaster", 0.9, ("#e2e0da", "#e9e7e1", "#f0eee9"))
_STEEL = Material("plaster", 0.3, ("#8d9296", "#a9aeb2", "#c4c8ca"))
_PALETTE = (
    ("#5c1a1b", "#b3423a", "#e8b298"),
    ("#123047", "#2f6f8f", "#a9d3dc"),
    ("#1f3d2b", "#4f8a5b", "#c3dba6"),
    ("#5a3d0c", "#d39b2a", "#f6e2a6"),
    ("#33204a", "#75549c", "#d3bfe4"),
    ("#20242a", "#6a727c", "#dfe3e6"),
    ("#6b2b12", "#cf6a32", "#f3c79b"),
    ("#0f3b3a", "#2e8b83", "#b6e3d3"),
)


@lru_cache(maxsize=4)
def room(seed: int = 0) -> Scene:
    """A room with a table, shelves, a sofa, pictures, balls, boxes and poles between about 0.7 m and 5 m.

    Most surfaces have texture; the wall on the right and the shade of the lamp have next to none, as real ones. The
    same seed gives the same room; another one moves, turns and colours things differently.
    """
    rng = np.random.default_rng(seed)
    parts = (_walls, _table, _bookcase, _sofa, _pictures, _lamp, _clutter)
    lamps = (
        Lamp((-0.9, -2.5, 1.2), (0.0, 1.0, 0.0), (2.2, 1.95, 1.6)),
        Lamp((-2.45, -1.5, 0.6), (1.0, 0.0, 0.0), (1.0, 1.2, 1.5)),
    )
    return Scene(tuple(shape for part in parts for shape in part(rng)), lamps, (0.13, 0.13, 0.14), seed)


def _paint(rng: np.random.Generator, pattern: str, period: float) -> Material:
    return Material(pattern, period, _PALETTE[rng.integers(len(_PALETTE))])


def _walls(rng: np.random.Generator) -> list[Shape]:
    floor = Material("planks", 1.6, ("#3b2616", "#8a6340", "#c19a6b"))
    ceiling = Material("plaster", 1.5, ("#d8d6d0", "#e4e2dc", "#efeee9"))
    plain = Material("plaster", 1.2, ("#b9c4c4", "#c3cdcd", "#cdd6d6"))
    brick = Material("bricks", 1.3, ("#b5aca0", "#a0583f", "#c98a66"))
    paper = Material("speckle", 0.9, ("#7c8b74", "#a9b59c", "#d9dfcd"))
    center = (0.0, -HEIGHT / 2, BACK + DEPTH / 2)
    shell = box(center, (WIDTH, HEIGHT, DEPTH), paper, plain, ceiling, floor, plain, brick)
    rug = box((0.1, -0.005, 2.1), (2.6, 0.01, 2.2), _paint(rng, "carpet", 1.3), turn=(0, rng.uniform(-0.1, 0.1), 0))
    rail = box((0, -0.05, _FRONT - 0.01), (WIDTH, 0.1, 0.02), _WHITE)
    return [shell, rug, rail]


def _table(rng: np.random.Generator) -> list[Shape]:
    x, z, top = 0.15, 1.95, 0.74
    legs = [pole((x + i * 0.58, 0, z + j * 0.28), 0.025, top - 0.03, _STEEL) for i in (-1, 1) for j in (-1, 1)]
    plate = box((x, -top + 0.015, z), (1.35, 0.03, 0.75), _OAK)
    books = []
    height = top
    for _ in range(4):
        thick = rng.uniform(0.025, 0.05)
        books.append(
            box(
                (x - 0.42 + rng.uniform(-0.02, 0.02), -height - thick / 2, z - 0.05),
                (rng.uniform(0.2, 0.28), thick, rng.uniform(0.15, 0.2)),
                _paint(rng, "stripes", 0.35),
                turn=(0, rng.uniform(-0.4, 0.4), 0),
            )
        )
        height += thick
    on_books = sphere((x - 0.42, -height - 0.06, z - 0.05), 0.06, _paint(rng, "cells", 0.25))
    ball = sphere((x + 0.02, -top - 0.12, z + 0.1), 0.12, _paint(rng, "checker", 0.4), turn=(0, rng.uniform(0, 6), 0))
    mug = pole((x + 0.1, -top, z - 0.22), 0.042, 0.1, _paint(rng, "stripes", 0.2))
    carton = box(
        (x + 0.4, -top - 0.13, z + 0.02),
        (0.24, 0.26, 0.18),
        _paint(rng, "painting", 0.4),
        turn=(0, rng.uniform(-0.6, 0.6), 0),
    )
    return [plate, *legs, *books, on_books, ball, mug, carton]


def _bookcase(rng: np.random.Generator) -> list[Shape]:
    x, z, width, height, deep = -1.45, _FRONT - 0.17, 1.3, 1.95, 0.3
    sides = [box((x + i * width / 2, -height / 2, z), (0.03, height, deep), _WALNUT) for i in (-1, 1)]
    boards = [box((x, -h, z), (width, 0.03, deep), _WALNUT) for h in np.linspace(0.05, height, 6)]
    rows = [_row_of_books(rng, x - width / 2, x + width / 2, -h - 0.015, z) for h in np.linspace(0.05, height, 6)[:-1]]
    return [*sides, *boards, *(book for row in rows for book in row)]


def _row_of_books(rng: np.random.Generator, start: float, stop: float, y: float, z: float) -> list[Shape]:
    books = []
    left = start + 0.03
    while left < stop - 0.2:
        width, height = rng.uniform(0.06, 0.16), rng.uniform(0.22, 0.33)
        material = _paint(rng, ("stripes", "grain", "speckle", "painting")[rng.integers(4)], 0.4)
        books.append(box((left + width / 2, y - height / 2, z - rng.uniform(0, 0.05)), (width, height, 0.2), material))
        left += width + (0.0 if rng.random() < 0.8 else rng.uniform(0.05, 0.2))
    return books


def _sofa(rng: np.random.Generator) -> list[Shape]:
    x, z = 1.25, 3.6
    cloth = _paint(rng, "grain", 0.5)
    seat = box((x, -0.22, z), (1.7, 0.4, 0.8), cloth)
    back = box((x, -0.45, z + 0.38), (1.7, 0.85, 0.2), cloth)
    arms = [box((x + i * 0.85, -0.3, z), (0.18, 0.6, 0.85), cloth) for i in (-1, 1)]
    cushions = [
        box(
            (x + i * 0.42, -0.58, z + 0.12),
            (0.42, 0.36, 0.16),
            _paint(rng, p, 0.45),
            turn=(0, rng.uniform(-0.4, 0.4), 0),
        )
        for i, p in ((-1, "carpet"), (1, "cells"))
    ]
    return [seat, back, *arms, *cushions]


def _pictures(rng: np.random.Generator) -> list[Shape]:
    shapes = []
    for x, y, width, height in ((0.15, -1.55, 0.8, 0.6), (1.05, -1.62, 0.5, 0.7), (1.75, -1.5, 0.4, 0.4)):
        shapes.append(box((x, y, _FRONT - 0.02), (width + 0.08, height + 0.08, 0.04), _WALNUT))
        shapes.append(box((x, y, _FRONT - 0.03), (width, height, 0.04), _paint(rng, "painting", 0.9)))
    poster = box((-WIDTH / 2 + 0.01, -1.5, 2.2), (0.02, 0.9, 1.3), _paint(rng, "painting", 1.4))
    return [*shapes, poster]


def _lamp(rng: np.random.Generator) -> list[Shape]:
    x, z = 2.0 + rng.uniform(-0.1, 0.1), 2.75
    shade = Material("plaster", 0.5, ("#efe6cf", "#f3ecd9", "#f7f1e2"))
    return [
        pole((x, 0, z), 0.15, 0.04, _STEEL),
        pole((x, 0, z), 0.015, 1.55, _STEEL),
        pole((x, -1.49, z), 0.18, 0.32, shade),
    ]


def _clutter(rng: np.random.Generator) -> list[Shape]:
    stool = (-0.72 + rng.uniform(-0.04, 0.04), 1.2)
    return [
        pole((stool[0], -0.64, stool[1]), 0.17, 0.04, _OAK),
        pole((stool[0], 0, stool[1]), 0.03, 0.64, _STEEL),
        sphere((stool[0], -0.8, stool[1]), 0.12, _paint(rng, "stripes", 0.3), turn=(0, rng.uniform(0, 6), 0)),
        box((-1.3, -0.25, 2.4), (0.5, 0.5, 0.5), _paint(rng, "cells", 0.6), turn=(0, rng.uniform(0.2, 1.2), 0)),
        box((-1.3, -0.62, 2.4), (0.3, 0.24, 0.3), _paint(rng, "bricks", 0.5), turn=(0, rng.uniform(0.2, 1.2), 0)),
        pole((0.95, 0, 1.45), 0.045, HEIGHT, _paint(rng, "stripes", 0.4)),
        sphere((0.35, -0.16, 1.35), 0.16, _paint(rng, "speckle", 0.5)),
    ]
