"""A batch: label many recordings and write their tables.

It is planned (nothing is written yet), worked off (each finished input leaves a *part* in
``DIR/.retrodetect/``), and written (the parts laid end to end, in the order of the inputs). A part
is named by a digest of everything it depends on, so the same command, run again, resumes.

A file ``manifest.csv`` beside recordings may state for each where the device sat and which way was
forward, so that a folder of recordings from several body sites needs no option.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import pandas as pd

from retrodetect import tables
from retrodetect.direction import Anchors, DirectionModel, store
from retrodetect.errors import UsageError
from retrodetect.formats import Input
from retrodetect.locations import answering, location, store_of, total_bytes
from retrodetect.recording import Caution, Topic
from retrodetect.runs import outputs as writing
from retrodetect.runs import own_version, resume
from retrodetect.runs.inputs import find_inputs, manifests_in
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.pool import SMALL_BYTES, Workers, in_turn, jobs_within, shared_out
from retrodetect.runs.task import Entry, Settings, Task, View, do, entries, give_up, unlabelled
from retrodetect.runs.track import read_track
from retrodetect.tally.folder import totals

__all__ = [
    "Beside", "Outcome", "Plan", "Progress", "finished", "named_by_hand", "plan",
    "read_manifests", "run", "started", "with_copy_of", "write",
]  # fmt: skip

MOST_FINE = 12
"""Most inputs for which the report shows each signal in detail."""

_COLUMNS = ("path", "placement", "front", "starts", "track")
"""Columns of a manifest; only ``path`` is required. A manifest for training has more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a batch."""

    sessions: pd.DataFrame  # rows of ``sessions.csv``, without those of skipped files
    paths: tuple[Path, ...]  # the file of each row
    resumed: int  # inputs that an earlier run finished
    skipped: Mapping[str, str]  # files without sensor data in the folders, with the reason
    manifests: Mapping[Path, int]  # number of inputs that each manifest beside them lists

    @property
    def all_done(self) -> bool:
        """Whether no input failed or was refused."""
        return not self.sessions["status"].isin(["failed", "refused"]).any()


class Progress(NamedTuple):
    """Progress of a batch."""

    done: int  # inputs
    total: int
    hours: float  # of recording that this run labelled
    resumed: int  # inputs that an earlier run finished
    waiting: Set[Path]  # parts of the unfinished tasks


class Beside(NamedTuple):
    """What a manifest states about one recording."""

    anchors: Anchors  # where the device sat, and which way was forward
    manifest: Path  # its file
    tracks: tuple[str, ...] = ()  # file with the track of a watch, if any

    def added_to(self, settings: Settings) -> Settings:
        """Return settings completed from the manifest; it overrides none of them."""
        stated, names = settings.anchors, ("placement", "front", "starts")
        merged = {name: getattr(stated, name) or getattr(self.anchors, name) for name in names}
        tracks = settings.tracks or self.tracks
        return replace(settings, anchors=replace(stated, **merged), tracks=tracks)


@dataclass(frozen=True, slots=True)
class Plan:
    """Work of a batch, before it starts."""

    folder: Path  # folder of the results
    inputs: tuple[Input, ...]  # what to label, in the order of the tables
    skipped: Mapping[str, str]  # files without sensor data in the folders, with the reason
    settings: Settings  # how to label each input
    view: View  # what to keep for the report
    beside: Mapping[Path, Beside]  # what manifests state, by recording; the settings win
    model: DirectionModel  # loaded early, so that a missing one is noticed before the work
    outputs: Outputs  # which files to write, and how
    workers: Workers  # who does the work
    began_s: float = field(default_factory=time.time)  # since 1970
    monotonic_s: float = field(default_factory=time.monotonic)  # by a clock that nobody can set

    def tasks(self, state: Path) -> list[Task]:
        """Return one task for each input."""
        code, model = resume.code_digest(), self.model.card.sha256
        tasks = []
        for recording in self.inputs:
            settings = self.settings
            if recording.path in self.beside:
                settings = self.beside[recording.path].added_to(settings)
            rest = repr((settings, self.view)), model, code
            files = (*recording.files, *map(location, settings.tracks))
            key = resume.digest(recording.name, files, *rest)
            part = state / f"{key}{resume.ENDING}"
            limit = self.workers.limits.max_memory_mib
            tasks.append(Task(recording, settings, self.view, part, code, model, limit))
        return tasks


def run(
    paths: Iterable[str | Path],
    outputs: Outputs,
    settings: Settings | None = None,
    workers: Workers | None = None,
    *,
    restart: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Label every recording below paths or URLs and write the tables.

    An earlier run is resumed unless ``restart``. Raises ModelError if the model cannot be loaded
    (nothing is written then), UsageError if there is nothing to do, the folder cannot be used or
    another run is writing there, and OutputError if the disk is full (finished work is kept).
    """
    planned = plan(paths, outputs, settings or Settings(), workers or Workers())
    with started(planned, restart=restart) as tasks:
        for progress in finished(tasks, planned.workers):
            on_progress(progress)
        return write(planned, tasks, progress.resumed)


def plan(
    paths: Iterable[str | Path], outputs: Outputs, settings: Settings, workers: Workers
) -> Plan:
    """Find the inputs, and check everything that can be checked before the work."""
    settings.anchors_on(None)  # refuses marks that make no sense
    paths = list(paths)
    beside = read_manifests(manifests_in(paths))
    writing.check_libraries(outputs)
    tracks = [*settings.tracks, *(track for each in beside.values() for track in each.tracks)]
    for track in tracks:
        read_track(track)
    model = store.load(settings.model)
    folder = location(outputs.folder)
    with answering(*paths, folder):
        jobs = workers.jobs if workers.cluster is None else 1
        mapper = partial(in_turn, jobs=jobs)
        columns = settings.read.columns.values()
        of_watches = set(map(location, tracks))
        inputs, skipped = find_inputs(paths, columns, tracks=of_watches, mapper=mapper)
        files = [path for recording in inputs for path in recording.files]
        writing.check_ours(folder, "label", files)
    view: View = "none"
    if outputs.report:
        view = "fine" if len(inputs) <= MOST_FINE else "coarse"
    return Plan(folder, inputs, skipped, settings, view, beside, model, outputs, workers)


@contextmanager
def started(planned: Plan, *, restart: bool = False) -> Iterator[list[Task]]:
    """Lock the folder of the results while a batch works."""
    with answering(planned.folder), writing.held(planned.folder) as state:
        store_of(state).sweep(state)
        store_of(state).sweep(planned.folder)
        if restart:
            for part in state.glob(f"*{resume.ENDING}"):
                part.unlink()
        else:
            writing.check_all_named(state, [recording.path for recording in planned.inputs])
        yield planned.tasks(state)


def finished(tasks: Sequence[Task], workers: Workers) -> Iterator[Progress]:
    """Do the tasks that no earlier run finished; afterwards each task has its part."""
    state = tasks[0].part.parent
    present = {path.name for path in state.glob(f"*{resume.ENDING}")}
    todo = [task for task in tasks if task.part.name not in present or not _is_finished(task.part)]
    waiting = {task.part for task in todo}
    progress = Progress(len(tasks) - len(todo), len(tasks), 0.0, len(tasks) - len(todo), waiting)
    yield progress
    if workers.jobs is None and total_bytes(task.input.path for task in todo) <= SMALL_BYTES:
        workers = replace(workers, jobs=1)
    jobs = jobs_within(todo, workers)
    todo = [task._replace(jobs=jobs) for task in todo]
    for task, result in shared_out(do, todo, workers):
        if isinstance(result, str):
            give_up(task, result, workers.limits.timeout_s)
            result = 0.0
        waiting.discard(task.part)
        progress = progress._replace(done=progress.done + 1, hours=progress.hours + result / 3600)
        yield progress
    # Killed workers leave half-written files.
    store_of(state).sweep(state)


def write(planned: Plan, tasks: Sequence[Task], resumed: int) -> Outcome:
    """Write tables, record and report."""
    parts = [task.part for task in tasks]
    names = named_by_hand(planned, tasks)
    rows = [[with_copy_of(entry, names) for entry in entries(part)] for part in parts]
    labelled = [row for of_input in rows for row in of_input]
    skipped = [unlabelled(name, "skipped", why).row for name, why in planned.skipped.items()]
    # Before the tables: a run that is stopped in between must still know their inputs.
    with_results = [
        task.input.path
        for task, of_input in zip(tasks, rows, strict=True)
        if any(row["status"] != "failed" for row in of_input)
    ]
    writing.keep_inputs(parts[0].parent, with_results)
    all_sessions = tables.sessions_table([*labelled, *skipped])
    sessions = all_sessions.iloc[: len(labelled)]
    writing.write_tables(planned.outputs, planned.folder, parts, all_sessions)
    record = _record(planned, sessions, resumed)
    writing.write_json(planned.folder / "run.json", record)
    if planned.outputs.report:
        writing.write_report(planned.folder, parts, sessions, planned.model.card, record)
    paths = [task.input.path for task, of_input in zip(tasks, rows, strict=True) for _ in of_input]
    named = [planned.beside[path] for path in planned.beside.keys() & set(paths)]
    manifests = Counter(beside.manifest for beside in named)
    return Outcome(sessions, tuple(paths), resumed, planned.skipped, manifests)


def named_by_hand(planned: Plan, tasks: Iterable[Task]) -> dict[str, str]:
    """Map readings to the recording with them that a manifest lists, for `with_copy_of`.

    Such a recording counts before its copies, whatever the order of the inputs.
    """
    names: dict[str, str] = {}
    for task in tasks:
        if task.input.path in planned.beside:
            for entry in entries(task.part):
                with_copy_of(entry, names)
    return names


def with_copy_of(entry: Entry, names: dict[str, str]) -> dict[str, Any]:
    """Return the row of a recording, marked if it is a copy of an earlier one.

    ``names`` maps readings to the first recording with them; this one is added.
    """
    row = entry.row
    if row["status"] != "ok":
        return row
    first = names.setdefault(entry.readings, row["recording"])
    if first == row["recording"]:
        return row
    text = f"has the same readings as {first}: totals count them once"
    more = tables.warning_columns([Caution(Topic.COPY, text)])
    joined = {name: "; ".join(filter(None, (row[name], added))) for name, added in more.items()}
    return {**row, "copy_of": first, **joined}


def read_manifests(manifests: Mapping[Path, tables.SmallTable]) -> dict[Path, Beside]:
    """Understand manifests; UsageError if a line names a missing file or makes no sense."""
    beside: dict[Path, Beside] = {}
    for file, table in manifests.items():
        for line, row in table.rows:
            fields = {name: row.get(name, "") for name in _COLUMNS}
            for column in ("path", *(["track"] if fields["track"] else [])):
                if not fields[column] or not (file.parent / fields[column]).is_file():
                    raise UsageError(
                        f"no file {fields[column]!r} in that folder",
                        file=str(file),
                        place=f"line {line}",
                        remedy=f"write the path relative to the manifest, in the column {column}",
                    )
            try:
                anchors = Anchors(
                    placement=fields["placement"].replace("auto", "") or None,
                    front=fields["front"] or None,
                    starts=cast(Literal["forward", "backward"], fields["starts"] or None),
                )
            except UsageError as error:
                error.file, error.place = str(file), f"line {line}"
                raise
            tracks = (str(file.parent / fields["track"]),) if fields["track"] else ()
            beside[file.parent / fields["path"]] = Beside(anchors, file, tracks)
    return beside


def _is_finished(part: Path) -> bool:
    """Whether a task is done; a failed one is tried again."""
    try:
        return resume.is_whole(part) and all(
            entry.row["status"] != "failed" for entry in entries(part)
        )
    except (KeyError, TypeError):
        return False


def _record(planned: Plan, sessions: pd.DataFrame, resumed: int) -> dict[str, Any]:
    """Content of ``run.json``: the command, the model, counts and times."""
    counts = sessions["status"].value_counts()
    began = datetime.fromtimestamp(planned.began_s, UTC)
    return {
        "version": own_version(),
        "arguments": list(planned.outputs.arguments),
        "model": {"name": planned.model.name, "sha256": planned.model.card.sha256},
        "counts": {
            "inputs": len(sessions),
            "skipped": len(planned.skipped),
            **{name: int(counts.get(name, 0)) for name in ("ok", "no_gait", "refused", "failed")},
            "strides": int(sessions["strides"].sum()),
            "resumed": resumed,
        },
        "totals": tables.without_nan(totals(sessions)),
        "times": {
            "began": began.isoformat(timespec="seconds"),
            "took_s": round(time.monotonic() - planned.monotonic_s, 3),
            "recorded_h": round(float(sessions["duration_s"].sum()) / 3600, 4),
        },
        "goal": planned.outputs.goal,
        "skipped": dict(planned.skipped),
    }
