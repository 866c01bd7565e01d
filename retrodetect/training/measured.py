"""Public data sets as examples, measured once and kept on disk while nothing changes."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Memory, delayed

import retrodetect
from retrodetect.training.datasets import load
from retrodetect.training.examples import Example, example_of
from retrodetect.workers import in_parallel

__all__ = ["code_digest", "measured_sets"]


def measured_sets(
    folder: str | Path,
    names: Sequence[str],
    *,
    cache_folder: str | Path | None = None,
    jobs: int | None = None,
) -> dict[str, list[Example]]:
    """Load and measure data sets.

    Parameters
    ----------
    folder
        Where they lie.
    names
        Which of :data:`retrodetect.training.datasets.SETS`.
    cache_folder
        Where strides and features are kept from one time to the next; None keeps none.
    jobs
        Processes; None for one per core.

    Returns
    -------
    dict
        Examples by the name of the set.
    """
    measured = Memory(cache_folder, verbose=0).cache(_measured, ignore=["folder"])
    code = code_digest("formats", "signal", "gait", "features", "direction", "training", "simulate")
    calls = [
        delayed(measured)(Path(folder), name, code + _files_digest(Path(folder) / name))
        for name in names
    ]
    found = in_parallel(calls, -1 if jobs is None else jobs)
    return dict(zip(names, found, strict=True))


def _measured(folder: Path, name: str, _key: str) -> list[Example]:
    """Examples of a set; ``_key`` stands for all that they depend on."""
    return [example_of(labelled) for labelled in load(folder, name)]


def _files_digest(folder: Path) -> str:
    """Digest of every file below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode())
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


@cache
def code_digest(*stages: str) -> str:
    """Digest of the code of some stages, and of what their tables are stored with.

    Parameters
    ----------
    *stages
        Packages of retrodetect.

    Returns
    -------
    str
        Hexadecimal; another one as soon as any of their files changes, or the libraries: a
        table stored by another pandas, or with pyarrow beside it, may not load here.
    """
    package = Path(retrodetect.__file__).parent
    libraries = (sys.version_info[:2], np.__version__, pd.__version__, find_spec("pyarrow") is None)
    digest = hashlib.sha256(repr(libraries).encode())
    for stage in stages:
        for path in sorted((package / stage).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
