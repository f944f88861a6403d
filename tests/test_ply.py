"""PLY files: read back by us and by Open3D, byte for byte as the format says, and never left half-written."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from depthkit import ply
from depthkit.arrays import F32
from depthkit.errors import InputError
from depthkit.types import PointCloud

POINTS = np.array([[0, -1.5, 2], [0.25, 3, 1e6]], np.float32)
COLORS = np.array([[255, 0, 7], [1, 128, 64]], np.uint8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    arrays.arrays(np.float32, st.tuples(st.integers(0, 40), st.just(3)), elements=st.floats(width=32)), st.booleans()
)
def test_comes_back_bit_for_bit(tmp_path: Path, points: F32, colored: bool) -> None:
    colors = np.random.default_rng(0).integers(0, 256, points.shape, np.uint8) if colored else None
    PointCloud(points, colors).save(tmp_path / "cloud.ply")
    points_back, colors_back = ply.read(tmp_path / "cloud.ply")
    np.testing.assert_array_equal(points_back.view(np.uint32), points.view(np.uint32))
    if colors is None:
        assert colors_back is None
    else:
        np.testing.assert_array_equal(colors_back, colors)


def test_bytes_of_the_file(tmp_path: Path) -> None:
    ply.write(tmp_path / "cloud.ply", POINTS, COLORS)
    head, body = (tmp_path / "cloud.ply").read_bytes().split(b"end_header\n")
    assert head.decode().splitlines() == [
        "ply",
        "format binary_little_endian 1.0",
        "comment metres, x right, y down, z forward",
        "element vertex 2",
        *(f"property float {axis}" for axis in "xyz"),
        *(f"property uchar {name}" for name in ("red", "green", "blue")),
    ]
    assert body == struct.pack("<3f3B3f3B", 0, -1.5, 2, 255, 0, 7, 0.25, 3, 1e6, 1, 128, 64)


def test_open3d_reads_the_same(tmp_path: Path) -> None:
    try:
        import open3d as o3d
    except ImportError as error:
        pytest.skip(f"Open3D, which reads the file back, cannot be used here: {error}")
    ply.write(tmp_path / "cloud.ply", POINTS, COLORS)
    cloud = o3d.io.read_point_cloud(str(tmp_path / "cloud.ply"))
    np.testing.assert_array_equal(np.asarray(cloud.points), POINTS)
    np.testing.assert_array_equal(np.rint(np.asarray(cloud.colors) * 255), COLORS)


def test_slices_and_reversed_arrays_are_written_right(tmp_path: Path) -> None:
    ply.write(tmp_path / "cloud.ply", POINTS[::-1], COLORS[:, ::-1])
    points, colors = ply.read(tmp_path / "cloud.ply")
    np.testing.assert_array_equal(points, POINTS[::-1])
    np.testing.assert_array_equal(colors, COLORS[:, ::-1])


def test_wrong_arrays_and_folders_leave_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="points must be float32"):
        ply.write(tmp_path / "cloud.ply", POINTS.astype(np.float64))
    with pytest.raises(InputError, match="colors must be uint8 of shape 2×3"):
        ply.write(tmp_path / "cloud.ply", POINTS, COLORS[:1])
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="does not exist"):
        ply.write(tmp_path / "absent" / "cloud.ply", POINTS)


@pytest.mark.parametrize("cut", ["empty", "text", "short", "count", "double"])
def test_damaged_files_are_named(tmp_path: Path, cut: str) -> None:
    path = tmp_path / "cloud.ply"
    ply.write(path, POINTS, COLORS)
    data = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "text": data.replace(b"binary_little_endian", b"ascii"),
            "short": data[:-1],
            "count": data.replace(b"element vertex 2\n", b""),
            "double": data.replace(b"float x", b"double x"),
        }[cut]
    )
    with pytest.raises(InputError, match=r"cloud\.ply"):
        ply.read(path)
