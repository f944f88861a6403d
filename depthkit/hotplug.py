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
    watch = _Watch(added, removed, interval)
    with ExitStack() as stack:
        watch.begin(stack)
        thread = threading.Thread(target=watch.run, name="depthkit-hotplug", daemon=True)
        thread.start()
        try:
            yield
        finally:
            watch.end()
            thread.join()


class _Watch:
    """Compares what drivers list with what they listed before."""

    def __init__(self, added: OnCamera, removed: OnCamera, interval: float) -> None:
        self._added, self._removed, self._interval = added, removed, interval
        self._stopping, self._changed = threading.Event(), threading.Event()
        self._noticing: set[str] = set()  # schemes of drivers that tell when something changed
        self._known: dict[str, Sequence[CameraInfo]] = {}

    def begin(self, stack: ExitStack) -> None:
        """See what there is; until the stack is left, drivers that can tell of changes."""
        for scheme in drivers():
            if _tells(scheme, self._changed.set, stack):
                self._noticing.add(scheme)
            self._known[scheme] = discovered(scheme)

    def run(self) -> None:
        """Look again and again, until `end`."""
        while not self._stopping.is_set():
            told = self._changed.wait(self._interval if len(self._noticing) < len(self._known) else None)
            self._changed.clear()
            for scheme in self._known:
                if (told or scheme not in self._noticing) and not self._stopping.is_set():
                    self._look(scheme)

    def end(self) -> None:
        """Have `run` end soon."""
        self._stopping.set()
        self._changed.set()

    def _look(self, scheme: str) -> None:
        before, now = self._known[scheme], discovered(scheme)
        self._known[scheme] = now
        for listener, cameras, others in ((self._removed, before, now), (self._added, now, before)):
            uris = {info.uri for info in others}
            for info in cameras:
                if info.uri not in uris:
                    listener(info)


def _tells(scheme: str, changed: Callable[[], None], stack: ExitStack) -> bool:
    """Whether the driver tells of changes; if so it does until the stack is left."""
    try:
        driver = load_driver(scheme)
    except DriverError:
        return True  # it has no cameras, now and later
    if not isinstance(driver, HotPlug):
        return False
    stack.enter_context(driver.watch(changed))
    return True
