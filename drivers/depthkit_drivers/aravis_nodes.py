"""The features of a GigE Vision device, by name: its node map as libaravis has it."""

from collections.abc import Iterator
from ctypes import byref, c_char_p, c_uint, cast
from threading import RLock

from depthkit.errors import DriverError
from depthkit.live import Option
from depthkit.live.options import Value
from depthkit_drivers.aravis import BEGINNER, READ_ONLY, READ_WRITE, WRITE_ONLY, AravisError, call, is_a
from depthkit_drivers.genicam_components import OF_STREAMS

_KINDS = ("enumeration", "boolean", "integer", "float")  # an enumeration is an integer, too
_FREE = {"integer": 2**62, "float": 1e300}  # beyond that a limit is none


class AravisNodes:
    """Reads and sets features; what a device lacks, or does not let be read or set now, is None or stays.

    libaravis evaluates nodes for one thread at a time only.
    """

    def __init__(self, device: int) -> None:
        self._map, self._lock = call("arv_device_get_genicam", device), RLock()

    def get(self, name: str) -> Value | None:
        """The value of a feature: an integer, a float, a boolean, or the name of a choice."""
        with self._lock:
            node, kind = self._found(name)
            try:
                return _value(node, kind) if _is_open(node, READ_ONLY) else None
            except AravisError:  # it was readable a moment ago
                return None

    def put(self, name: str, value: Value) -> bool:
        """Set a feature if it can be set; whether it has the value now."""
        with self._lock:
            if self.get(name) == value:
                return True
            node, kind = self._found(name)
            if not _is_open(node, WRITE_ONLY):
                return False
            try:
                _set(node, kind, value)
            except AravisError:
                return False
            return True

    def set(self, name: str, value: Value) -> None:
        """Set an option; DriverError if the device refuses."""
        with self._lock:
            try:
                _set(*self._found(name), value)
            except AravisError as error:
                raise DriverError(f"the camera does not take {name}={value} now: {error}") from error

    def choices(self, name: str) -> list[str]:
        """The choices of an enumeration that there are now, that which is set first; empty if there is none such."""
        with self._lock:
            node, kind = self._found(name)
            if kind != "enumeration":
                return []
            now = self.get(name)
            return sorted(_choices(node), key=lambda choice: choice != now)

    def allows(self, name: str, value: int) -> bool:
        """Whether a whole number is one that the feature could be set to."""
        with self._lock:
            node, kind = self._found(name)
            if kind != "integer" or not _is_open(node, WRITE_ONLY):
                return self.get(name) == value
            low, high, step = (_limit(node, kind, which) for which in ("min", "max", "inc"))
            low = low or 0
            return low <= value and (high is None or value <= high) and (value - low) % (step or 1) == 0

    def maximum(self, name: str) -> float | None:
        """The most that a number could be set to; None if it cannot be set."""
        with self._lock:
            node, kind = self._found(name)
            if kind not in _FREE or not _is_open(node, WRITE_ONLY):
                return None
            return _limit(node, kind, "max")

    def number(self, name: str) -> int | None:
        """The value of a feature as an integer: of an enumeration, the number of its choice."""
        with self._lock:
            node, kind = self._found(name)
            try:
                return int(call("arv_gc_integer_get_value", node)) if kind in ("integer", "enumeration") else None
            except AravisError:
                return None

    def names(self, prefix: str) -> list[str]:
        """The features whose names begin so and that have values."""
        with self._lock:
            return [name for name, _, _ in self._features() if name.startswith(prefix)]

    def options(self) -> list[Option]:
        """The features that are for beginners, but for those that a stream's profile has."""
        with self._lock:
            beginner = [
                (name, node, kind)
                for name, node, kind in self._features()
                if call("arv_gc_feature_node_get_visibility", node) == BEGINNER and name not in OF_STREAMS
            ]
            return [option for each in beginner if (option := self._option(*each)) is not None]

    def hold(self, buffer: int) -> None:
        """Have chunks read from a buffer."""
        with self._lock:
            call("arv_gc_set_buffer", self._map, buffer)

    def _option(self, name: str, node: int, kind: str) -> Option | None:
        value = self.get(name)
        if value is None or name.endswith("Selector"):
            return None
        low, high = (_limit(node, kind, which) for which in ("min", "max"))
        choices = tuple(self.choices(name))
        unit = _text(f"arv_gc_{kind}_get_unit", node) if kind in _FREE else ""
        tooltip = _text("arv_gc_feature_node_get_tooltip", node)
        return Option(name, value, low, high, choices, unit, tooltip, not _is_open(node, WRITE_ONLY))

    def _features(self) -> Iterator[tuple[str, int, str]]:
        """Name, node and kind of all that is in a category and has a value."""
        names, seen = ["Root"], set[str]()
        while names:
            name = names.pop(0)
            node, kind = self._found(name)
            if name in seen or node is None:
                continue
            seen.add(name)
            if kind:
                yield name, node, kind
            elif is_a(node, "category"):
                names += _listed(node)

    def _found(self, name: str) -> tuple[int | None, str]:
        """The node of that name, and its kind; None, and an empty one, if there is none."""
        node = call("arv_gc_get_node", self._map, name.encode())
        return node, "" if node is None else next((kind for kind in _KINDS if is_a(node, kind)), "")


def _is_open(node: int | None, how: int) -> bool:
    """Whether a node can be read, or written to, now."""
    try:
        if node is None or not all(
            call(f"arv_gc_feature_node_is_{what}", node) for what in ("implemented", "available")
        ):
            return False
        if how == WRITE_ONLY and call("arv_gc_feature_node_is_locked", node):
            return False
    except AravisError:
        return False
    return call("arv_gc_feature_node_get_actual_access_mode", node) in (how, READ_WRITE)


def _value(node: int | None, kind: str) -> Value | None:
    if not kind:
        return None
    if kind == "enumeration":
        return str(call("arv_gc_enumeration_get_string_value", node).decode())
    value = call(f"arv_gc_{kind}_get_value", node)
    return bool(value) if kind == "boolean" else value


def _set(node: int | None, kind: str, value: Value) -> None:
    if kind == "enumeration":
        call("arv_gc_enumeration_set_string_value", node, str(value).encode())
    else:
        call(f"arv_gc_{kind}_set_value", node, value)


def _choices(node: int | None) -> list[str]:
    count = c_uint()
    try:
        texts = call("arv_gc_enumeration_dup_available_string_values", node, byref(count))
    except AravisError:
        return []
    found = [texts[index].decode() for index in range(count.value)]
    call("g_free", texts)
    return found


def _limit(node: int | None, kind: str, which: str) -> float | None:
    """A limit, None where there is none to speak of."""
    if kind not in _FREE:
        return None
    try:
        value = call(f"arv_gc_{kind}_get_{which}", node)
    except AravisError:
        return None
    return None if abs(value) > _FREE[kind] else value


def _listed(category: int) -> list[str]:
    link, names = call("arv_gc_category_get_features", category), []
    while link:
        names.append((cast(link.contents.data, c_char_p).value or b"").decode())
        link = link.contents.next
    return names


def _text(function: str, node: int) -> str:
    found = call(function, node)
    return "" if found is None else found.decode(errors="replace")
