"""Remarks: what a user should know of a recording, in sentences whose numbers add up.

A long recording is read chunk by chunk, and the same thing may be found in many of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Remark", "Remarks"]


@dataclass(frozen=True)
class Remark:
    """One thing to be said.

    Parameters
    ----------
    text
        The sentence, with the names of amounts in braces; ``{share}`` is ``part`` of ``all``, and
        ``{s}`` the ending of a plural after ``count``.
    amounts
        Numbers to add up where the same is found again; of ``longest`` the largest is kept, and
        what begins with ``first`` stays as it is.
    """

    text: str
    amounts: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.amounts:
            return self.text
        share = self.amounts.get("part", 0.0) / (self.amounts.get("all") or 1.0)
        plural = "" if self.amounts.get("count") == 1 else "s"
        return self.text.format(**self.amounts, share=share, s=plural)

    def and_(self, other: Remark) -> Remark:
        """Both together."""
        amounts = dict(self.amounts)
        for name, amount in other.amounts.items():
            if name == "longest":
                amounts[name] = max(amounts[name], amount)
            elif not name.startswith("first"):
                amounts[name] += amount
        return Remark(self.text, amounts)


class Remarks:
    """All that is to be said, each thing once, in the order in which it was found."""

    def __init__(self) -> None:
        self._found: dict[str, Remark] = {}

    def add(self, remarks: Iterable[Remark | str]) -> None:
        """Add some."""
        for remark in remarks:
            new = Remark(remark) if isinstance(remark, str) else remark
            known = self._found.get(new.text)
            self._found[new.text] = new if known is None else known.and_(new)

    def sentences(self) -> tuple[str, ...]:
        """All of them in words."""
        return tuple(map(str, self._found.values()))
