"""Make the shipped models from the public data sets.

``python -m retrodetect.lab.shipped DATASETS [MODELS [NAME...]] [--cache DIR]`` makes them
again, with the same scores: the fit has no randomness. ``default`` learns from all available sets
and is non-commercial because some of them are; ``open`` learns from CC BY sources alone.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from retrodetect.direction import Anchors, DirectionModel
from retrodetect.direction.card import Card, Source
from retrodetect.direction.store import save_model
from retrodetect.errors import RetrodetectError, UsageError
from retrodetect.lab.captured import bvh_clips
from retrodetect.lab.datasets import SETS, VIRTUAL, present, register
from retrodetect.lab.measured import measured_sets, mixed_sessions, without_gyroscope
from retrodetect.runs.pool import in_turn
from retrodetect.sites import LOWER_LEG, group_of
from retrodetect.training import scores
from retrodetect.training.examples import Example
from retrodetect.training.fit import Fits, table_of

__all__ = ["MODELS", "held_out", "make"]

logger = logging.getLogger(__name__)

MODELS: dict[str, tuple[str, tuple[str, ...]]] = {
    "default": ("non-commercial: some of its sources are CC BY-NC", tuple(SETS)),
    "open": (
        "CC BY 4.0",
        (
            "oxford-step-counter",
            "mocap-accad-male1",
            "mocap-accad-female1",
            "spsw-pocket-wrist",
            "phone-handling",
        ),
    ),
}
"""Name, licence and sources of each shipped model."""

GIVEN: dict[str, Callable[[Example], Anchors]] = {
    "site": lambda example: Anchors(example.placement),
    "nothing": lambda _: Anchors(),
    "front": scores.stated_anchors,
    "mark": scores.marked_stretch,
}
"""What the wearer states about a recording, by state of knowledge."""

PLAIN = "site, accelerometer only"
"""The site, for a recording without its gyroscope, where habit decides most often."""

RECORDINGS_AT_A_TIME = 10
"""How many recordings a process labels in one task: a second or two."""

WEAKNESSES = (
    "Without a gyroscope, nothing above the hip shows where the front is. A session that goes one "
    "way only is called forward, because most do. A session that turns is named by how people "
    "begin and bounce, or stays unknown.",
    "At the wrist and hand, only a gyroscope shows which way the wearer goes, and less reliably "
    "than elsewhere. Of two captured actors who went both ways, up to 6% of strides were named "
    "wrongly; of a third, who acted styles of walking, 15%. At left wrists, many backward strides "
    "stayed unknown. Without a gyroscope, bouts that look alike are all called forward; other "
    "sessions of both ways stay unknown unless stretches are marked.",
    "On the upper arm and in a bag, nothing shows which way the wearer goes.",
    "What shows the front at the ankle is reversed at mid-shin. Between the two, and just below "
    "the knee, more strides stay unknown. At the shin, only a gyroscope shows which way the wearer "
    "goes, and only in walking.",
    "A phone loose in a bag or coat does not show the front.",
    "Running backward was captured at 30 Hz only, which blurs the flight phase.",
)


def make(name: str, datasets: Path, models: Path, *, cache_folder: Path | None = None) -> Card:
    """Fit a shipped model of `MODELS`, score it on people and sources held out, and store it.

    Missing data sets are left out, also from the card.
    """
    licence, wanted = MODELS[name]
    sources = [source for source in wanted if source in present(datasets)]
    recordings = measured_sets(datasets, sources, cache_folder=cache_folder)
    _check_enough(recordings, datasets)
    fits = Fits(table_of(chain.from_iterable(recordings.values())), name=name)
    rows = pd.concat(held_out(recordings, fits), ignore_index=True)
    card = Card(
        summary="Labels each stride forward, backward or unknown.",
        licence=licence,
        sources=[_source(source, recordings[source]) for source in sources],
        scores=_scores(rows[rows["given"] == "site"]),
        error_rates=_error_rates(rows),
        weaknesses=[_backward_evidence(fits.table.strides), *WEAKNESSES],
    )
    return save_model(replace(fits.model, card=card), models / name).card


def _check_enough(recordings: dict[str, list[Example]], datasets: Path) -> None:
    """Check that each source can be held out: the others teach its sites in both directions."""
    taught = {
        (source, group_of(example.placement), direction)
        for source, examples in recordings.items()
        for example in examples
        for direction in example.intervals["direction"]
    }
    remedy = "add data sets (docs/datasets.md)"
    if not taught:
        raise UsageError("has none of the data sets", file=str(datasets), remedy=remedy)
    for source, group, _ in sorted(taught):
        elsewhere = {way for origin, site, way in taught if origin != source and site == group}
        if not elsewhere >= {"forward", "backward"}:
            raise UsageError(
                f"without {source}, no data set there teaches {group} in both directions, so no"
                f" model can be scored on {source}",
                file=str(datasets),
                remedy=remedy,
            )


def _backward_evidence(strides: pd.DataFrame) -> str:
    """Return a sentence that states who went backward, and where."""
    back = strides[strides["truth"] == "backward"]
    people = back.groupby("virtual")[["source", "subject"]].apply(
        lambda rows: len(rows.drop_duplicates())
    )
    captured = f"virtual, from {people.get(True, 0)} captured people"
    if False not in people:
        return f"No real person was recorded going backward: all backward evidence is {captured}."
    sites = " and ".join(back.loc[~back["virtual"].astype(bool), "placement"].unique())
    return (
        f"Backward strides of real people were recorded at the {sites} only, of {people[False]} "
        f"people; all other backward evidence is {captured}."
    )


def held_out(
    recordings: dict[str, list[Example]], fits: Fits, jobs: int | None = None
) -> list[pd.DataFrame]:
    """Label every recording with a model that never saw its wearer.

    If a source has several people with both directions, each of them is held out alone; otherwise
    the whole source is, which is harder. Each is labelled in four states of knowledge (``given``):
    the site, which is what most people know; nothing; site and front; site and five seconds marked.
    A state that adds nothing is left out. The site is also used without a gyroscope: there habit
    often names the directions.
    """
    directions = fits.table.strides.groupby(["source", "subject"])["truth"].nunique()
    folds: list[tuple[str, str | None]] = [(source, None) for source in recordings]
    for _, people in directions[directions > 1].groupby("source"):
        if len(people) > 1:
            folds.extend(people.index)

    def asked() -> Iterator[tuple[DirectionModel, list[Example], str]]:
        """Fit models, and yield each with a few recordings at a time."""
        for source, subject in folds:
            unseen = [part for part in recordings[source] if subject in (None, part.subject)]
            # Captured clips hold a few strides; users label sessions.
            if SETS[source] is bvh_clips:
                unseen = mixed_sessions(unseen)
            logger.info("held out: %s %s, %d recordings", source, subject or "", len(unseen))
            model, kind = fits.without(source, subject), "person" if subject else "source"
            for start in range(0, len(unseen), RECORDINGS_AT_A_TIME):
                yield model, unseen[start : start + RECORDINGS_AT_A_TIME], kind

    return list(in_turn(_label, asked(), jobs))


def _label(fold: tuple[DirectionModel, list[Example], str]) -> pd.DataFrame:
    """Label the recordings held out from a model, in every state of knowledge."""
    model, examples, kind = fold
    tables = []
    states = list(GIVEN.items())
    for number, (name, anchors_of) in enumerate(states):
        # A state that adds nothing to an earlier one repeats it.
        before = [earlier for _, earlier in states[:number]]
        new = [part for part in examples if anchors_of(part) not in [of(part) for of in before]]
        if new:
            tables.append(scores.label_with_truth(model, new, anchors_of).assign(given=name))
    blind = map(without_gyroscope, examples)
    tables.append(scores.label_with_truth(model, blind, GIVEN["site"]).assign(given=PLAIN))
    return pd.concat(tables, ignore_index=True).assign(held_out=kind)


def _source(name: str, recordings: list[Example]) -> Source:
    """Entry of a source in a card."""
    stated = register()[name]
    spans = pd.concat([example.intervals for example in recordings])
    minutes = (spans["end_s"] - spans["start_s"]).groupby(spans["direction"]).sum() / 60
    return Source(
        name=name,
        licence=stated["licence"],
        citation=stated["citation"],
        evidence="virtual" if name in VIRTUAL else "real",
        people=len({example.subject for example in recordings}),
        placements=sorted({example.placement for example in recordings}),
        minutes_forward=round(float(minutes.get("forward", 0.0)), 1),
        minutes_backward=round(float(minutes.get("backward", 0.0)), 1),
    )


def _scores(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """One row per source, site and kind of hold-out."""
    table = scores.summary(rows, ["source", "placement", "true_gait", "held_out"])
    is_virtual = table["source"].isin(VIRTUAL)
    return scores.records(table.assign(evidence=np.where(is_virtual, "virtual", "real")))


def _error_rates(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Error rates of labelled strides by state of knowledge."""
    sites = rows["placement"].map(group_of)
    # Captured running above the knee is no evidence: see `fit.CAPTURED_PACE`.
    blurred = rows["virtual"] & (rows["true_gait"] == "run") & ~sites.isin(LOWER_LEG)
    # A foot shows its front: nobody names it there. If nothing could be named or marked, the
    # state repeats another.
    repeated = rows["given"].isin(["front", "mark"]) & ~rows["knowledge"].str.endswith(
        "front given"
    )
    # Legs err more often without a gyroscope, so their rates are kept apart.
    plain = rows["given"].eq(PLAIN) & ~rows["knowledge"].str.endswith("assumed")
    rows = rows[~blurred & ~repeated & ~plain].reset_index(drop=True)
    return scores.error_rates(rows, rows["knowledge"])


def main() -> None:
    """Make all shipped models."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("models", type=Path, nargs="?", default=Path("models"))
    parser.add_argument("names", nargs="*", default=list(MODELS))
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    # Threads of a numerical library would compete with the processes that label.
    with threadpool_limits(1):
        for name in options.names:
            try:
                make(name, options.datasets, options.models, cache_folder=options.cache)
            except RetrodetectError as error:
                sys.exit(str(error))


if __name__ == "__main__":
    main()
