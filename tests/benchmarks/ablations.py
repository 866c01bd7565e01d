"""What each family of pointers, each habit and the session decoder are worth.

    python tests/benchmarks/ablations.py ../shared/datasets --docs docs [--cache DIR]

labels the sessions and real recordings of ``direction.py``, only the site given, with one family
of pointers set to zero at a time, or without one of the habits that name the sides; then stride
by stride. Models are those of ``direction.py``,
fitted without the wearer or the source, and never fitted again. ``--sources`` names the sets that
are judged, all by default; the models learn from the rest.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from direction import (
    CLIPS,
    FOOT,
    FORWARD_ONLY,
    SITES,
    Evidence,
    site_given,
)

from retrodetect.direction import DirectionModel
from retrodetect.direction.decoder import Priors
from retrodetect.direction.likeness import Likeness
from retrodetect.features.catalogue import NEEDS_GYRO, VECTORS
from retrodetect.lab.datasets import present
from retrodetect.lab.measured import measured_sets, mixed_sessions, without_gyroscope
from retrodetect.training.examples import Example
from retrodetect.training.scores import label_with_truth, summary

Change = Callable[[Example], Example]


def without(is_of_family: Callable[[str], bool]) -> Change:
    """Set the vectors of a family to zero."""
    columns = np.array([is_of_family(feature.name) for feature in VECTORS])

    def change(example: Example) -> Example:
        features = example.measured.features
        vectors = np.where(columns[:, None], 0.0, features.vectors)
        features = replace(features, vectors=vectors)
        return replace(example, measured=replace(example.measured, features=features))

    return change


def same(example: Example) -> Example:
    """Leave a recording as it is."""
    return example


PRIORS = Priors()
HABITS: dict[str, Priors] = {
    "without the contrast of the sides": replace(PRIORS, contrast=0.0),
    "without the habit of beginning forward": replace(PRIORS, begun=PRIORS.drawn),
}
"""What is believed beforehand, without a habit. It matters most to an accelerometer alone."""

VARIANTS: dict[str, Change] = {
    "as it is": same,
    "without levers": without(lambda name: name.startswith("lever_")),
    "without harmonics, level by gyroscope": without(lambda name: name.endswith("_gyro")),
    "without harmonics, level by mean force": without(lambda name: name.endswith("_fixed")),
    "without rotation (S, Q, A, a_p)": without({"S", "Q", "A", "a_p"}.__contains__),
    "without the arm taken out": without(lambda name: name.endswith(("_arm", "_hanging"))),
    "without swing vectors": without(lambda name: name.startswith("swing_")),
    "without the way of the foot": without({"way"}.__contains__),
    "without any pointer of the gyroscope": without({f.name for f in NEEDS_GYRO}.__contains__),
    "accelerometer only": without_gyroscope,
}
"""Recordings without a family. Without its pointers a stride is still read with the weights of a
gyroscope; ``accelerometer only`` reads it with those of an accelerometer."""


def questions(
    evidence: Evidence, sources: Sequence[str]
) -> Iterator[tuple[str, list[Example], DirectionModel]]:
    """Recordings, and the model that has not seen them."""
    for source in sources:
        if source in CLIPS:
            for called, placements in SITES.items():
                yield (
                    f"virtual sessions, {called}",
                    mixed_sessions(evidence.recordings[source], placements),
                    evidence.model(source),
                )
        elif source == FOOT:
            for person in sorted({example.subject for example in evidence.recordings[FOOT]}):
                mine = [item for item in evidence.recordings[FOOT] if item.subject == person]
                yield "real foot, each person held out", mine, evidence.model(FOOT, person)
        elif source in FORWARD_ONLY:
            yield f"forward only, {source}", evidence.recordings[source], evidence.model(source)


def stride_by_stride(example: Example) -> list[Example]:
    """Every stride as if it were all there is of its session."""
    count = len(example.measured.strides)
    return [example.where(np.arange(count) == stride) for stride in range(count)]


def measure(evidence: Evidence, sources: Sequence[str]) -> pd.DataFrame:
    """Return one row for each question and variant."""
    rows: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for asked, examples, model in questions(evidence, sources):
        answers = {name: [change(one) for one in examples] for name, change in VARIANTS.items()}
        answers["stride by stride"] = [
            alone for example in examples for alone in stride_by_stride(example)
        ]
        plain = answers["accelerometer only"]
        asked_of = [(variant, changed, model, PRIORS) for variant, changed in answers.items()]
        for habit, priors in HABITS.items():
            asked_of.append((f"accelerometer only, {habit}", plain, model, priors))
        alone = replace(model, likeness=Likeness.silent())
        asked_of.append(("without the likeness of bouts", examples, alone, PRIORS))
        for variant, changed, asked_model, priors in asked_of:
            if changed:
                labelled = label_with_truth(asked_model, changed, site_given, priors)
                rows.setdefault((asked, variant), []).append(labelled)
    names = ["evidence", "variant"]
    labelled = pd.concat({key: pd.concat(parts) for key, parts in rows.items()}, names=names)
    return summary(labelled.reset_index(names), names).set_index(names).reindex(list(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--docs", type=Path, help="write ablations.json and ablations.md there")
    parser.add_argument("--cache", type=Path, help="keep strides and features there")
    parser.add_argument("--sources", nargs="+", default=[*CLIPS, FOOT, *FORWARD_ONLY])
    arguments = parser.parse_args()
    recordings = measured_sets(
        arguments.datasets, present(arguments.datasets), cache_folder=arguments.cache
    )
    table = measure(Evidence(arguments.datasets, recordings), arguments.sources)
    print(table.round(4).to_string())
    if arguments.docs:
        text = table.round(4).reset_index().to_json(orient="records")
        (arguments.docs / "ablations.json").write_text(
            json.dumps(json.loads(text), indent=1) + "\n"
        )
        (arguments.docs / "ablations.md").write_text(page(table))


def page(table: pd.DataFrame) -> str:
    """Return the table as a page of the docs."""
    columns = ["strides", "right_of_labelled", "wrong", "unknown", "recall_backward"]
    columns += ["false_backward_per_1000"]
    lines = [
        "# What each part is worth",
        "",
        "Made by `python tests/benchmarks/ablations.py DATASETS --docs docs`; do not edit.",
        "The recordings and models are those of [How right the directions are](benchmark.md),",
        "with only the site given. Each row takes away one family of [pointers](pointers.md),",
        "or one of the habits that name the sides. *stride by stride* judges every stride as if",
        "it were a session of its own.",
    ]
    for asked in table.index.unique("evidence"):
        lines += [
            "",
            f"## {str(asked).capitalize()}",
            "",
            f"| variant | {' | '.join(column.replace('_', ' ') for column in columns)} |",
            f"| --- |{' ---: |' * len(columns)}",
        ]
        for variant, row in table.loc[asked].iterrows():
            cells = ["" if pd.isna(row[column]) else f"{row[column]:.4g}" for column in columns]
            lines.append(f"| {variant} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
