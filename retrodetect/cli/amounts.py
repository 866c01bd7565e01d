"""Amounts with their unit, as a person writes them."""

from __future__ import annotations

import re

from retrodetect.errors import UsageError

__all__ = ["DISTANCES", "SPEEDS", "amount"]

SPEEDS = {"m/s": 1.0, "km/h": 1 / 3.6, "mph": 0.44704}
DISTANCES = {"m": 1.0, "km": 1000.0, "mi": 1609.344}

_AMOUNT = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z/]+)", re.IGNORECASE)


def amount(text: str | None, units: dict[str, float], option: str) -> float | None:
    """Turn ``5km/h`` into metres per second, ``2.4km`` into metres.

    Parameters
    ----------
    text
        A number and a unit; None for nothing told.
    units
        Factor of each unit.
    option
        Where it was told.

    Returns
    -------
    float or None

    Raises
    ------
    UsageError
        Where it is no number with one of the units.
    """
    if text is None:
        return None
    match = _AMOUNT.fullmatch(text.strip())
    if match is None or match[2].lower() not in units:
        raise UsageError(
            f"{text!r} is no number with one of the units {', '.join(units)}",
            place=option,
            remedy=f"write it such as 5{list(units)[1]}",
        )
    if re.search(r",\d{3}$", match[1]):
        raise UsageError(
            f"{text!r} may be thousands or a decimal comma",
            place=option,
            remedy=f"write {text.replace(',', '')} or {text.replace(',', '.')}",
        )
    return float(match[1].replace(",", ".")) * units[match[2].lower()]
