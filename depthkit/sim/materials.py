"""What things in the room are made of."""

import numpy as np

from depthkit.sim.scene import Material

FLOOR = Material("planks", 1.6, ("#3b2616", "#8a6340", "#c19a6b"))
CEILING = Material("plaster", 1.5, ("#d8d6d0", "#e4e2dc", "#efeee9"))
PLAIN = Material("plaster", 1.2, ("#c2c7bb", "#cacfc4", "#d2d7cc"))
BRICK = Material("bricks", 1.3, ("#b5aca0", "#a0583f", "#c98a66"))
WALLPAPER = Material("speckle", 0.9, ("#7c8b74", "#a9b59c", "#d9dfcd"))
WHITE = Material("plaster", 0.9, ("#e2e0da", "#e9e7e1", "#f0eee9"))
OAK = Material("planks", 1.1, ("#5a3a22", "#a97848", "#dcb27a"))
WALNUT = Material("planks", 0.9, ("#2b1a10", "#6b452a", "#96683f"))
STEEL = Material("plaster", 0.3, ("#8d9296", "#a9aeb2", "#c4c8ca"))
LAMPSHADE = Material("plaster", 0.5, ("#efe6cf", "#f3ecd9", "#f7f1e2"))
DARK = Material("plaster", 0.4, ("#1c1e22", "#24272c", "#2d3036"))
LEAF = Material("grain", 0.35, ("#16351c", "#3f7d3a", "#8cbf5f"))
PAGES = Material("stripes", 0.1, ("#b8ad96", "#d9cfb8", "#f2ead6"))
KEYS = Material("checker", 0.16, ("#26282c", "#3a3d42", "#9a9ea3"))
FRUIT = Material("grain", 0.3, ("#b5541c", "#e08a1e", "#f0b93a"))
CLOTH = (
    Material("grain", 0.5, ("#1d3f48", "#2f6671", "#5c98a0")),
    Material("grain", 0.5, ("#3f4650", "#616b77", "#929ca6")),
    Material("grain", 0.5, ("#27412f", "#3f6549", "#789b78")),
)
CLAY = Material("speckle", 0.3, ("#7a3d22", "#b5643c", "#dd9a6a"))

_COLORS = (
    ("#5c1a1b", "#b3423a", "#e8b298"),
    ("#123047", "#2f6f8f", "#a9d3dc"),
    ("#1f3d2b", "#4f8a5b", "#c3dba6"),
    ("#5a3d0c", "#d39b2a", "#f6e2a6"),
    ("#33204a", "#75549c", "#d3bfe4"),
    ("#20242a", "#6a727c", "#dfe3e6"),
    ("#6b2b12", "#cf6a32", "#f3c79b"),
    ("#0f3b3a", "#2e8b83", "#b6e3d3"),
    ("#17324d", "#c8553d", "#f2d0a4"),
    ("#264653", "#2a9d8f", "#e9c46a"),
    ("#3d2645", "#d1495b", "#edae49"),
    ("#1b4965", "#8fb8ca", "#f6f1e1"),
)


def colored(rng: np.random.Generator, pattern: str, period: float) -> Material:
    """A pattern in random colours that go together."""
    return Material(pattern, period, _COLORS[rng.integers(len(_COLORS))])


def painted(rng: np.random.Generator, period: float) -> Material:
    """A picture: the colours of several hues."""
    return Material("painting", period, _COLORS[rng.integers(8, len(_COLORS))])
