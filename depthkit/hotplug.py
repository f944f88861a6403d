"""Cameras that come and go while a program runs."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from depthkit.capture import CameraInfo, HotPlug, discovered, drivers, load_driver
from depthkit.errors import DriverError

OnCamera = Callable[[CameraInfo], object]


@contextmanager
def watch_cameras(added: OnCamera, removed: OnCamera, interval: float = 1.0) -> Iterator[None]:
    """Have `added` and `removed` called, from another thread, for each camera that comes or goes meanwhile.

    Drivers that do not notice by themselves are asked every `interval` s. A camera that is open may be among the
    removed: some drivers list only those that are free.
    """
    stopping, changed = threading.Event(), threading.Event()
    with ExitStack() as stack:
        noticing = {scheme for scheme in drivers() if _notices(scheme, changed.set, stack)}
        known = {scheme: discovered(scheme) for scheme in drivers()}

        def run() -> None:
            while not stopping.is_set():
                told = changed.wait(interval if len(noticing) < len(drivers()) else None)
                changed.clear()
                for scheme in drivers():
                    if not stopping.is_set() and (told or scheme not in noticing):
                        before, known[scheme] = known[scheme], discovered(scheme)
                        _tell(before, known[scheme], removed)
                        _tell(known[scheme], before, added)

        thread = threading.Thread(target=run, name="depthkit-hotplug", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            changed.set()
            thread.join()


def _notices(scheme: str, changed: Callable[[], None], stack: ExitStack) -> bool:
    """Whether the driver tells when something changed; if so it does until the stack is left."""
    try:
        driver = load_driver(scheme)
    except DriverError:
        return True  # it has no cameras, now and later
    if isinstance(driver, HotPlug):
        stack.enter_context(driver.watch(changed))
        return True
    return False


def _tell(cameras: Sequence[CameraInfo], others: Sequence[CameraInfo], listener: OnCamera) -> None:
    """Call the listener with the cameras that are not among the others."""
    known = {info.uri for info in others}
    for info in cameras:
        if info.uri not in known:
            listener(info)
