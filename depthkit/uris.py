"""The names of cameras: `scheme:address?option=value&…`, as in `realsense:0123?size=640x480&fps=30`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl, quote, unquote, urlencode

from depthkit.errors import InputError


@dataclass(frozen=True, slots=True)
class CameraUri:
    """A camera's name in parts.

    scheme: names the driver; address: which of its cameras, as the driver understands it, empty for the first one;
    options: the words after "?", by name.
    """

    scheme: str
    address: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parts of a name; two slashes before the address may be there or not. InputError for an option given twice."""
        scheme, _, rest = text.partition(":")
        address, _, query = rest.removeprefix("//").partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        names = [name for name, _ in pairs]
        if twice := {name for name in names if names.count(name) > 1}:
            raise InputError(f"{text}: {', '.join(sorted(twice))} is given twice")
        return cls(scheme, unquote(address), dict(pairs))

    def __str__(self) -> str:
        query = "?" + urlencode(self.options, safe=",") if self.options else ""
        return f"{self.scheme}:{quote(self.address, safe='/:#@')}{query}"
