"""What each part of the direction stage is worth, and what it withstands.

    python tests/benchmarks/ablations.py ../shared/datasets --docs docs

labels the same recordings with parts of the evidence taken away and with the recordings changed
as other devices and apps would: models are those of ``direction.py``, fitted without the wearer
or the source, and never fitted again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from direction import FOOT, VIRTUAL, Evidence, is_walked, told_front, told_site
from scipy import signal as sps

from retrodetect.direction import Anchors, Cues, DirectionModel, decide
from retrodetect.direction.model import Readout, SiteGroup
from retrodetect.signal.prepare import MAX_GAP_S
from retrodetect.training.datasets import Labelled
from retrodetect.training.evaluate import label_with_truth, marked_stretch, summary
from retrodetect.training.examples import example_of

FEET = {"foot", "ankle"}
BODY = {"waist", "pocket", "chest"}


@dataclass(frozen=True)
class Question:
    """Recordings, what their wearers tell, and the model that has not seen them."""

    recordings: list[Labelled]
    anchors: Callable[[Labelled], Anchors]
    model: DirectionModel


def questions(evidence: Evidence) -> dict[str, list[Question]]:
    """What is asked of every variant."""
    feet = evidence.recordings(FOOT)
    people = sorted({one.subject for one in feet})
    waist = [one for one in evidence.recordings("sisfall-waist") if one.subject <= "SA03"]
    back = [
        one for one in evidence.recordings("ipol-healthy-gait") if one.placement == "lower-back"
    ]
    return {
        "real foot": [
            Question(
                [one for one in feet if one.subject == person],
                told_site,
                evidence.model(FOOT, person),
            )
            for person in people
        ],
        "virtual foot and ankle, sessions": [
            Question(evidence.sessions(source, FEET), told_site, evidence.model(source))
            for source in VIRTUAL
        ],
        "virtual waist, pocket, chest, sessions, 5 s marked": [
            Question(evidence.sessions(source, BODY), marked_stretch, evidence.model(source))
            for source in VIRTUAL
        ],
        "virtual waist, pocket, chest, walking, front known": [
            Question(
                [
                    one
                    for one in evidence.recordings(source)
                    if one.placement in BODY and is_walked(one)
                ],
                told_front,
                evidence.model(source),
            )
            for source in VIRTUAL
        ],
        "real waist and lower back, front known": [
            Question(waist, told_front, evidence.model("sisfall-waist")),
            Question(back, told_front, evidence.model("ipol-healthy-gait")),
        ],
    }


def without_travel(model: DirectionModel) -> DirectionModel:
    """Free scores only."""
    return _each(model, lambda site: replace(site, travel=_muted(site.travel)))


def without_scores(model: DirectionModel) -> DirectionModel:
    """Travel direction only; it is anchored where a front is known or marked."""
    return _each(model, lambda site: replace(site, score=replace(site.score, temper=0.0)))


def _each(model: DirectionModel, change: Callable[[SiteGroup], SiteGroup]) -> DirectionModel:
    return replace(model, groups={name: change(site) for name, site in model.groups.items()})


def _muted(readout: Readout) -> Readout:
    return Readout(0.0 * readout.walk, 0.0 * readout.run, readout.doubt)


def stride_by_stride(question: Question) -> pd.DataFrame:
    """Judge every stride as if it were all there is of its session."""
    rows = []
    for one in question.recordings:
        example = example_of(one)
        strides, cues = example.strides(), example.measured.cues
        alone = [
            decide(
                Cues(cues.features.where([i]), cues.yaw_rad[[i]]),
                strides.iloc[[i]].reset_index(drop=True),
                question.model,
                question.anchors(one),
            ).table
            for i in range(len(strides))
        ]
        if alone:
            rows.append(strides.join(pd.concat(alone, ignore_index=True)))
    return pd.concat(rows, ignore_index=True)


def without_gyroscope(one: Labelled) -> Labelled:
    return replace(one, recording=one.recording.with_(angular_rate_radps=None))


def turned(one: Labelled) -> Labelled:
    """Worn upside down, front to the other side: half a turn about an axis between y and z."""
    turn = np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    rate = one.recording.angular_rate_radps
    recording = one.recording.with_(
        acceleration_mps2=one.recording.acceleration_mps2 @ turn,
        angular_rate_radps=None if rate is None else rate @ turn,
    )
    return replace(one, recording=recording, front=None if one.front is None else one.front @ turn)


def flipped(one: Labelled) -> Labelled:
    """An iOS recording taken for an Android one."""
    force = -one.recording.acceleration_mps2
    return replace(one, recording=one.recording.with_(acceleration_mps2=force))


def at_rate(rate_hz: float) -> Callable[[Labelled], Labelled]:
    """Read at another rate, behind an anti-alias filter where it is lower."""

    def change(one: Labelled) -> Labelled:
        recording = one.recording
        time_s, force = recording.time_s, recording.acceleration_mps2
        if rate_hz < recording.rate_hz and len(force) > PADDING:
            sos = sps.butter(4, 0.4 * rate_hz, fs=recording.rate_hz, output="sos")
            force = sps.sosfiltfilt(sos, force, axis=0, padlen=PADDING)
        at_s = np.arange(time_s[0], time_s[-1], 1 / rate_hz)
        before = np.searchsorted(time_s, at_s, side="right") - 1
        # A pause between two clips stays one.
        at_s = at_s[np.diff(time_s, append=time_s[-1])[before] < MAX_GAP_S]
        axes = [np.interp(at_s, time_s, axis) for axis in force.T]
        return replace(
            one,
            recording=recording.with_(
                time_s=at_s,
                acceleration_mps2=np.stack(axes, axis=1),
                angular_rate_radps=None,
                rate_hz=rate_hz,
            ),
        )

    return change


PADDING = 100

MODELS: dict[str, Callable[[DirectionModel], DirectionModel]] = {
    "as it is": lambda model: model,
    "free scores only": without_travel,
    "travel direction only": without_scores,
}
DEVICES: dict[str, Callable[[Labelled], Labelled]] = {
    "without gyroscope": without_gyroscope,
    "at 20 Hz": at_rate(20.0),
    "at 25 Hz": at_rate(25.0),
    "at 100 Hz": at_rate(100.0),
    "device turned upside down": turned,
    "sign of iOS": flipped,
}


def answers(question: Question) -> dict[str, pd.DataFrame]:
    """Rows of every variant of one question."""
    found = {
        name: label_with_truth(change(question.model), question.recordings, question.anchors)
        for name, change in MODELS.items()
    }
    found["no session decoder"] = stride_by_stride(question)
    for name, change in DEVICES.items():
        recordings = [change(one) for one in question.recordings]
        found[name] = label_with_truth(question.model, recordings, question.anchors)
    return found


def measure(evidence: Evidence) -> pd.DataFrame:
    """Return one row for each question and variant."""
    rows = {}
    for asked, parts in questions(evidence).items():
        found = [answers(part) for part in parts]
        for variant in found[0]:
            rows[asked, variant] = summary(pd.concat([part[variant] for part in found]))
        whole = pd.concat([part["as it is"] for part in found])
        if (whole["truth"] == "backward").any():
            rows[asked, "strides as long as backward ones"] = summary(_as_long(whole))
    return pd.concat(rows, names=["evidence", "variant"]).droplevel(-1)


def _as_long(rows: pd.DataFrame) -> pd.DataFrame:
    """Strides whose duration is that of most backward ones: cadence tells nothing of them."""
    length_s = rows["end_s"] - rows["start_s"]
    backward = length_s[rows["truth"] == "backward"]
    return rows[length_s.between(*backward.quantile([0.1, 0.9]))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--docs", type=Path, help="write ablations.json and ablations.md there")
    arguments = parser.parse_args()
    table = measure(Evidence(arguments.datasets))
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
        "The same recordings and models as in [How right the directions are](benchmark.md), with",
        "evidence taken away, or recorded as other devices and apps would. A known front is an",
        "axis of the device, so a wrong sign turns it round: that row shows what `--sign` is for.",
    ]
    for asked, part in table.groupby(level="evidence", sort=False):
        lines += [
            "",
            f"## {str(asked).capitalize()}",
            "",
            f"| variant | {' | '.join(column.replace('_', ' ') for column in columns)} |",
            f"| --- |{' ---: |' * len(columns)}",
        ]
        for (_, variant), row in part.iterrows():
            cells = ["" if pd.isna(row[column]) else f"{row[column]:.4g}" for column in columns]
            lines.append(f"| {variant} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
