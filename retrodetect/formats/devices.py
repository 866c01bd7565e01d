"""Names of a file's parts without what identifies a device: its address or serial number."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["numbered"]

_ADDRESS = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:[0-9a-f]{2}[:_ -]){5}[0-9a-f]{2}"
"""UUID (RFC 9562), by which iOS calls a sensor, and MAC address (IEEE 802) as it is printed."""

_DATE = r"(?:19|20)\d\d[01]\d[0-3]\d(?:\d{4}|\d{6})?"
_HEX = r"(?=[a-f]*\d[a-f]*\d)[0-9a-f]{8,}"
_SERIAL = r"(?=\d*[a-z])(?=[0-9a-z]*\d{5})[0-9a-z]{8,}"
"""Eight hexadecimal digits (Polar, Xsens, MetaMotion without colons), or letters and five
digits in a row (ActiGraph ``MOS2E39180594``); ``subject0012`` and ``20260301`` are neither."""

_IDENTIFIER = re.compile(
    rf"(?<![0-9a-z])(?:{_ADDRESS}|(?!{_DATE}(?![0-9a-z]))(?:{_HEX}|{_SERIAL}))(?![0-9a-z])",
    re.IGNORECASE,
)


def numbered(parts: Sequence[str]) -> list[str]:
    """Put a number in the place of each device's identifier; labels and placements stay.

    Parameters
    ----------
    parts
        Names of the parts of one file, in its order.

    Returns
    -------
    list of str
        As many, as different from each other: ``left D4:22:CD:00:A1:B2`` becomes ``left 1``.
    """
    numbers: dict[str, str] = {}
    taken = {word for part in parts for word in re.split(r"[^0-9A-Za-z]+", part)}
    for part in parts:
        for match in _IDENTIFIER.finditer(part):
            if match[0] not in numbers:
                numbers[match[0]] = next(
                    number for number in map(str, range(1, len(taken) + 2)) if number not in taken
                )
                taken.add(numbers[match[0]])
    return [_IDENTIFIER.sub(lambda match: numbers[match[0]], part) for part in parts]
