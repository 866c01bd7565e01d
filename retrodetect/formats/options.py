"""What a user may say about a file, overriding what a reader would conclude."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from retrodetect.errors import UsageError
from retrodetect.formats.units import unit_in_mps2
from retrodetect.recording import Gravity

__all__ = ["ReadOptions"]

_ROLES = ("time", "x", "y", "z")
_PAIR = re.compile(r"""(?:^|(?<=,))([^=,]+)=("[^"]*"|'[^']*'|[^,]+(?:,(?!\s*\w+\s*=)[^,]+)*)""")
"""A role and its column, whose name may be quoted and may hold a comma."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Overrides for one read; None leaves the matter to the reader.

    Parameters
    ----------
    unit
        Unit of the acceleration: ``m/s2``, ``g``, ``mg``, or a fraction such as ``g/256``.
    sign
        What an axis that points up reads at rest: ``+`` (Android, sensors) or ``-`` (CoreMotion).
    gravity
        ``total`` with gravity included, ``linear`` with it removed.
    rate_hz
        Sampling rate; the file's clock is then set aside and its rows counted.
    columns
        Names (or 1-based numbers) of the columns ``time``, ``x``, ``y`` and ``z``.
    coordinates
        Keep latitude and longitude as channels; left out by default since they identify people.
    max_bytes
        Most bytes one compressed file may expand to.

    Raises
    ------
    UsageError
        Where an override makes no sense.
    """

    unit: str | None = None
    sign: Literal["+", "-"] | None = None
    gravity: Gravity | None = None
    rate_hz: float | None = None
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    coordinates: bool = False
    max_bytes: int = 4 * 2**30

    def __post_init__(self) -> None:
        if self.unit is not None and unit_in_mps2(self.unit) is None:
            raise UsageError(f"unknown unit {self.unit!r}", remedy="use m/s2, g, mg or g/256")
        if self.sign not in (None, "+", "-"):
            raise UsageError(f"sign is {self.sign!r}", remedy="use + or -")
        if self.gravity not in (None, "total", "linear"):
            raise UsageError(f"gravity is {self.gravity!r}", remedy="use total or linear")
        if self.rate_hz is not None and not 0 < self.rate_hz < 1e5:
            raise UsageError(f"rate {self.rate_hz!r} is not a rate in hertz")
        unknown = set(self.columns) - set(_ROLES)
        if unknown or (self.columns and not {"x", "y", "z"} <= set(self.columns)):
            raise UsageError(
                "columns must name x, y and z, and may name time",
                remedy="write --columns time=T,x=A,y=B,z=C",
            )

    @staticmethod
    def parse_columns(text: str) -> dict[str, str]:
        """Turn ``time=T,x=A,y=B,z=C`` into a mapping.

        Raises
        ------
        UsageError
            Where a part is not ``role=name``.
        """
        pairs = _PAIR.findall(text)
        if not pairs or ",".join(f"{role}={name}" for role, name in pairs) != text:
            raise UsageError(
                f"columns {text!r} cannot be read", remedy="write --columns time=T,x=A,y=B,z=C"
            )
        return {role.strip(): name.strip().strip("\"'") for role, name in pairs}
