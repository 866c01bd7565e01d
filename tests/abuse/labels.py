"""What the fuzzer does to recordings on their way to the tables, and what must come of it.

The recordings are long enough to hold strides, so damage that the readers let through reaches
every later stage.
"""

from __future__ import annotations

import json
import math
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from retrodetect.direction import Anchors, store
from retrodetect.errors import InputError
from retrodetect.formats import Input, ReadOptions
from retrodetect.lab.simulate import Session, record
from retrodetect.lab.simulate.exports import export_bytes, export_path
from retrodetect.runs import resume
from retrodetect.runs.task import Entry, Settings, Task, _labelled
from retrodetect.sites import PLACEMENTS
from retrodetect.tables import csv_text, sessions_table

from .fuzzing import Fuzzer, Item
from .readers import damaged

__all__ = ["labels"]

_SEEDS = (
    ("walk forward 6s", "waist", "physics_toolbox"),
    ("walk forward 4s, walk backward 4s", "front-pocket", "physics_toolbox"),
    ("walk backward 5s", "foot", "phyphox"),
    ("run forward 5s", "wrist", "plain"),
    ("walk forward 4s, stand 1s, walk backward 3s", "lower-back", "sensor_logger"),
)
"""Session, body site and app; at 25 Hz, so that a file has some kilobytes."""

_LONGEST_STRIDE_S = 5.0


def labels(folder: Path, model: str | Path) -> Fuzzer:
    """Fuzzer of all that `retrodetect label` makes of a recording, working in a folder."""
    scratch = folder / "in"
    scratch.mkdir()
    digest, code = store.load(model).card.sha256, resume.code_digest()

    def run(item: Item) -> str | None:
        path = scratch / item.name
        path.write_bytes(item.data)
        settings = _settings(str(model), random.Random(zlib.crc32(item.data)))
        part = folder / "unused.part"
        task = Task(Input(path, item.name), settings, "none", part, code, digest, None)
        try:
            for entry, strides in _labelled(task):
                for wrong in _wrong(entry, strides):
                    return wrong
        except InputError as error:
            return None if str(error).endswith(".") else "a message is no sentence"
        finally:
            path.unlink()
        return None

    corpus = [*_recordings()]
    run(corpus[0])  # what is imported late is no work of an input
    return Fuzzer(run, damaged, corpus)


def _recordings() -> Iterator[Item]:
    for number, (text, placement, app) in enumerate(_SEEDS):
        session = Session(text, placement=placement, rate_hz=25.0, seed=number)
        recording, _ = record(session, f"walk{number}")
        yield Item(export_path(recording.name, app, Path()).name, export_bytes(recording, app))


def _settings(model: str, rng: random.Random) -> Settings:
    """Settings of any kind; the same for the same input."""
    anchors = Anchors(
        placement=rng.choice([None, *PLACEMENTS]),
        front=rng.choice([None, None, "+x", "-y", "+z"]),
        forward=rng.choice([(), (), ((0.0, 3.0),), ((0.0, 1e9),)]),
        starts=rng.choice([None, None, "forward", "backward"]),
        use_notes=rng.random() < 0.5,
    )
    read = ReadOptions(
        unit=rng.choice([None] * 8 + ["g"]),
        sign=rng.choice([None] * 8 + ["-"]),
        rate_hz=rng.choice([None] * 8 + [25.0, 1000.0]),
    )
    return Settings(model, anchors, read)


def _wrong(entry: Entry, strides: pd.DataFrame) -> Iterator[str]:
    """Say what no result may be, whatever the input."""
    row = entry.row
    json.dumps([entry], allow_nan=True)
    csv_text(strides, header=True)
    csv_text(sessions_table([row]), header=True)
    numbers = {name: value for name, value in row.items() if isinstance(value, float)}
    yield from (f"infinite {name}" for name, value in numbers.items() if math.isinf(value))
    shares = [name for name in numbers if "share" in name or name == "naming"]
    yield from (f"{name} is no share" for name in shares if not _is_share(numbers[name]))
    if row["backward_share_low"] > row["backward_share_high"]:
        yield "the ends of the interval are swapped"
    counts = strides["direction"].value_counts()
    for way in ("forward", "backward", "unknown"):
        if row[f"{way}_strides"] != counts.get(way, 0):
            yield f"{way} strides are miscounted"
    lasts_s = strides["end_s"] - strides["start_s"]
    if not lasts_s.between(0, _LONGEST_STRIDE_S, inclusive="neither").all():
        yield "a stride takes no time, or too much"
    # The first stride of a recording that begins in mid-walk began before it.
    ends_s = strides["end_s"]
    if len(strides) and not (ends_s.min() >= 0 and ends_s.max() <= row["duration_s"] + 1e-6):
        yield "a stride ends outside of its recording"
    if not strides["start_s"].is_monotonic_increasing:
        yield "strides are out of order"
    if not all(map(_is_share, [*strides["p_backward"], *strides["p_side"]])):
        yield "a probability is none"
    if ((strides["reason"] != "") != (strides["direction"] == "unknown")).any():
        yield "a reason is missing, or one too many"


def _is_share(value: float) -> bool:
    return math.isnan(value) or 0 <= value <= 1
