"""Where in one picture the views of several cameras are."""

from dataclasses import dataclass

import cv2
import numpy as np

from depthkit.arrays import U8, Image


@dataclass(frozen=True, slots=True)
class Layout:
    """Views of equal size in `columns` and `rows`; roles: of each, row by row from the top."""

    columns: int
    rows: int
    roles: tuple[str, ...]

    def view_size(self, picture: tuple[int, int]) -> tuple[int, int]:
        """(width, height) of a view in a picture of that size."""
        return picture[0] // self.columns, picture[1] // self.rows

    def picture_size(self, view: tuple[int, int]) -> tuple[int, int]:
        """(width, height) of a picture with views of that size."""
        return view[0] * self.columns, view[1] * self.rows

    def cut(self, picture: Image) -> dict[str, Image]:
        """The views by role, in the picture's memory."""
        width, height = self.view_size((picture.shape[1], picture.shape[0]))
        corners = ((width * column, height * row) for row in range(self.rows) for column in range(self.columns))
        return {role: picture[y : y + height, x : x + width] for role, (x, y) in zip(self.roles, corners, strict=True)}

    def views(self, picture: U8) -> dict[str, U8]:
        """(H, W, 3) uint8 RGB by role, each its own copy, of a BGR picture."""
        cut = self.cut(picture)
        return {role: np.asarray(cv2.cvtColor(view, cv2.COLOR_BGR2RGB), np.uint8) for role, view in cut.items()}


LAYOUTS = {
    "single": Layout(1, 1, ("color",)),
    "side_by_side": Layout(2, 1, ("left", "right")),
    "top_bottom": Layout(1, 2, ("left", "right")),
}
PAIR = Layout(1, 1, ("left",)), Layout(1, 1, ("right",))
"""Of two cameras."""
