"""Open3D's way to do the tasks, with everything made ready that can be made before."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from depthkit.arrays import F32, F64, U8, U16
from depthkit_tools.bench.timing import Job, Rival


def open3d_rival(name: str, make_job: Callable[[], Job], note: str = "") -> Rival:
    """The rival, or why it cannot run here."""
    try:
        import open3d  # noqa: F401
    except ImportError as error:
        absent = error.name == "open3d"
        why = "open3d not installed: make bench installs it" if absent else f"open3d cannot start: {error}"
        return Rival(name, None, why)
    return Rival(name, make_job(), note)


def tensor_cloud(depth: U16, color: U8, K: F64, scale: float, farthest: float) -> Job:
    """With the newer of Open3D's two interfaces."""
    import open3d as o3d

    picture, steps = (o3d.t.geometry.Image(o3d.core.Tensor(image)) for image in (color, depth))
    rgbd = o3d.t.geometry.RGBDImage(picture, steps)
    create = o3d.t.geometry.PointCloud.create_from_rgbd_image
    return partial(create, rgbd, o3d.core.Tensor(K), depth_scale=scale, depth_max=farthest)


def one_thread(job: Job) -> Job:
    """The same job without Open3D's threads, which now and then cost more than they bring."""
    import open3d as o3d

    threads = o3d.utility.get_max_threads()

    def run() -> object:
        o3d.utility.set_max_threads(1)
        try:
            return job()
        finally:
            o3d.utility.set_max_threads(threads)

    return run


def legacy_cloud(depth: U16, color: U8, K: F64, scale: float, farthest: float) -> Job:
    """With the older one."""
    import open3d as o3d

    height, width = depth.shape
    rgbd = o3d.geometry.RGBDImage.create_from_color_and_depth(
        o3d.geometry.Image(color), o3d.geometry.Image(depth), scale, farthest, convert_rgb_to_intensity=False
    )
    intrinsic = o3d.camera.PinholeCameraIntrinsic(width, height, K[0, 0], K[1, 1], K[0, 2], K[1, 2])
    return partial(o3d.geometry.PointCloud.create_from_rgbd_image, rgbd, intrinsic)


def tensor_save(path: Path, points: F32, colors: U8) -> Job:
    """float32 and uint8, binary."""
    import open3d as o3d

    cloud = o3d.t.geometry.PointCloud(o3d.core.Tensor(points))
    cloud.point.colors = o3d.core.Tensor(colors)
    return partial(o3d.t.io.write_point_cloud, str(path), cloud)


def legacy_save(path: Path, points: F32, colors: U8) -> Job:
    """float64 and uint8, binary: the older interface holds nothing else."""
    import open3d as o3d

    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points))
    cloud.colors = o3d.utility.Vector3dVector(colors / 255.0)
    return partial(o3d.io.write_point_cloud, str(path), cloud)
