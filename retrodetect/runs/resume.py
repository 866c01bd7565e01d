"""Resuming: keep finished work under a digest of everything it depends on.

A batch keeps the result of each input, training its measurements. Work whose files, options, model
or code have changed has another digest and is redone. Each file of finished work also contains a
digest of itself, so that damage on the disk is noticed.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from retrodetect.locations import identity, make_folder, replacing, store_of

__all__ = ["ENDING", "body", "code_digest", "digest", "head", "is_whole", "keep", "remembered"]

T = TypeVar("T")

ENDING = ".part"

MEMORY_BYTES = 1 << 30
"""Size limit of remembered values, about 2000 hours of walking; the least recently used go."""


def digest(name: str, files: Iterable[Path], *dependencies: str) -> str:
    """Name finished work by its files (size and time of change) and other dependencies."""
    versions = [(str(identity(file)), store_of(file).version(file)) for file in files]
    content = json.dumps([name, versions, dependencies])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


@cache
def code_digest(*stages: str) -> str:
    """Digest the code of this package."""
    package = Path(__file__).parents[1]
    hashed = hashlib.sha256()
    for folder in [package / stage for stage in stages] or [package]:
        for path in sorted(folder.rglob("*.py")):
            hashed.update(path.read_bytes())
    return hashed.hexdigest()


def keep(file: Path, header: object, content: bytes) -> None:
    """Write finished work."""
    line = json.dumps({"head": header, "sha256": hashlib.sha256(content).hexdigest()})
    with replacing(file, is_checked=True) as stream:
        stream.write(line.encode() + b"\n" + content)


def is_whole(file: Path) -> bool:
    """Return whether finished work is present and undamaged."""
    if not file.exists():
        return False
    try:
        with file.open("rb") as stream:
            first = json.loads(stream.readline())
            return bool(hashlib.file_digest(stream, "sha256").hexdigest() == first["sha256"])
    except (ValueError, KeyError, TypeError):
        return False


def head(file: Path) -> Any:
    """Read the header of finished work."""
    with file.open("rb") as stream:
        return json.loads(stream.readline())["head"]


def body(file: Path) -> bytes:
    """Read the content of finished work."""
    with file.open("rb") as stream:
        stream.readline()
        return stream.read()


def remembered(folder: str | Path | None, key: str, make: Callable[[], T]) -> T:
    """Make a value, or recall it from an earlier run; without a folder nothing is kept.

    Its files are pickles: use a folder of your own.
    """
    if folder is None:
        return make()
    # A pickle made with one pandas, or with pyarrow, may not load with another.
    libraries = (sys.version_info[:2], np.__version__, pd.__version__, find_spec("pyarrow") is None)
    versions = hashlib.sha256(repr(libraries).encode()).hexdigest()[:8]
    file = make_folder(Path(folder)) / f"{key}-{versions}{ENDING}"
    if is_whole(file):
        os.utime(file)
        value: T = pickle.loads(body(file))
        return value
    value = make()
    keep(file, None, pickle.dumps(value))
    _forget_oldest(file.parent)
    return value


def _forget_oldest(folder: Path) -> None:
    """Delete the oldest remembered values beyond the size limit."""
    files = []
    for file in folder.glob(f"*{ENDING}"):
        try:
            status = file.stat()
        except FileNotFoundError:  # another process was faster
            continue
        files.append((status.st_mtime, status.st_size, file))
    total = 0
    for _, size, file in sorted(files, reverse=True):
        total += size
        if total > MEMORY_BYTES:
            file.unlink(missing_ok=True)
