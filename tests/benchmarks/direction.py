"""How right directions are on people and sources that took no part in training.

    python tests/benchmarks/direction.py ../shared/datasets --docs docs

prints one row per kind of evidence. Every model it uses was fitted without the wearer (where
a source holds several people in both directions) or without the whole source (everywhere
else). Virtual evidence, from motion capture, is called so. Captured running above the ankle is
left out of the sessions: 30 Hz blur the flight phase, and the sets contradict the real jogs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from retrodetect import gait
from retrodetect.direction import Anchors, DirectionModel
from retrodetect.recording import Recording
from retrodetect.signal import ANALYSIS_RATE_HZ, prepare
from retrodetect.training.datasets import SETS, Labelled, load, present
from retrodetect.training.evaluate import join, label_with_truth, marked_stretch, summary
from retrodetect.training.fit import StrideTable, fit, merged, table_of
from retrodetect.training.truth import truth_of_strides

FOOT = "uci-sangenis-foot"
VIRTUAL = tuple(name for name, known in SETS.items() if known.virtual)
FORWARD_ONLY = (
    "sisfall-waist", "oxford-step-counter", "mobifall-pocket", "pdiot-body", "ipol-healthy-gait",
)  # fmt: skip
SESSIONS_A_SITE = 3


@dataclass
class Evidence:
    """All recordings, and models fitted without some of them."""

    folder: Path

    def __post_init__(self) -> None:
        self.recordings = cache(lambda name: list(load(self.folder, name)))
        self.table = cache(lambda name: table_of(self.recordings(name)))
        self.model = cache(self._model)

    def _model(self, source: str, subject: str | None = None) -> DirectionModel:
        parts: list[StrideTable] = []
        for name in present(self.folder):
            table = self.table(name)
            if name != source:
                parts.append(table)
            elif subject is not None:
                parts.append(table.where((table.strides["subject"] != subject).to_numpy()))
        return fit(merged(parts))

    def labelled(
        self,
        source: str,
        keep: Callable[[Labelled], bool],
        anchors: Callable[[Labelled], Anchors],
        subject: str | None = None,
    ) -> pd.DataFrame:
        chosen = [one for one in self.recordings(source) if keep(one)]
        return label_with_truth(self.model(source, subject), chosen, anchors)

    def sessions(self, source: str, placements: set[str]) -> list[Labelled]:
        """Walking clips of one virtual wearer, site and side in turn, forward and backward."""
        found = []
        rng = np.random.default_rng(0)
        walks = [one for one in self.recordings(source) if is_walked(one)]
        for site in sorted({_site(one) for one in walks if one.placement in placements}):
            here = [one for one in walks if _site(one) == site]
            for number in range(SESSIONS_A_SITE):
                turn = rng.permutation(len(here))
                both = [here[i] for i in turn if _has(here[i], "backward")][:8]
                ahead = [here[i] for i in turn if not _has(here[i], "backward")][: len(both)]
                mixed = [part for pair in zip(ahead, both, strict=False) for part in pair]
                session = join(mixed)
                renamed = session.recording.with_(name=f"{source} {site} {number}")
                found.append(replace_recording(session, renamed))
        return found


def replace_recording(labelled: Labelled, recording: Recording) -> Labelled:
    fields = {name: getattr(labelled, name) for name in Labelled.__dataclass_fields__}
    return Labelled(**{**fields, "recording": recording})


def _site(one: Labelled) -> str:
    return one.recording.name.split("#")[-1]


def _has(one: Labelled, direction: str) -> bool:
    return bool((one.intervals["direction"] == direction).any())


def is_walked(one: Labelled) -> bool:
    going = one.intervals["direction"].isin(["forward", "backward"])
    return bool(going.any() and (one.intervals.loc[going, "gait"] == "walk").all())


def told_site(one: Labelled) -> Anchors:
    return Anchors(one.placement)


def told_nothing(_: Labelled) -> Anchors:
    return Anchors()


def told_front(one: Labelled) -> Anchors:
    assert one.front is not None
    axis = int(np.abs(one.front).argmax())
    return Anchors(one.placement, front=f"{'+' if one.front[axis] > 0 else '-'}{'xyz'[axis]}")


def measure(evidence: Evidence) -> pd.DataFrame:
    """All rows of the table."""
    rows: dict[str, pd.DataFrame] = {}
    feet = {"foot", "ankle"}
    people = sorted({one.subject for one in evidence.recordings(FOOT)})
    real_foot = pd.concat(
        [
            evidence.labelled(FOOT, lambda one, p=person: one.subject == p, told_site, person)
            for person in people
        ]
    )
    rows["real foot, each person held out"] = real_foot
    for source in (FOOT, *VIRTUAL):
        rows[f"foot and ankle, {source} held out"] = evidence.labelled(
            source, lambda one: one.placement in feet, told_site
        )
    for source in VIRTUAL:
        rows[f"foot and ankle, {source} held out, walking sessions"] = label_with_truth(
            evidence.model(source), evidence.sessions(source, feet), told_site
        )
    rows["virtual ankle, other captures"] = pd.concat(
        [evidence.labelled(s, lambda one: one.placement == "ankle", told_site) for s in VIRTUAL]
    )
    for site in ("waist", "pocket", "chest"):
        rows[f"virtual {site}, walking, front known"] = pd.concat(
            [
                evidence.labelled(
                    s, lambda one, p=site: one.placement == p and is_walked(one), told_front
                )
                for s in VIRTUAL
            ]
        )
    rows["real waist belt, front known"] = evidence.labelled(
        "sisfall-waist", lambda one: True, told_front
    )
    rows["real lower back, front known"] = evidence.labelled(
        "ipol-healthy-gait", lambda one: one.placement == "lower-back", told_front
    )
    for sites, called in (
        ({"waist", "pocket", "chest"}, "waist, pocket, chest"),
        ({"wrist", "hand"}, "wrist, hand"),
    ):
        for anchors, told in (
            (marked_stretch, "5 s marked"),
            (told_site, "site known"),
            (told_nothing, "nothing known"),
        ):  # fmt: skip
            rows[f"virtual sessions, {called}, {told}"] = pd.concat(
                [
                    label_with_truth(evidence.model(s), evidence.sessions(s, sites), anchors)
                    for s in VIRTUAL
                ]
            )
    forward = {}
    for source in FORWARD_ONLY:
        for anchors, told in ((told_site, "site known"), (told_nothing, "nothing known")):
            forward[source, told] = evidence.labelled(source, lambda one: True, anchors)
            rows[f"forward only, {source}, {told}"] = forward[source, told]
    for told in ("site known", "nothing known"):
        rows[f"forward only, all, {told}"] = pd.concat(
            [found for (_, how), found in forward.items() if how == told]
        )
    table = pd.concat({name: summary(found) for name, found in rows.items()}).droplevel(1)
    table["calibration_error"] = [expected_calibration_error(found) for found in rows.values()]
    sideways = real_foot[real_foot["truth"] == "sideways"]
    table.loc["real foot, sideways called forward or backward", ["strides", "wrong"]] = (
        len(sideways),
        (sideways["direction"] != "unknown").mean(),
    )
    return pd.concat([table, baselines(evidence)])


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
    for one in evidence.recordings(FOOT):
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
        strides.append(found.join(truth).assign(subject=one.subject))
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
        found[f"real foot, each person held out: {name}"] = summary(
            table.assign(direction=called)
        ).iloc[0]
    return pd.DataFrame(found).T


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--docs", type=Path, help="write direction.json and benchmark.md there")
    arguments = parser.parse_args()
    table = measure(Evidence(arguments.datasets))
    print(table.round(4).to_string())
    if arguments.docs:
        text = json.dumps(json.loads(table.round(4).to_json(orient="index")), indent=1)
        (arguments.docs / "direction.json").write_text(text + "\n")
        (arguments.docs / "benchmark.md").write_text(page(table))


def page(table: pd.DataFrame) -> str:
    """Return the table as a page of the docs."""
    columns = ["strides", "right_of_labelled", "wrong", "unknown", "recall_backward", "f1_backward"]
    columns += ["false_backward_per_1000", "calibration_error"]
    lines = [
        "# How right the directions are",
        "",
        "Made by `python tests/benchmarks/direction.py DATASETS --docs docs`; do not edit.",
        "Every model here was fitted without the wearer or without the whole source. `wrong` and",
        "`unknown` are shares of all strides, `right_of_labelled` of those that got a label.",
        "",
        f"| evidence | {' | '.join(column.replace('_', ' ') for column in columns)} |",
        f"| --- |{' ---: |' * len(columns)}",
    ]
    for name, row in table.iterrows():
        cells = ["" if pd.isna(row[column]) else f"{row[column]:.4g}" for column in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
