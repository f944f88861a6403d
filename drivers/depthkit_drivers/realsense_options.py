"""The settings of a RealSense camera's sensors, as librealsense describes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyrealsense2 as rs

from depthkit.live import Option
from depthkit.live.options import Value, find

_MOST_CHOICES = 64


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an option is: the sensor, its key, and the values that its choices stand for."""

    sensor: Any
    key: Any
    choices: tuple[str, ...] = ()
    first: float = 0.0


class SensorOptions:
    """All options of all sensors, by names like "exposure" and, of the colour and motion sensors, "color.exposure"."""

    def __init__(self, sensors: Iterable[rs.sensor]) -> None:
        self._places: dict[str, _Place] = {}
        self.described: list[Option] = []
        for sensor in sensors:
            prefix = "color." if sensor.is_color_sensor() else "motion." if sensor.is_motion_sensor() else ""
            for key in sensor.get_supported_options():
                name = prefix + "_".join(str(key).removeprefix("option.").lower().split())
                if name not in self._places:
                    self._add(name, sensor, key)

    def get(self, name: str) -> Value:
        """The value of an option, of its type; InputError for a name there is not."""
        option, place = find(self.described, name), self._places[name]
        value = float(place.sensor.get_option(place.key))
        if place.choices:
            return place.choices[round(value - place.first)]
        return _short(value) if isinstance(option.default, float) else type(option.default)(value)

    def set(self, name: str, value: Value) -> None:
        """Set an option."""
        place = self._places[name]
        number = place.first + place.choices.index(str(value)) if place.choices else float(value)
        place.sensor.set_option(place.key, number)

    def _add(self, name: str, sensor: rs.sensor, key: rs.option) -> None:
        try:
            limits = sensor.get_option_range(key)
        except RuntimeError:  # an option of text or of a region, which has none
            return
        choices = _choices(sensor, key, limits)
        self._places[name] = _Place(sensor, key, choices, limits.min)
        default: Value = _default(limits)
        if choices:
            default = choices[min(max(round(limits.default - limits.min), 0), len(choices) - 1)]
        numeric = not choices and not isinstance(default, bool) and limits.max > limits.min
        self.described.append(
            Option(
                name,
                default,
                _short(limits.min) if numeric else None,
                _short(limits.max) if numeric else None,
                choices,
                help=sensor.get_option_description(key),
                read_only=sensor.is_option_read_only(key),
            )
        )


def _default(limits: rs.option_range) -> bool | int | float:
    if (limits.min, limits.max, limits.step) == (0, 1, 1):
        return bool(limits.default)
    whole = all(float(x).is_integer() for x in (limits.min, limits.max, limits.step, limits.default))
    return int(limits.default) if whole and limits.step else _short(limits.default)


def _choices(sensor: rs.sensor, key: rs.option, limits: rs.option_range) -> tuple[str, ...]:
    """The names of an option's values, if all have one."""
    if limits.step != 1 or limits.max - limits.min >= _MOST_CHOICES:
        return ()
    values = range(round(limits.min), round(limits.max) + 1)
    names = [sensor.get_option_value_description(key, value) for value in values]
    return tuple(names) if all(names) and len(set(names)) == len(names) else ()


def _short(value: float) -> float:
    """A float32 of librealsense's as the decimal that was meant."""
    return float(f"{value:.7g}")
