"""Public data sets as examples, measured once and kept on disk while nothing changes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from joblib import delayed

from retrodetect.lab.datasets import load
from retrodetect.lab.labelled import Labelled
from retrodetect.runs import resume
from retrodetect.runs.pool import in_parallel
from retrodetect.training.examples import STAGES, Example, measure

__all__ = ["example_of", "measured_sets"]


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
        Folder that holds the data sets.
    names
        Names of data sets in :data:`retrodetect.lab.datasets.SETS`.
    cache_folder
        Where strides and features are kept from one time to the next; None keeps none.
    jobs
        Processes; None for one per core.
    """
    code = resume.code_digest(*STAGES, "training", "lab")
    calls = [delayed(_remembered)(Path(folder), name, cache_folder, code) for name in names]
    return dict(zip(names, in_parallel(calls, jobs), strict=True))


def example_of(labelled: Labelled) -> Example:
    """Measure a labelled recording; each is a session of its own."""
    return Example(
        measure(labelled.recording),
        labelled.subject,
        labelled.recording.name,
        labelled.source,
        labelled.licence,
        labelled.placement,
        labelled.front,
        labelled.intervals,
        labelled.virtual,
    )


def _remembered(
    folder: Path, name: str, cache_folder: str | Path | None, code: str
) -> list[Example]:
    """Examples of a set, measured or recalled."""
    files = sorted(path for path in (folder / name).rglob("*") if path.is_file())
    key = resume.digest(name, files, code)
    return resume.remembered(cache_folder, key, partial(_measured, folder, name))


def _measured(folder: Path, name: str) -> list[Example]:
    return [example_of(labelled) for labelled in load(folder, name)]
