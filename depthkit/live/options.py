"""The settings of a device: described, checked, and kept over a loss of the device."""

from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from depthkit.errors import InputError

Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of a device.

    default: has the type of all its values; minimum, maximum: of numbers, None without limit; choices: of text, empty
    if any will do; unit: in words, as "µs"; read_only: it can be asked for only.
    """

    name: str
    default: Value
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    help: str = ""
    read_only: bool = False

    def read(self, value: Value) -> Value:
        """The value as this option has it, from text too; InputError says what it may be."""
        if self.read_only:
            raise InputError(f"{self.name} can be read only")
        found = self._converted(value)
        if found is None or not self._possible(found):
            raise InputError(f"{self.name}={value} is not possible: {self.name} is {self.allowed()}")
        return found

    def allowed(self) -> str:
        """In words, what its values may be."""
        if isinstance(self.default, bool):
            return "0 or 1"
        if isinstance(self.default, str):
            return f"one of {', '.join(self.choices)}" if self.choices else "a text"
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        low = "" if self.minimum is None else f" from {self.minimum:g}"
        high = "" if self.maximum is None else f" to {self.maximum:g}"
        return f"{kind}{low}{high} {self.unit}".rstrip()

    def _converted(self, value: Value) -> Value | None:
        kind = type(self.default)
        if kind is bool:
            return {"0": False, "1": True, "False": False, "True": True}.get(str(value))
        try:
            found: Value = kind(value)
        except ValueError:
            return None
        return found

    def _possible(self, value: Value) -> bool:
        if isinstance(value, str):
            return not self.choices or value in self.choices
        low = float("-inf") if self.minimum is None else self.minimum
        high = float("inf") if self.maximum is None else self.maximum
        return low <= value <= high


class Adjustable(Protocol):
    """What has options."""

    def options(self) -> Sequence[Option]:
        """Those it has."""

    def get(self, name: str) -> Value:
        """The value of one."""

    def set(self, name: str, value: Value) -> None:
        """Set one to a value that it may have."""


class OptionTable(MutableMapping[str, Value]):
    """The settings of a camera, by name: `camera.options["exposure"] = 8000`.

    What was set is set again after the camera was lost. Raises InputError for names and values there are not.
    """

    def __init__(self, owner: Adjustable) -> None:
        self._owner = owner

    def describe(self, name: str) -> Option:
        """The option of that name; InputError lists those there are."""
        return find(self._owner.options(), name)

    def __getitem__(self, name: str) -> Value:
        return self._owner.get(self.describe(name).name)

    def __setitem__(self, name: str, value: Value) -> None:
        self._owner.set(name, self.describe(name).read(value))

    def __delitem__(self, name: str) -> None:
        """Back to the default."""
        self[name] = self.describe(name).default

    def __iter__(self) -> Iterator[str]:
        return iter([option.name for option in self._owner.options()])

    def __len__(self) -> int:
        return len(self._owner.options())


def find(options: Sequence[Option], name: str) -> Option:
    """The option of that name; InputError lists those there are."""
    for option in options:
        if option.name == name:
            return option
    known = ", ".join(option.name for option in options) or "none"
    raise InputError(f"this camera has no option {name!r}; it has {known}")
