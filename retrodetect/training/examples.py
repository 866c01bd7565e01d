"""Examples: labelled recordings reduced to their strides.

The measurements of a stride depend on no label and no model, so they are made once: fitting,
holding out and scoring all start from here. They are cached on disk under a digest of the files,
the reading options and the code; labels may change without reading anything again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from joblib import delayed
from numpy.typing import NDArray

from retrodetect import gait
from retrodetect.direction import DirectionModel
from retrodetect.direction.anchors import Anchors, Statement, direction_of_note, statements_of_notes
from retrodetect.direction.decoder import BACKWARD, DIRECTIONS, FORWARD
from retrodetect.errors import InputError, RefusedExamples, UnreadableFile, UsageError
from retrodetect.features import StrideFeatures, compute
from retrodetect.formats import Input, ReadOptions
from retrodetect.formats import read as read_files
from retrodetect.locations import total_bytes
from retrodetect.recording import Annotation, FloatArray, Recording
from retrodetect.runs import resume
from retrodetect.runs.pool import SMALL_BYTES, in_parallel
from retrodetect.signal import prepare
from retrodetect.sites import GROUPS, group_of
from retrodetect.tables import truncated_list
from retrodetect.training.manifest import Entry, Problems, entries

__all__ = [
    "BOTH_WAYS", "STAGES", "Example", "Gathered", "Measured", "gather", "measure", "strides_of",
    "truth_of_strides",
]  # fmt: skip

STAGES = ("formats", "signal", "gait", "features", "direction")
"""Packages whose code affects what is measured in a recording."""

BOTH_WAYS = (DIRECTIONS[FORWARD], DIRECTIONS[BACKWARD])
"""Directions to separate; few people go sideways."""

MIN_OVERLAP = 0.7
"""Least share of a stride that must lie in one labelled interval for its truth to be sure."""

OUTSIDE_S = 0.5
"""How far a label may reach beyond the recording: people write whole seconds."""

RATE_TOLERANCE = 0.1
"""Largest difference in rate between recordings of one site: phones miss their rate by that."""

MIN_STRIDES = 8
"""Fewest strides of a direction to learn from: ten seconds of walking."""

MIN_PLACEMENT = 0.9
"""Least probability of an inferred group of sites, for recordings without a stated placement."""

SITE_OF_GROUP = {
    "foot": "foot",
    "ankle": "ankle",
    "shin": "shin",
    "thigh": "pocket",
    "trunk": "waist",
    "arm": "wrist",
}
"""Site that stands for its group if only the group is known."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A recording after the stages that do not depend on directions."""

    name: str  # name of the recording
    strides: pd.DataFrame  # from :func:`retrodetect.gait.detect`
    features: StrideFeatures  # of these strides
    # rate_hz, duration_s: sampling rate and length of the recording
    rate_hz: float
    duration_s: float
    # placement, annotations: from its file
    placement: str | None
    annotations: tuple[Annotation, ...]
    sha256: str  # of its samples: independent of name and packing


@dataclass(frozen=True, slots=True)
class Example:
    """Strides of one recording, with their features and true directions."""

    measured: Measured  # its strides and their features
    subject: str  # wearer; names are unique within a source only
    session: str  # recordings of one person and session were made with the device in one place
    # source, licence: where it comes from, and its terms of use
    source: str
    licence: str
    placement: str  # body site of the device
    # (3,) or None: device axis that points to the wearer's front
    front: FloatArray | None
    # ``start_s``, ``end_s``, ``direction`` (forward, backward, sideways, turning,
    # still), ``gait`` (walk, run, stairs, none), ``confident``
    intervals: pd.DataFrame
    virtual: bool = False  # whether the sensor was simulated
    origin: str = ""  # file and line of this information, for messages

    def where(self, rows: NDArray[np.bool_]) -> Example:
        """Return the example with only the selected strides."""
        features = self.measured.features.where(rows)
        strides = self.measured.strides[rows].reset_index(drop=True)
        return replace(self, measured=replace(self.measured, strides=strides, features=features))

    @property
    def name(self) -> str:
        """Name of the recording."""
        return self.measured.name

    def strides(self) -> pd.DataFrame:
        """Strides with their truth (empty if unsure) and origin."""
        return strides_of([self])


def strides_of(examples: Sequence[Example]) -> pd.DataFrame:
    """Strides of examples, end to end, with their truth and origin."""
    # Built once: a table for each short example takes a hundred times as long as its strides.
    measured = [example.measured.strides for example in examples]
    truths = [truth_of_strides(example.measured.strides, example.intervals) for example in examples]
    counts = [len(strides) for strides in measured]
    nowhere = np.full(3, np.nan)
    front = np.array([nowhere if example.front is None else example.front for example in examples])
    x, y, z = np.repeat(front, counts, axis=0).T
    columns = {
        name: np.repeat([getattr(example, name) for example in examples], counts)
        for name in ("name", "subject", "session", "source", "placement", "virtual")
    }
    return pd.concat(measured, ignore_index=True).assign(
        truth=np.concatenate([truth["truth"] for truth in truths]),
        true_gait=np.concatenate([truth["true_gait"] for truth in truths]),
        recording=columns.pop("name"),
        **columns,
        front_x=x,
        front_y=y,
        front_z=z,
    )


def measure(recording: Recording) -> Measured:
    """Find the strides of a recording and their features, exactly as for labelling."""
    signals = prepare(recording)
    strides = gait.detect(signals).strides
    return Measured(
        recording.name,
        strides,
        compute(signals, strides),
        recording.rate_hz,
        recording.duration_s,
        recording.placement,
        recording.annotations,
        hashlib.sha256(recording.acceleration_mps2.tobytes()).hexdigest(),
    )


def truth_of_strides(
    strides: pd.DataFrame, intervals: pd.DataFrame
) -> dict[str, NDArray[np.object_]]:
    """Return each stride's ``truth`` and ``true_gait``, from the interval that covers most of it.

    They are empty if unsure. An interval without a gait keeps the stride's own; intervals may be
    doubtful (``confident``).
    """
    begin, end, gait = (strides[name].to_numpy() for name in ("start_s", "end_s", "gait"))
    if strides.empty or intervals.empty:
        return dict.fromkeys(("truth", "true_gait"), np.full(len(strides), "", dtype=object))
    shared = np.minimum(end[:, None], intervals["end_s"].to_numpy()) - np.maximum(
        begin[:, None], intervals["start_s"].to_numpy()
    )
    best = shared.argmax(axis=1)
    sure = shared[np.arange(len(best)), best] >= MIN_OVERLAP * (end - begin)
    if "confident" in intervals:
        sure &= intervals["confident"].to_numpy(dtype=bool)[best]
    truth = intervals["direction"].to_numpy(dtype=object)[best]
    stated = intervals["gait"].to_numpy(dtype=object)[best]
    true_gait = np.where(stated == "", gait, stated)
    return {"truth": np.where(sure, truth, ""), "true_gait": np.where(sure, true_gait, "")}


class Gathered(NamedTuple):
    """Examples, and remarks for whoever trains on them."""

    examples: tuple[Example, ...]  # one for each recording, in order
    remarks: tuple[str, ...]  # sentences, each with its file and line


def gather(
    recordings: str | Path | Sequence[Example],
    sites: DirectionModel,
    *,
    placement: str | None = None,
    read: ReadOptions | None = None,
    cache_folder: str | Path | None = None,
    jobs: int | None = None,
    both_ways: bool = True,
    mixed_rates: bool = False,
) -> Gathered:
    """Read the recordings of a manifest or folder and check them against their labels.

    Examples pass unchanged. ``sites`` is a model that infers body sites, for recordings without a
    stated placement.
    ``both_ways`` requires strides of both directions, as for training; ``mixed_rates`` allows
    recordings of one site to differ in sampling rate. Raises RefusedExamples listing every
    problem with its file and line.
    """
    if not isinstance(recordings, str | Path):
        if not recordings:
            raise UsageError("no recordings were given", remedy="give labelled recordings")
        return Gathered(tuple(recordings), ())
    problems = Problems()
    listed = entries(recordings, problems)
    measured = _measured(listed, read or ReadOptions(), cache_folder, jobs)
    _same_recordings(listed, measured, problems)
    remarks: list[str] = []
    examples = []
    for entry, parts in zip(listed, measured, strict=True):
        if isinstance(parts, InputError):
            problems.note(entry.where, _without_file(parts, entry.where))
        elif entry.labels is not None and len(parts) > 1:
            problems.note(
                entry.where,
                f"has labels, but contains {len(parts)} recordings; list a single recording",
            )
        else:
            for part in parts:
                site = _site(entry, part, placement, sites, problems, remarks)
                intervals = _intervals(entry, part, problems, remarks)
                if site is not None and intervals is not None:
                    front = Anchors(front=entry.front).front_axis
                    examples.append(
                        Example(
                            part, entry.subject, entry.session, entry.subject, entry.licence, site,
                            front, intervals, origin=entry.where,
                        )
                    )  # fmt: skip
    if not problems.sentences:
        _check_together(examples, problems, both_ways=both_ways, mixed_rates=mixed_rates)
    if problems.sentences:
        raise RefusedExamples(problems.sentences, file=str(recordings))
    return Gathered(tuple(examples), tuple(remarks))


def _measured(
    listed: Sequence[Entry], options: ReadOptions, cache_folder: str | Path | None, jobs: int | None
) -> list[list[Measured] | InputError]:
    """Measure every recording of every entry, or return the error in its place."""
    code = resume.code_digest(*STAGES)
    if jobs is None and total_bytes(entry.input.path for entry in listed) <= SMALL_BYTES:
        jobs = 1
    calls = [delayed(_attempt)(entry.input, options, cache_folder, code) for entry in listed]
    return in_parallel(calls, jobs)


def _attempt(
    recording: Input, options: ReadOptions, cache_folder: str | Path | None, code: str
) -> list[Measured] | InputError:
    """Measure the recordings of an input, or load them from the cache."""
    key = resume.digest(recording.name, recording.files, repr(options), code)
    try:
        return resume.remembered(
            cache_folder,
            key,
            lambda: [measure(part) for part in read_files(recording, options=options)],
        )
    except InputError as error:
        return error
    except OSError as error:
        reason = f"cannot be read ({error.strerror or error})"
        return UnreadableFile(reason, file=str(recording.path))


def _same_recordings(
    listed: Sequence[Entry], measured: Sequence[list[Measured] | InputError], problems: Problems
) -> None:
    """Note recordings that are listed twice, under any name."""
    places: dict[str, list[str]] = {}
    for entry, parts in zip(listed, measured, strict=True):
        for part in [] if isinstance(parts, InputError) else parts:
            places.setdefault(part.sha256, []).append(f"{entry.where} ({part.name})")
    for same in places.values():
        if len(same) > 1:
            problems.note(" and ".join(same), "contain the same recording; list it once")


def _site(
    entry: Entry,
    part: Measured,
    placement: str | None,
    sites: DirectionModel,
    problems: Problems,
    remarks: list[str],
) -> str | None:
    """Body site: from the entry, its file or the option; else inferred from its strides."""
    site = entry.placement or part.placement or placement
    if site is not None:
        return site
    weights = sites.group_weights(part.features, None)
    likeliest = max(weights, key=lambda group: weights[group])
    if weights[likeliest] < MIN_PLACEMENT:
        problems.note(entry.where, f"the placement{_of(part, entry)} is unknown; add it")
        return None
    remarks.append(
        f"{entry.where}: the placement{_of(part, entry)} was inferred from its strides: "
        f"{' or '.join(GROUPS[likeliest])}"
    )
    return SITE_OF_GROUP[likeliest]


def _of(part: Measured, entry: Entry) -> str:
    """Name of the recording, unless its entry already identifies it."""
    return "" if entry.where.endswith(part.name) else f" of {part.name}"


def _without_file(error: InputError, where: str) -> str:
    """Text of the error, without a path that ``where`` already shows."""
    text = str(error).rstrip(".")
    return text.removeprefix(f"{error.file}: ") if error.file.endswith(where) else text


def _intervals(
    entry: Entry, part: Measured, problems: Problems, remarks: list[str]
) -> pd.DataFrame | None:
    """Labelled intervals of a recording on its own clock."""
    intervals: Sequence[Statement]
    if entry.direction is not None:
        intervals = [Statement(0.0, part.duration_s, entry.direction, entry.where)]
    elif entry.labels is not None:
        intervals = entry.labels
    else:
        intervals = _from_notes(part, entry.where, remarks)
        if not intervals:
            problems.note(
                entry.where,
                f"the direction{_of(part, entry)} is unknown; add a direction, labels or notes",
            )
            return None
    for interval in intervals:
        if interval.start_s < -OUTSIDE_S or interval.end_s > part.duration_s + OUTSIDE_S:
            problems.note(
                interval.source,
                f"{interval.start_s:g} to {interval.end_s:g} s is outside the recording, "
                f"which lasts {part.duration_s:.1f} s",
            )
    rows = [
        (interval.start_s, interval.end_s, interval.direction, interval.gait)
        for interval in intervals
    ]
    return pd.DataFrame(rows, columns=["start_s", "end_s", "direction", "gait"])


def _from_notes(part: Measured, where: str, remarks: list[str]) -> list[Statement]:
    """Intervals from the app's notes; as in labelling, a note without a direction ends one."""
    silent = [note for note in part.annotations if direction_of_note(note.text) is None]
    if silent:
        listed = truncated_list([f"{note.text!r} at {note.start_s:.1f} s" for note in silent])
        remarks.append(f"{where}: ignored notes that name no direction: {listed}")
    return [
        statement._replace(source=f"{where}, {statement.source}")
        for statement in statements_of_notes(part.annotations, part.duration_s)
    ]


def _check_together(
    examples: Sequence[Example], problems: Problems, *, both_ways: bool, mixed_rates: bool
) -> None:
    """Note problems with the recordings of a group of sites as a whole."""
    groups: dict[str, list[Example]] = {}
    for example in examples:
        groups.setdefault(group_of(example.placement), []).append(example)
    for here in groups.values():
        rates = sorted({example.measured.rate_hz for example in here})
        if not mixed_rates and rates[-1] > (1 + RATE_TOLERANCE) * rates[0]:
            problems.note(
                _places(here),
                f"mixed rates, {_rates(here)}; train on one rate, or allow mixed rates",
            )
        if not both_ways:
            continue
        truth = strides_of(here)["truth"]
        for direction in BOTH_WAYS:
            count = int((truth == direction).sum())
            if count < MIN_STRIDES:
                sites = ", ".join(sorted({example.placement for example in here}))
                problems.note(
                    _places(here),
                    f"{count or 'no'} {direction} strides at {sites}; both directions are needed, "
                    f"with at least {MIN_STRIDES} strides",
                )


def _rates(here: Sequence[Example]) -> str:
    """List which lines have which rate."""
    by_rate: dict[str, list[Example]] = {}
    for example in here:
        by_rate.setdefault(f"{example.measured.rate_hz:.3g} Hz", []).append(example)
    return " and ".join(f"{rate} ({_places(part)})" for rate, part in by_rate.items())


def _places(examples: Sequence[Example]) -> str:
    """Lines of examples, the first few of them."""
    return truncated_list(list(dict.fromkeys(example.origin for example in examples)), 5)
