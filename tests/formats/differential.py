"""One recording written in many ways, and labelled by many ways: the answer must not change."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

import retrodetect as rd
from retrodetect.direction import Anchors, DirectionModel
from retrodetect.formats import pieces
from retrodetect.lab import datasets
from retrodetect.labelling import label_pieces
from retrodetect.recording import STANDARD_GRAVITY_MPS2, Recording

from .reexport import START_NS, compress
from .test_pieces import blocks_of_few_rows

__all__ = ["Case", "Way", "answer", "any_way", "cases", "differences", "written"]

WINDOW_S = 12.0
MOST_ROWS = 1500

TOLERANCE = 1e-6
"""Of times in seconds and of probabilities."""

_UNITS = {"m/s2": 1.0, "g": 1 / STANDARD_GRAVITY_MPS2, "mg": 1000 / STANDARD_GRAVITY_MPS2}
_ROTATIONS = {"rad/s": 1.0, "deg/s": float(np.rad2deg(1.0))}
_CLOCKS = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}


@dataclass(frozen=True)
class Case:
    """A stretch of a recording, to the microsecond, and what is said of it."""

    name: str
    time_us: np.ndarray
    acceleration_mps2: np.ndarray
    angular_rate_radps: np.ndarray | None
    placement: str | None


@dataclass(frozen=True)
class Way:
    """How to write a recording, and how to label it."""

    unit: str = "m/s2"
    rotation: str = "rad/s"
    clock: str = "s"
    is_epoch: bool = False
    order: int = 0
    delimiter: str = ","
    decimal: str = "."
    packing: str = ""
    noise_seed: int | None = None
    door: str = "pieces"
    in_blocks: bool = False


def any_way(rng: random.Random) -> Way:
    """Draw each choice on its own."""
    delimiter = rng.choice([",", ";", "\t"])
    clock = rng.choice([*_CLOCKS])
    return Way(
        unit=rng.choice([*_UNITS]),
        rotation=rng.choice([*_ROTATIONS]),
        clock=clock,
        is_epoch=clock == "ns" and rng.random() < 0.5,
        order=rng.randrange(1000),
        delimiter=delimiter,
        decimal="," if delimiter != "," and rng.random() < 0.5 else ".",
        packing=rng.choice(["", "gz", "xz", "bz2", "zip"]),
        noise_seed=rng.choice([None, rng.randrange(1000)]),
        door=rng.choice(["pieces", "label", "frame"]),
        in_blocks=rng.random() < 0.5,
    )


def cases(shared: Path, *, most: int) -> Iterator[Case]:
    """Stretches of real recordings, each with and without its body site.

    Parameters
    ----------
    shared
        Folder with ``datasets``.
    most
        Recordings to take of each data set.
    """
    folder = shared / "datasets"
    for name in datasets.present(folder):
        if name in datasets.VIRTUAL:
            continue
        for number, labelled in enumerate(islice(datasets.load(folder, name), most)):
            if len(labelled.recording.time_s):
                yield from _cut(labelled.recording, labelled.placement, f"{name} {number}")


def _cut(recording: Recording, placement: str, name: str) -> Iterator[Case]:
    """The middle of a recording, once with its body site and once without."""
    middle_s = float(recording.time_s[len(recording.time_s) // 2])
    rows = np.flatnonzero(np.abs(recording.time_s - middle_s) < WINDOW_S / 2)
    rows = rows[:: -(-len(rows) // MOST_ROWS)]
    time_us = np.round((recording.time_s[rows] - recording.time_s[rows[0]]) * 1e6).astype(int)
    rotation = recording.angular_rate_radps
    for site in (placement, None):
        yield Case(
            f"{name} {site or 'anywhere'}",
            time_us,
            recording.acceleration_mps2[rows],
            None if rotation is None else rotation[rows],
            site,
        )


def answer(case: Case, way: Way, model: DirectionModel, folder: Path) -> pd.DataFrame:
    """Strides of a case that is written and labelled in a way."""
    with blocks_of_few_rows() if way.in_blocks else nullcontext():
        if way.door == "frame":
            frame = pd.DataFrame(_columns(case, way)).set_index("time (" + way.clock + ")")
            frame.index = pd.to_timedelta(case.time_us, unit="us")
            return rd.label(frame, model=model, placement=case.placement).strides
        path = written(case, way, folder)
        if way.door == "label":
            return rd.label(path, model=model, placement=case.placement).strides
        (parts,) = pieces(path)
        return label_pieces(parts, model, Anchors(case.placement)).strides


def written(case: Case, way: Way, folder: Path, stem: str = "walk") -> Path:
    """Write a case into a file."""
    frame = pd.DataFrame(_columns(case, way))
    text = frame.to_csv(index=False, sep=way.delimiter, decimal=way.decimal)
    path = folder / f"{stem}.{'zip' if way.packing == 'zip' else 'csv'}"
    path.write_bytes(compress(text.encode(), way.packing))
    return path


def _columns(case: Case, way: Way) -> dict[str, np.ndarray]:
    """Columns by name, in an order of their own."""
    ns = case.time_us * 1000 + START_NS * way.is_epoch
    clock = ns if way.clock == "ns" else ns / _CLOCKS[way.clock]
    acceleration = case.acceleration_mps2 * _UNITS[way.unit]
    columns = {f"time ({way.clock})": clock}
    if way.noise_seed is not None:
        noise = np.random.default_rng(way.noise_seed).normal(0, 1e-9, acceleration.shape)
        acceleration = acceleration + noise
    columns |= {f"acc_{axis} ({way.unit})": acceleration[:, i] for i, axis in enumerate("xyz")}
    if case.angular_rate_radps is not None:
        rotation = case.angular_rate_radps * _ROTATIONS[way.rotation]
        columns |= {f"gyro_{axis} ({way.rotation})": rotation[:, i] for i, axis in enumerate("xyz")}
    names = [*columns]
    if way.order:
        random.Random(way.order).shuffle(names)
    return {name: columns[name] for name in names}


def differences(one: pd.DataFrame, other: pd.DataFrame, tolerance: float = TOLERANCE) -> list[str]:
    """What of two answers is not the same."""
    if len(one) != len(other):
        return [f"{len(one)} strides or {len(other)}"]
    words = [
        f"{name} of {int((one[name] != other[name]).sum())} strides"
        for name in ("bout", "gait", "direction", "reason", "side")
        if (one[name].to_numpy() != other[name].to_numpy()).any()
    ]
    return words + [
        f"{name} by {np.nanmax(np.abs(one[name] - other[name])):.2g}"
        for name in ("start_s", "end_s", "p_backward", "p_side", "stride_length_m")
        if not np.allclose(one[name], other[name], rtol=0, atol=tolerance, equal_nan=True)
    ]
