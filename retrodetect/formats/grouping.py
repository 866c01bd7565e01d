"""Which files beside each other are one recording.

Apps write one file per sensor. Such files share a folder and differ in a word of their name that
tells the sensor (``walk_Accelerometer.csv``, ``walk_Gyroscope.csv``); what is left of the name
without that word is their key. Files that merely share a folder have keys of their own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from retrodetect.errors import InputError
from retrodetect.formats.registry import Candidate, Format, Role, recognised

__all__ = ["Main", "Neighbours", "groups", "key", "mains", "with_companions"]

_SENSOR_WORDS = (
    r"(?:watch|linear|total|free|raw|user|wrist|headphone|metadata|meta|lin)?[ _]?"
    r"(?:acceleration|accelerometer|accel|acc|gyroscope|gyro|gyr|magnetometer|magnetic ?field|mag|"
    r"motion|gravity|data|device|time|pressure|barometer|location|gps)"
    r"(?:[ _]?uncalibrated)?|metadata|annotation|orientation|pedometer|stepcounter|heart ?rate|"
    r"microphone|light|camera|network|activity|battery|brightness|compass|headphone|linear|earth|"
    r"sensors|euler|quaternion|temperature|humidity|altimeter|altitude|matrix|bvp|eda|hr|ibi|temp|"
    r"tags|info|meta"
)
_LEFT_OUT = re.compile(
    r"(?:[_ ]?(?<!\d)\d++(?:\.\d++)?Hz)|(?:\.[a-z][a-z0-9]{0,4}){1,9}$", re.IGNORECASE
)
"""File endings, and the rate that some apps write into the name of each sensor's file."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(rf"(?<![a-z])(?:{_SENSOR_WORDS})(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Main:
    """A file from which a recording is read, with its companions."""

    file: Candidate
    format: Format
    role: Role


@lru_cache(maxsize=1 << 16)
def key(name: str) -> str:
    """What a file name has left without the word for its sensor; equal for one recording.

    The folder ``meta`` of phyphox counts as the folder around it.
    """
    path = PurePosixPath(name)
    folder = path.parent.parent if path.parent.name == "meta" else path.parent
    stem = _LEFT_OUT.sub("", path.name)
    words = list(_WORD.finditer(stem)) or list(_WORD.finditer(_CAMEL.sub(" ", stem)))
    if not words or path.suffix.lower() == ".zip":
        return f"{folder}/{path.name}"
    last = words[-1]
    text = last.string
    return (
        f"{folder}/\0{text[: last.start()].strip(' _-')}\0{text[last.end() :].strip(' _-')}".lower()
    )


def with_companions(file: Candidate, others: Iterable[Candidate]) -> Candidate:
    """Let a file know the files of the same recording."""
    name = file.source.name
    return file.with_companions(
        tuple(
            other
            for other in others
            if other.source.name != name and key(other.source.name) == key(name)
        )
    )


class Neighbours:
    """Files that lie beside others and belong to them by their `key`; lists each folder once."""

    def __init__(self) -> None:
        self._by_key: dict[Path, dict[str, list[Path]]] = {}

    def of(self, path: Path) -> tuple[Path, ...]:
        """Return those of one file, in its folder and in a folder ``meta`` there."""
        if path.parent not in self._by_key:
            self._by_key[path.parent] = _listed(path.parent)
        alike = self._by_key[path.parent].get(key(path.name), [])
        return tuple(other for other in alike if other.name != path.name and other.is_file())


def _listed(folder: Path) -> dict[str, list[Path]]:
    """Files below a folder by the key of their names; hidden ones left out."""
    named: dict[str, Path] = {}
    # Who may not list a folder may still read files in it; a store's client has its own errors.
    with suppress(OSError if isinstance(folder, Path) else Exception):
        named |= {file.name: file for file in folder.iterdir()}
    if "meta" in named:
        named |= {f"meta/{file.name}": file for file in named.pop("meta").glob("*")}
    by_key: dict[str, list[Path]] = defaultdict(list)
    for name, file in sorted(named.items()):
        if not file.name.startswith("."):
            by_key[key(name)].append(file)
    return by_key


def groups(files: Iterable[Candidate]) -> list[list[Candidate]]:
    """Put files together whose names have the same `key`, in order of appearance."""
    grouped: dict[str, list[Candidate]] = defaultdict(list)
    for file in files:
        grouped[key(file.source.name)].append(file)
    return list(grouped.values())


def mains(files: Iterable[Candidate]) -> tuple[list[Main], list[Candidate]]:
    """Find the recordings among files, one for each device, and the files that belong to none.

    The latter are neither a recording nor beside one of their own, or damaged.
    """
    chosen: list[Main] = []
    left: list[Candidate] = []
    for group in groups(files):
        best: dict[tuple[str, str], list[Main]] = defaultdict(list)
        others: list[Candidate] = []
        for file in group:
            try:
                main = _main(with_companions(file, group))
            except InputError:
                left.append(file)
                continue
            if main is None:
                others.append(file)
                continue
            best[main.format.name, main.role.device].append(main)
        for rivals in best.values():
            top = max(main.role.rank for main in rivals)
            chosen.extend(main for main in rivals if main.role.rank == top)
        left.extend(others if not best else [])
    return chosen, left


def _main(file: Candidate) -> Main | None:
    """A file as the main one of a recording; None if it is none."""
    fmt = recognised(file)
    role = fmt.role(file) if fmt else None
    if fmt is None or role is None or not role.has_acceleration:
        return None
    return Main(file, fmt, role)
