"""A webcam with one or two views in a picture, or two webcams, as a device."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace

from depthkit.cameras import Rig
from depthkit.errors import FrameIncomplete, FrameTimeout, UnsupportedMode
from depthkit.live import Device, Option, Profile, Request, Value, choose
from depthkit.types import FrameSet
from depthkit_drivers import capture_options
from depthkit_drivers.layouts import Layout
from depthkit_drivers.opencv_capture import Capture, Format, Picture

Size = tuple[int, int]


class Webcam(Device):
    """Pictures cut into their views, those of two webcams paired by the time they arrived at.

    sources: number, file or video of each webcam, with its layout; rig_of: the calibration of roles in views of a
    size; sizes: of whole pictures, to look for among its modes; preferred: the size of a view if none is asked for;
    realtime: a video keeps its pace.
    """

    numbered = False

    def __init__(
        self,
        sources: Sequence[tuple[str, Layout]],
        rig_of: Callable[[Sequence[str], Size], Rig],
        sizes: Sequence[Size],
        preferred: Size | None = None,
        realtime: bool = True,
    ) -> None:
        with ExitStack() as opened:
            self._captures = [opened.enter_context(closing(Capture(source, realtime))) for source, _ in sources]
            opened.pop_all()
        self.serial = ",".join(filter(None, (capture.serial for capture in self._captures)))
        self._layouts = [layout for _, layout in sources]
        self._rig_of, self._sizes, self._preferred = rig_of, sizes, preferred
        self._options = capture_options.options(self._captures[0])
        self._held: dict[int, Picture] = {}  # by webcam, until the other's comes

    @property
    def address(self) -> str:
        """Names that stay the same when it is plugged in elsewhere, where there are any."""
        return ",".join(capture.name for capture in self._captures)

    def profiles(self) -> Sequence[Profile]:
        """Of each view, what it gives now, and the usual modes that it has."""
        return [
            profile
            for capture, layout in zip(self._captures, self._layouts, strict=True)
            for form in capture.probe(self._sizes)
            for profile in _profiles(form, layout)
        ]

    def configure(self, request: Request) -> Sequence[Profile]:
        """Ask for it, and see what comes of it; UnsupportedMode if that is something else."""
        forms = [self._negotiated(*each, request) for each in zip(self._captures, self._layouts, strict=True)]
        now = [each for form, layout in zip(forms, self._layouts, strict=True) for each in _profiles(form, layout)]
        chosen = choose(now, request)
        sizes = {(profile.width, profile.height) for profile in chosen}
        if len(sizes) > 1:
            raise UnsupportedMode(f"two webcams must give one size, and they give {' and '.join(map(str, chosen))}")
        self._roles, self._period_ns = [profile.role for profile in chosen], 1e9 / chosen[0].fps
        self._rig = self._rig_of(self._roles, sizes.pop())
        return chosen

    @property
    def rig(self) -> Rig:
        """That of the file, or one that says that it knows nothing."""
        return self._rig

    def start(self) -> None:
        """Nothing to do: OpenCV streams from when a picture is asked for."""
        self._held.clear()

    def read(self, timeout: float) -> FrameSet:
        """The next picture, or of two webcams the next two that arrived within half a period."""
        end = time.monotonic() + timeout
        for i, capture in enumerate(self._captures):
            if i not in self._held:
                if not capture.grab(max(0.0, end - time.monotonic())):
                    raise FrameTimeout(f"{capture.source} gave no picture for {timeout:g} s")
                self._held[i] = capture.retrieve()
        self._drop_the_one_without_a_partner()
        pictures = [self._held.pop(i) for i in range(len(self._captures))]
        views = [layout.views(each.bgr) for layout, each in zip(self._layouts, pictures, strict=True)]
        images = {role: view for each in views for role, view in each.items() if role in self._roles}
        return FrameSet(images, self._rig, stamp_device_ns=pictures[0].stamp_ns)

    def stop(self) -> None:
        """Nothing to do: what is silent after this is opened anew."""

    def close(self) -> None:
        """Give all free."""
        for capture in self._captures:
            capture.close()

    def options(self) -> Sequence[Option]:
        """Those of the first webcam."""
        return self._options

    def get(self, name: str) -> Value:
        """What the first webcam has."""
        return capture_options.get(self._captures[0], name)

    def set(self, name: str, value: Value) -> None:
        """Set it in all; InputError, with what came of it, where one does not take it."""
        for capture in self._captures:
            capture_options.set_to(capture, name, value)

    def _negotiated(self, capture: Capture, layout: Layout, request: Request) -> Format:
        mode = request.mode(layout.roles[0])
        view = mode.size or self._preferred
        return capture.negotiate(replace(mode, size=view and layout.picture_size(view)))

    def _drop_the_one_without_a_partner(self) -> None:
        """FrameIncomplete if two pictures are too far apart in time: the earlier one goes, the next may fit."""
        first, last = min(self._held, key=self._arrival), max(self._held, key=self._arrival)
        apart = self._arrival(last) - self._arrival(first)
        if apart > self._period_ns / 2:
            del self._held[first]
            raise FrameIncomplete(
                f"{self._captures[first].source} gave a picture {apart / 1e6:.1f} ms before the other"
            )

    def _arrival(self, i: int) -> int:
        return self._held[i].arrived_ns


def _profiles(form: Format, layout: Layout) -> list[Profile]:
    return [Profile(role, *layout.view_size(form.size), form.fps, form.fourcc) for role in layout.roles]
