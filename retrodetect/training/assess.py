"""Score any model on any labelled recordings, and compare two of them stride by stride."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from retrodetect.direction import DirectionModel, store
from retrodetect.formats import ReadOptions
from retrodetect.locations import make_folder, replacing
from retrodetect.runs.outputs import check_ours
from retrodetect.sites import canonical_site
from retrodetect.tables import FACTS, csv_text
from retrodetect.training import scores
from retrodetect.training.examples import Example, gather

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results of a model on recordings with known truth."""

    # one row per stride, with ``truth`` beside ``direction``;
    # ``direction_against`` if two models were compared
    strides: pd.DataFrame
    # by placement and gait, with 95 % intervals; see
    # :func:`retrodetect.training.scores.scored`
    scores: pd.DataFrame
    confusion: pd.DataFrame  # by placement: what strides were and what they were called
    mistakes: pd.DataFrame  # stretches called the wrong way, longest first
    # DataFrame or None: difference between the two models with its interval
    comparison: pd.DataFrame | None
    # units drawn again for the intervals: wearers, sessions, recordings or bouts
    intervals_over: str
    remarks: tuple[str, ...]  # assumptions, and which recordings the model had learned from

    def write(self, out: str | Path) -> None:
        """Write every table as csv, and their basis to ``evaluation.json``.

        Existing files that are not of an evaluation are never overwritten (UsageError).
        """
        folder = _folder(out)
        facts = {"intervals_over": self.intervals_over, "remarks": list(self.remarks)}
        # First: it marks the others as an evaluation's.
        with replacing(folder / FACTS) as stream:
            stream.write((json.dumps(facts, indent=1, ensure_ascii=False) + "\n").encode())
        tables = {"strides": self.strides, "scores": self.scores, "confusion": self.confusion}
        tables |= {"mistakes": self.mistakes}
        if self.comparison is not None:
            tables["comparison"] = self.comparison
        else:
            (folder / "comparison.csv").unlink(missing_ok=True)
        for name, table in tables.items():
            with replacing(folder / f"{name}.csv") as stream:
                stream.write(csv_text(table.round(4), header=True).encode())


def evaluate(
    recordings: str | Path | Sequence[Example],
    model: str | Path | DirectionModel = "default",
    *,
    against: str | Path | DirectionModel | None = None,
    placement: str | None = None,
    jobs: int | None = None,
    cache_folder: str | Path | None = None,
    read: ReadOptions | None = None,
    out: str | Path | None = None,
) -> Evaluation:
    """Score a model on labelled recordings, or compare two models on them.

    Parameters
    ----------
    recordings
        As for :func:`retrodetect.training.train.train`; one direction is enough here, and rates
        may differ.
    model, against
        Name of a shipped model, path of a stored one, or a model.
    placement, jobs, cache_folder
        As for :func:`retrodetect.train`.
    read
        Overrides for reading: units, sign, rate, columns.
    out
        Folder for the tables, checked before the work starts; None writes nothing.

    Returns
    -------
    Evaluation
        Tables of ``strides``, ``scores``, ``confusion`` and ``mistakes``; with ``against`` also a
        ``comparison``.

    Raises
    ------
    UsageError
        If the folder cannot be written to.
    RefusedExamples
        Listing everything that is wrong with the input, by file and line.
    ModelError
        If a model cannot be loaded or does not cover a site.
    """
    placement = None if placement is None else canonical_site(placement)
    if out is not None:
        _folder(out)
    first = store.load(model)
    second = None if against is None else store.load(against)
    examples, on_gathering = gather(
        recordings,
        first,
        placement=placement,
        read=read,
        cache_folder=cache_folder,
        jobs=jobs,
        both_ways=False,
        mixed_rates=True,
    )
    remarks = [
        *on_gathering,
        *(
            f"model {asked.name} learned from {seen} of these {len(examples)} recordings; "
            "its scores on them are no evidence"
            for asked in (first, second)
            if asked is not None and (seen := _learned_from(asked, examples))
        ),
    ]
    rows = scores.label_with_truth(first, examples, scores.stated_anchors)
    if len(wearers := rows["subject"].unique()) == 1:
        remarks.append(f"one wearer only ({wearers[0]}): the scores say nothing about others")
    comparison = None
    if second is not None:
        rows_against = scores.label_with_truth(second, examples, scores.stated_anchors)
        comparison = scores.compared(rows, rows_against)
        rows = rows.assign(direction_against=rows_against["direction"].to_numpy())
    evaluation = Evaluation(
        rows,
        scores.scored(rows, ["placement", "true_gait"]),
        scores.confusion(rows),
        scores.mistakes(rows),
        comparison,
        scores.units_for_intervals(rows)[1],
        tuple(remarks),
    )
    if out is not None:
        evaluation.write(out)
    return evaluation


def _folder(out: str | Path) -> Path:
    """Make the folder for the tables, unless that would overwrite other files."""
    folder = make_folder(Path(out))
    check_ours(folder, "evaluate")
    return folder


def _learned_from(model: DirectionModel, examples: Sequence[Example]) -> int:
    """Number of the recordings that the model's card lists as learned from."""
    seen = set(model.card.recordings)
    return sum(example.measured.sha256 in seen for example in examples)
