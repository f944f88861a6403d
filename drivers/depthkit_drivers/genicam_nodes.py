"""The features of a GenICam device, by name: its node map as genicam's GenApi has it."""

from contextlib import suppress
from typing import Any

from genicam import genapi

from depthkit.errors import DriverError, reason
from depthkit.live import Option
from depthkit.live.options import Value
from depthkit_drivers.genicam_components import OF_STREAMS

_TYPES = {
    genapi.EInterfaceType.intfIInteger: int,
    genapi.EInterfaceType.intfIFloat: float,
    genapi.EInterfaceType.intfIBoolean: bool,
    genapi.EInterfaceType.intfIEnumeration: str,
}
_READABLE = {genapi.EAccessMode.RO, genapi.EAccessMode.RW}
_WRITABLE = {genapi.EAccessMode.WO, genapi.EAccessMode.RW}


class Nodes:
    """Reads and sets features; what a device lacks, or does not let be read or set now, is None or stays."""

    def __init__(self, node_map: Any) -> None:
        self._map = node_map

    def get(self, name: str) -> Value | None:
        """The value of a feature: an integer, a float, a boolean, or the name of a choice."""
        node = self._node(name)
        if node is None or node.node.get_access_mode() not in _READABLE:
            return None
        kind = _TYPES.get(node.node.principal_interface_type)
        try:
            return None if kind is None else kind(node.value)
        except genapi.GenericException:  # it was readable a moment ago
            return None

    def number(self, name: str, default: float) -> float:
        """The value of a feature that is a number."""
        value = self.get(name)
        return default if value is None else float(value)

    def put(self, name: str, value: Value) -> bool:
        """Set a feature if it can be set; whether it has the value now."""
        if self.get(name) == value:
            return True
        node = self._node(name)
        if node is None or node.node.get_access_mode() not in _WRITABLE:
            return False
        try:
            node.value = value
        except genapi.GenericException:
            return False
        return True

    def choices(self, name: str) -> list[str]:
        """The choices of an enumeration that there are now, that which is set first; empty if there is none such."""
        node = self._node(name)
        if node is None or node.node.principal_interface_type != genapi.EInterfaceType.intfIEnumeration:
            return []
        now = self.get(name)
        found = [entry.symbolic for entry in node.entries if entry.node.get_access_mode() in _READABLE]
        return sorted(found, key=lambda choice: choice != now)

    def allows(self, name: str, value: int) -> bool:
        """Whether a whole number is one that the feature could be set to."""
        node = self._node(name)
        if node is None or node.node.get_access_mode() not in _WRITABLE:
            return self.get(name) == value
        return bool(node.min <= value <= node.max and (value - node.min) % max(node.inc, 1) == 0)

    def maximum(self, name: str) -> float | None:
        """The most that a number could be set to; None if it cannot be set."""
        node = self._node(name)
        if node is None or node.node.get_access_mode() not in _WRITABLE:
            return None
        return float(node.max)

    def names(self, prefix: str) -> list[str]:
        """The features whose names begin so and that have values."""
        nodes = [each.node for each in self._map.nodes]
        return [node.name for node in nodes if node.name.startswith(prefix) and _is_value(node)]

    def options(self) -> list[Option]:
        """The features that are for beginners, but for those that a stream's profile has."""
        found = [each.node for each in self._map.nodes]
        beginner = [node for node in found if _is_value(node) and node.visibility == genapi.EVisibility.Beginner]
        names = [node.name for node in beginner if node.name not in OF_STREAMS and not node.is_selector()]
        return [option for name in names if (option := self._option(name)) is not None]

    def set(self, name: str, value: Value) -> None:
        """Set an option; DriverError if the device refuses."""
        try:
            self._map.get_node(name).value = value
        except genapi.GenericException as error:
            raise DriverError(f"the camera does not take {name}={value} now: {reason(error)}") from error

    def _option(self, name: str) -> Option | None:
        value = self.get(name)
        if value is None:
            return None
        node = self._node(name)
        low = high = None
        if type(value) in (int, float):
            low, high = node.min, node.max
        choices = tuple(self.choices(name)) if isinstance(value, str) else ()
        fixed = node.node.get_access_mode() != genapi.EAccessMode.RW
        return Option(name, value, low, high, choices, getattr(node, "unit", ""), node.node.tooltip, fixed)

    def _node(self, name: str) -> Any:
        with suppress(genapi.GenericException):
            return self._map.get_node(name)
        return None


def _is_value(node: Any) -> bool:
    return bool(node.is_feature() and node.principal_interface_type in _TYPES)
