"""The normal equations of a bundle adjustment, with the poses of the board eliminated.

Each view's pose meets no other's, so its 6 columns can be solved for last (Schur complement; Triggs et al., "Bundle
adjustment — a modern synthesis", 2000).
"""

from typing import NamedTuple, Self

import numpy as np

from depthkit.arrays import F64

POSE = 6


class Normal(NamedTuple):
    """A (G, G), g (G,) of what is common to all views; C (V, 6, 6), h (V, 6) of each view's pose; B (V, G, 6) of both.

    g and h are gradients: a step goes against them.
    """

    A: F64
    B: F64
    C: F64
    g: F64
    h: F64

    @classmethod
    def empty(cls, common: int, views: int) -> Self:
        """Of nothing seen, for `common` unknowns."""
        shapes = (common, common), (views, common, POSE), (views, POSE, POSE), (common,), (views, POSE)
        return cls(*map(np.zeros, shapes))

    def step(self, damping: float) -> tuple[F64, F64]:
        """(G,) and (V, 6): the Levenberg–Marquardt step; LinAlgError if there is none."""
        C = self.C * (1 + damping * np.eye(POSE))
        inverse = np.linalg.inv(C)
        BC = self.B @ inverse
        S = self.A * (1 + damping * np.eye(len(self.A))) - _product(BC, self.B)
        common = -_solve(S, self.g - np.einsum("vij,vj->i", BC, self.h))
        own = -np.einsum("vij,vj->vi", inverse, self.h + np.einsum("vij,i->vj", self.B, common))
        return common, own

    def information(self) -> F64:
        """(G, G): what all views say of the common unknowns, whatever the poses; its inverse is their covariance."""
        return np.asarray(self.A - _product(self.B @ np.linalg.inv(self.C), self.B))


def scaled_inverse(matrix: F64) -> F64:
    """The inverse of a positive definite matrix whose rows are of very different sizes; LinAlgError if it has none."""
    size = np.sqrt(np.diag(matrix))
    return np.asarray(np.linalg.inv(matrix / np.outer(size, size)) / np.outer(size, size))


def _product(left: F64, right: F64) -> F64:
    """Σ_v left_v right_vᵀ."""
    count = left.shape[1]
    flat = left.transpose(1, 0, 2).reshape(count, -1), right.transpose(1, 0, 2).reshape(count, -1)
    return np.asarray(flat[0] @ flat[1].T)


def _solve(matrix: F64, right: F64) -> F64:
    size = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    return np.asarray(np.linalg.solve(matrix / np.outer(size, size), right / size) / size)
