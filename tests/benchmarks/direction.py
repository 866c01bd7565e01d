"""How right directions are on people and sources that took no part in training.

    python tests/benchmarks/direction.py ../shared/datasets --docs docs [--cache DIR]

prints one row per kind of evidence; rows of which only the body site was given come first, for
that is what a stranger gets. Every model it uses was fitted without the wearer (where a source
holds several people in both directions) or without the whole source (everywhere else). Virtual
evidence, from motion capture, is called so. Above the knee captured running is left out: 30 Hz
blur the flight phase, and the sets contradict the real jogs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from retrodetect import gait
from retrodetect.direction import Anchors
from retrodetect.lab.captured import bvh_clips
from retrodetect.lab.datasets import SETS, load, present
from retrodetect.lab.measured import joined, measured_sets, mixed_sessions, without_gyroscope
from retrodetect.lab.shipped import GIVEN
from retrodetect.signal import ANALYSIS_RATE_HZ, prepare
from retrodetect.training.examples import Example, truth_of_strides
from retrodetect.training.fit import Fits, table_of
from retrodetect.training.scores import label_with_truth, marked_stretch, summary

FOOT = "uci-sangenis-foot"
LAFAN1 = "mocap-lafan1"
CLIPS = tuple(name for name, loader in SETS.items() if loader is bvh_clips)
FORWARD_ONLY = (
    "sisfall-waist", "ipol-healthy-gait", "mobifall-pocket", "oxford-step-counter", "pdiot-body",
    "spsw-pocket-wrist", "phone-handling",
)  # fmt: skip
SITES = {
    "belly, back, hips, breastbone": (
        "belly", "lower-back", "left-hip", "right-hip", "breastbone",
    ),
    "front pocket and thigh": ("front-pocket", "thigh"),
    "back pocket": ("back-pocket",),
    "ankle": ("ankle",),
    "shin": ("shin",),
    "foot": ("foot",),
    "wrist and hand": ("wrist", "hand"),
}  # fmt: skip


MIN_PACE_STRIDES, PACE_STRIDES = 8, 20


@dataclass
class Evidence:
    """All recordings, and models fitted without some of them."""

    folder: Path
    recordings: dict[str, list[Example]]

    def __post_init__(self) -> None:
        fits = Fits(table_of(chain.from_iterable(self.recordings.values())))
        self.model = cache(fits.without)


def sessions_of_a_wearer(recordings: list[Example]) -> list[Example]:
    """Put the recordings of each wearer and body site behind each other: bouts with pauses."""
    by_wearer: dict[tuple[str, str], list[Example]] = {}
    for one in recordings:
        if len(one.measured.strides):
            by_wearer.setdefault((one.subject, one.placement), []).append(one)
    return [joined(parts, parts[0].name) for parts in by_wearer.values() if len(parts) > 1]


site_given, nothing_given = GIVEN["site"], GIVEN["nothing"]


def lower_leg_given(_: Example) -> Anchors:
    """Return the anchors of a wearer who does not say how high on the lower leg the device is."""
    return Anchors("lower-leg")


def measure(evidence: Evidence) -> pd.DataFrame:
    """All rows of the table."""
    rows: dict[str, pd.DataFrame] = {}

    def add(
        name: str,
        source: str,
        examples: list[Example],
        anchors: Callable[[Example], Anchors] = site_given,
        subject: str | None = None,
    ) -> None:
        if examples:
            labelled = label_with_truth(evidence.model(source, subject), examples, anchors)
            rows[name] = labelled if name not in rows else pd.concat([rows[name], labelled])

    sessions = {
        (source, called): mixed_sessions(evidence.recordings[source], sites)
        for source in CLIPS
        for called, sites in SITES.items()
    }
    for (source, called), mixed in sessions.items():
        add(f"virtual sessions, {called}, {source}", source, mixed)
    for (source, called), mixed in sessions.items():
        plain = [without_gyroscope(session) for session in mixed]
        add(f"virtual sessions, {called}, accelerometer only, {source}", source, plain)
    for called in ("foot", "ankle"):
        for source in CLIPS:
            clips = [clip for clip in evidence.recordings[source] if clip.placement == called]
            add(f"virtual clips, {called}, {source}", source, clips)
    for called in ("foot", "ankle", "shin", "front pocket and thigh"):
        walks = [clip for clip in evidence.recordings[LAFAN1] if clip.placement in SITES[called]]
        add(f"virtual takes, {called}, {LAFAN1}", LAFAN1, walks)
    for person in sorted({example.subject for example in evidence.recordings[FOOT]}):
        mine = [example for example in evidence.recordings[FOOT] if example.subject == person]
        add("real foot, each person held out", FOOT, mine, subject=person)
    add("real foot, the whole source held out", FOOT, evidence.recordings[FOOT])
    for source in FORWARD_ONLY:
        for placement in sorted({example.placement for example in evidence.recordings[source]}):
            here = [one for one in evidence.recordings[source] if one.placement == placement]
            add(f"forward only, {placement}, {source}", source, here)
            plain = [without_gyroscope(example) for example in here]
            add(f"forward only, {placement}, accelerometer only, {source}", source, plain)
    for (source, called), mixed in sessions.items():
        if called in ("ankle", "shin"):
            add(f"virtual sessions, {called}, called lower-leg, {source}", source, mixed,
                lower_leg_given)  # fmt: skip
    for (source, called), mixed in sessions.items():
        add(f"virtual sessions, {called}, nothing given, {source}", source, mixed, nothing_given)
    for source in FORWARD_ONLY:
        add(f"forward only, nothing given, {source}", source, evidence.recordings[source],
            nothing_given)  # fmt: skip
    for source in FORWARD_ONLY:
        several = sessions_of_a_wearer(evidence.recordings[source])
        add(f"forward only, several recordings a session, {source}", source, several)
        add(f"forward only, several recordings a session, nothing given, {source}", source,
            several, nothing_given)  # fmt: skip
    for (source, called), mixed in sessions.items():
        plain = [without_gyroscope(session) for session in mixed]
        add(f"virtual sessions, {called}, accelerometer only, 5 s marked", source, plain,
            marked_stretch)  # fmt: skip
    table = _scores(rows)
    table["calibration_error"] = [expected_calibration_error(found) for found in rows.values()]
    table["by_signal"] = [_told_by_signal(found) for found in rows.values()]
    table["walks_called_run"] = [_mistaken(found, "walk", "run") for found in rows.values()]
    table["runs_called_walk"] = [_mistaken(found, "run", "walk") for found in rows.values()]
    real_foot = rows["real foot, each person held out"]
    sideways = real_foot[real_foot["truth"] == "sideways"]
    table.loc["real foot, sideways called forward or backward", ["strides", "wrong"]] = (
        len(sideways),
        (sideways["direction"] != "unknown").mean(),
    )
    return pd.concat([table, baselines(evidence)])


def pace_changes(evidence: Evidence) -> pd.DataFrame:
    """Changes between walking and running, put behind each other without a pause.

    Of each wearer and site: 20 strides of walking, 20 of running, 20 of walking. A change is found
    where the pace that is labelled changes at most two strides away, and nowhere else.
    """
    rows = {}
    for source in FORWARD_ONLY:
        strides = [(one, one.strides()) for one in evidence.recordings[source]]
        pace_of: dict[tuple[str, str], dict[str, Example]] = {}
        for one, table in strides:
            paces = set(table.loc[table["truth"] != "", "true_gait"])
            if len(paces) == 1 and len(table) >= MIN_PACE_STRIDES:
                pace_of.setdefault((one.subject, one.placement), {}).setdefault(paces.pop(), one)
        sessions = [
            _without_pauses([both["walk"], both["run"], both["walk"]])
            for both in pace_of.values()
            if {"walk", "run"} <= set(both)
        ]
        found = changes = extra = 0
        for session in sessions:
            labelled = label_with_truth(evidence.model(source), [session], site_given)
            truly, labels = (
                np.flatnonzero(np.diff((labelled[name] == "run").to_numpy().astype(int)))
                for name in ("true_gait", "gait")
            )
            near = np.abs(labels[:, None] - truly) <= 2
            changes, found = changes + len(truly), found + int(near.any(axis=0).sum())
            extra += int((~near.any(axis=1)).sum())
        if sessions:
            rows[source] = {"changes": changes, "found": found, "elsewhere": extra}
    return pd.DataFrame.from_dict(rows, orient="index")


def _without_pauses(parts: list[Example]) -> Example:
    """The first strides of each part as one bout."""
    short = [part.where(np.arange(len(part.measured.strides)) < PACE_STRIDES) for part in parts]
    session = joined(short, parts[0].name)
    strides = session.measured.strides.assign(bout=0)
    return replace(session, measured=replace(session.measured, strides=strides))


def _told_by_signal(rows: pd.DataFrame) -> float:
    """Share of recordings whose directions the signal told apart by itself."""
    return float((rows.groupby("recording")["told_apart_by"].first() == "signal").mean())


def _mistaken(rows: pd.DataFrame, pace: str, other: str) -> float:
    """Share of the strides of one pace that were labelled with the other."""
    rows = rows[(rows["true_gait"] == pace) & rows["truth"].isin(["forward", "backward"])]
    return float((rows["gait"] == other).mean())


def expected_calibration_error(rows: pd.DataFrame, bins: int = 10) -> float:
    """Mean distance of p_backward from the share that truly went backward, by bins."""
    known = rows[rows["truth"].isin(["forward", "backward"])]
    truth = (known["truth"] == "backward").to_numpy(dtype=float)
    p = known["p_backward"].to_numpy()
    bin_of = np.minimum((p * bins).astype(int), bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    off = np.bincount(bin_of, truth - p, minlength=bins)
    return float(np.abs(off).sum() / max(count.sum(), 1))


def baselines(evidence: Evidence) -> pd.DataFrame:
    """Majority, cadence alone, and amplitude spectrum with a random forest, on the real foot."""
    spectra, strides = [], []
    for one in load(evidence.folder, FOOT):
        signals = prepare(one.recording)
        found = gait.detect(signals).strides
        for run, rows in found.groupby("run"):
            signal = signals[int(str(run))]
            force = np.linalg.norm(signal.acceleration_mps2, axis=1)
            begin = ((rows["start_s"] - signal.start_s) * ANALYSIS_RATE_HZ).astype(int)
            for at in begin:
                window = force[max(at - 14, 0) : at + 50]
                spectra.append(np.abs(np.fft.rfft(window - window.mean(), 64))[1:])
        truth = truth_of_strides(found, one.intervals)
        strides.append(found.assign(**truth, subject=one.subject))
    table = pd.concat(strides, ignore_index=True)
    known = table["truth"].isin(["forward", "backward"]).to_numpy()
    spectrum = np.array(spectra)[known]
    table = table[known].reset_index(drop=True)
    cadence = np.log((table["end_s"] - table["start_s"]).to_numpy())[:, None]
    estimators = {
        "baseline, majority": None,
        "baseline, cadence only": (make_pipeline(StandardScaler(), LogisticRegression()), cadence),
        "baseline, |FFT| + random forest": (RandomForestClassifier(300, random_state=0), spectrum),
    }
    found = {}
    for name, pair in estimators.items():
        called = pd.Series("forward", index=table.index)
        for person in table["subject"].unique():
            test = (table["subject"] == person).to_numpy()
            if pair is not None:
                estimator, features = pair
                estimator.fit(features[~test], table["truth"][~test])
                called[test] = estimator.predict(features[test])
        found[f"real foot, each person held out: {name}"] = table.assign(direction=called)
    return _scores(found)


def _scores(rows: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Scores by question, in their order."""
    table = summary(pd.concat(rows, names=["question"]).reset_index("question"), ["question"])
    return table.set_index("question").reindex(list(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--docs", type=Path, help="write direction.json and benchmark.md there")
    parser.add_argument("--cache", type=Path, help="keep strides and features there")
    arguments = parser.parse_args()
    recordings = measured_sets(
        arguments.datasets, present(arguments.datasets), cache_folder=arguments.cache
    )
    evidence = Evidence(arguments.datasets, recordings)
    table, changes = measure(evidence), pace_changes(evidence)
    print(table.round(4).to_string(), changes.to_string(), sep="\n\n")
    if arguments.docs:
        text = json.dumps(json.loads(table.round(4).to_json(orient="index")), indent=1)
        (arguments.docs / "direction.json").write_text(text + "\n")
        (arguments.docs / "benchmark.md").write_text(page(table, changes))


def page(table: pd.DataFrame, changes: pd.DataFrame) -> str:
    """Return the tables as a page of the docs."""
    columns = ["strides", "right_of_labelled", "wrong", "unknown", "recall_backward", "f1_backward"]
    columns += ["false_backward_per_1000", "by_signal", "walks_called_run", "runs_called_walk"]
    columns += ["calibration_error"]
    lines = [
        "# How right the directions are",
        "",
        "Made by `python tests/benchmarks/direction.py DATASETS --docs docs`; do not edit.",
        "",
        "The README has a summary; this page has every row.",
        "",
        "How to read it:",
        "",
        "- **Held out.** Every model here was fitted without the wearer or without the whole",
        "  source.",
        "- **Given.** Only the body site, unless a row says otherwise. There was a gyroscope",
        "  unless a row says *accelerometer only*.",
        "- **Recordings.** *Sessions* are walking clips, forward and backward in turn; every",
        "  third begins backward. *Clips* are a few strides long. *Several recordings a",
        "  session* are those of one wearer at one site, one after the other: bouts with",
        "  pauses, also on stairs where a set has them.",
        "- **Scores.** *wrong* and *unknown* are shares of all strides, *right of labelled* of",
        "  those that got a label. *recall* is the share of backward strides called backward,",
        "  *F1* its harmonic mean with the share of backward labels that are right.",
        "- **By signal.** Share of recordings in which the signal alone showed which way is",
        "  forward. In the others the wearer did, or the habit of going forward.",
        "- **Calibration error.** Mean distance between a stated probability and the share that",
        "  came true.",
        "",
        f"| evidence | {' | '.join(column.replace('_', ' ') for column in columns)} |",
        f"| --- |{' ---: |' * len(columns)}",
    ]
    for name, row in table.iterrows():
        cells = ["" if pd.isna(row[column]) else f"{row[column]:.4g}" for column in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += [
        "",
        "## Changes of pace",
        "",
        "Twenty strides of walking, twenty of running and twenty of walking of each real wearer",
        "and site, without a pause. *found* counts changes found within two strides,",
        "*elsewhere* those found where there is none.",
        "",
        "| source | changes | found | elsewhere |",
        "| --- | ---: | ---: | ---: |",
    ]
    for source, row in changes.iterrows():
        lines.append(f"| {source} | {row['changes']} | {row['found']} | {row['elsewhere']} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
