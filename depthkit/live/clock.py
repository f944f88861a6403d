"""A device's clock on the host's: offset and drift from frames that arrive late, but never early."""

from collections import deque

from depthkit.errors import InputError
from depthkit.pairing import compare_clocks

_BIN_NS = 1_000_000_000  # of the frames in it, the one that was delayed least is kept
_BINS = 300
_FEWEST = 4  # bins before drift is believed
_EARLY_NS = 20_000_000  # before the earliest possible arrival: one of the clocks has jumped
_FIRST_EARLY_NS = 1_000_000_000  # the same in the first second, when the first frame may have been a late one
_LATE_NS, _LASTING_NS = 50_000_000, 5_000_000_000  # as late as that, for as long: so it has if no frame comes in time


class ClockFit:
    """Fits host = device + offset + rate·(device − first) below all arrivals, as no frame arrives before it is made.

    Of each second the least delayed frame counts; through them goes the robust line of `pairing.compare_clocks`,
    lowered to the lowest. A jump of either clock, found by frames that are early, stamps that go back, or lasting
    lateness, begins the fit anew and is counted.
    """

    def __init__(self) -> None:
        self.jumps = 0
        self.restart()

    def restart(self) -> None:
        """Forget all: the device's clock began anew."""
        self._bins: deque[tuple[int, int]] = deque(maxlen=_BINS)  # device's and host's stamp of the least delayed
        self._bin_start = 0
        self._offset_ns, self._rate_ppm, self._first_ns = 0, 0.0, 0
        self._last_ns = 0  # device's
        self._in_time_ns = 0  # host's, of the last frame that was not late

    @property
    def drift_ppm(self) -> float | None:
        """How much faster the host's clock runs, in millionths; None before it is known."""
        return self._rate_ppm if len(self._bins) > _FEWEST else None

    def to_host(self, device_ns: int) -> int | None:
        """When the host could have had a frame of that stamp at the earliest; None before there was one."""
        if not self._bins:
            return None
        return device_ns + self._offset_ns + round((device_ns - self._first_ns) * self._rate_ppm * 1e-6)

    def add(self, device_ns: int, host_ns: int) -> bool:
        """Take the two stamps of a frame, in order; True if one of the clocks has jumped since the last one."""
        expected = self.to_host(device_ns)
        jumped = expected is not None and self._has_jumped(device_ns, host_ns, host_ns - expected)
        if jumped:
            self.restart()
            self.jumps += 1
        if not self._bins:
            self._bin_start = self._in_time_ns = host_ns
            self._bins.append((device_ns, host_ns))
            self._fit()
        self._last_ns = device_ns
        self._collect(device_ns, host_ns)
        return jumped

    def _has_jumped(self, device_ns: int, host_ns: int, late_ns: int) -> bool:
        if late_ns < _LATE_NS:
            self._in_time_ns = host_ns
        lasting = late_ns >= _LATE_NS and host_ns - self._in_time_ns > _LASTING_NS
        early_ns = _EARLY_NS if len(self._bins) > 1 else _FIRST_EARLY_NS
        return late_ns < -early_ns or device_ns < self._last_ns or lasting

    def _collect(self, device_ns: int, host_ns: int) -> None:
        if host_ns - self._bin_start >= _BIN_NS:
            self._fit()  # with the bin that is full now
            self._bin_start = host_ns
            self._bins.append((device_ns, host_ns))
        elif host_ns - device_ns < self._bins[-1][1] - self._bins[-1][0]:
            self._bins[-1] = device_ns, host_ns
            if len(self._bins) == 1:
                self._fit()

    def _fit(self) -> None:
        device, host = zip(*self._bins, strict=True)
        self._first_ns, self._offset_ns = device[0], host[0] - device[0]
        if len(self._bins) >= _FEWEST:
            try:
                clocks = compare_clocks(device, host)
            except InputError:  # the device's clock stands still
                return
            self._rate_ppm = clocks.rate_ppm
            self._offset_ns = clocks.offset_ns + round(float(clocks.residuals_ns.min()))
