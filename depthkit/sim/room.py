"""A furnished room: the scene that the simulated cameras look at unless they are given another."""

from functools import lru_cache

import numpy as np

from depthkit.sim import furniture as put
from depthkit.sim.materials import BRICK, CEILING, FLOOR, PLAIN, WALLPAPER, WALNUT, WHITE, colored
from depthkit.sim.scene import Lamp, Scene, Shape, box, pole, sphere

WIDTH, HEIGHT, DEPTH = 4.6, 2.6, 6.2
"""Metres along x, y, z. The floor is y = 0, the ceiling y = -HEIGHT; z runs from BACK to FRONT."""
BACK = -1.8
FRONT = BACK + DEPTH


@lru_cache(maxsize=4)
def room(seed: int = 0) -> Scene:
    """A room with a table, shelves, a sofa, pictures, balls, boxes and poles between about 0.7 m and 5 m.

    Most surfaces have texture; the wall on the right, the lamp and the table's legs have next to none, as real ones.
    The same seed gives the same room; another one moves, turns and colours things differently.
    """
    rng = np.random.default_rng(seed)
    shapes = (
        *_shell(rng),
        *_along_the_walls(rng),
        *_table(rng, *_about(rng, 0.15, 1.95)),
        *put.stool(rng, *_about(rng, -0.62, 1.4)),
        *put.crates(rng, *_about(rng, -1.35, 2.5)),
        pole((1.0, 0, 1.6), 0.03, HEIGHT, WALNUT),
        sphere((0.4 + rng.uniform(-0.2, 0.2), -0.16, 1.5), 0.16, colored(rng, "cells", 0.4)),
    )
    ceiling = Lamp((-0.8, -2.5, 0.9), (0.0, 1.0, 0.0), (4.4, 4.0, 3.4))
    window = Lamp((-2.2, -1.6, 0.2), (1.0, 0.0, 0.0), (1.9, 2.2, 2.6))
    return Scene(shapes, (ceiling, window), (0.26, 0.27, 0.29), seed)


def _about(rng: np.random.Generator, x: float, z: float) -> tuple[float, float]:
    return x + rng.uniform(-0.05, 0.05), z + rng.uniform(-0.05, 0.05)


def _shell(rng: np.random.Generator) -> list[Shape]:
    center = (0.0, -HEIGHT / 2, BACK + DEPTH / 2)
    walls = box(center, (WIDTH, HEIGHT, DEPTH), WALLPAPER, PLAIN, CEILING, FLOOR, WALLPAPER, BRICK)
    skirting = box((0, -0.05, FRONT - 0.01), (WIDTH, 0.1, 0.02), WHITE)
    rug = box((0.1, -0.005, 2.2), (2.6, 0.01, 2.0), colored(rng, "carpet", 1.3), turn=(0, rng.uniform(-0.1, 0.1), 0))
    return [walls, skirting, rug]


def _along_the_walls(rng: np.random.Generator) -> list[Shape]:
    return [
        *put.bookcase(rng, -1.6, FRONT - 0.17),
        *put.floor_lamp(-0.62 + rng.uniform(-0.05, 0.05), FRONT - 0.35),
        *put.sofa(rng, 1.2, FRONT - 0.6),
        *put.pictures(rng, FRONT),
        *put.plant(rng, 1.75 + rng.uniform(-0.05, 0.05), 2.9),
    ]


def _table(rng: np.random.Generator, x: float, z: float) -> list[Shape]:
    top = 0.74
    globe, carton = (x + 0.08, -top - 0.11, z + 0.22), (x + 0.52, -top - 0.13, z + 0.15)
    return [
        *put.table(x, z, top),
        *put.stack_of_books(rng, x - 0.5, z - 0.12, top),
        *put.laptop(rng, x - 0.18, z + 0.15, top),
        *put.bowl_of_fruit(x + 0.42, z - 0.17, top),
        *put.bottle(rng, x + 0.27, z + 0.25, top),
        sphere(globe, 0.11, colored(rng, "checker", 0.4), turn=rng.uniform(-0.5, 0.5, 3)),
        box(carton, (0.24, 0.26, 0.18), colored(rng, "cells", 0.3), turn=(0, rng.uniform(-1, 1), 0)),
        pole((x + 0.12, -top, z - 0.25), 0.042, 0.1, colored(rng, "stripes", 0.2)),
    ]
