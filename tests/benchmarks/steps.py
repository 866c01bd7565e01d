"""How right steps, contacts, gait and its absence are, against counts, switches and marks.

    python -m tests.benchmarks.steps ../shared/datasets --json docs/steps.json

prints one table per question. Each has a row for the people on whom the gait stage was tuned and
one for those it was only confirmed on (see ``TUNED``).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from retrodetect import gait
from retrodetect.lab import Labelled
from retrodetect.lab.datasets import load, present
from retrodetect.lab.simulate import PERFECT, parse_plan, walk, wear
from retrodetect.recording import DIRECTION_RATE_HZ, FloatArray, Recording
from retrodetect.signal import prepare
from retrodetect.tables import MAX_PAUSE_S
from retrodetect.training.examples import truth_of_strides
from tests.gait.movements import NOT_GAIT

FOOT = "uci-sangenis-foot"
BACK = "ipol-healthy-gait"
SWITCHES = "oxford-step-counter"
SHORT = "spsw-pocket-wrist"
COUNTED = "pdiot-body"

TUNED: dict[str, Callable[[str], bool]] = {
    FOOT: lambda subject: subject == "2023_08_23",
    BACK: lambda subject: int(subject) < 10,
    SWITCHES: lambda subject: subject != "Dario",
    COUNTED: lambda subject: subject[0] in "AC",
    "sisfall-waist": lambda subject: int(subject[2:]) <= 6,
    "mobifall-pocket": lambda subject: int(subject[3:]) <= 3,
    "mocap-bandai-namco-1": lambda subject: True,
    "mocap-accad-male1": lambda subject: False,
    "mocap-accad-female1": lambda subject: False,
    "mocap-lafan1": lambda subject: False,
    "spsw-pocket-wrist": lambda subject: int(subject[1:]) % 2 == 1,
    "phone-handling": lambda subject: False,
}
"""Whose recordings were looked at while choosing the constants of the gait stage."""

TOLERANCE_S = 0.15
"""Largest distance of a found from a marked contact, a quarter of a slow step; and how far the
middle of a stride may stray from the marked walk it belongs to."""

BOUNCE_S = 0.35
"""Switches that close again sooner than this after another contact bounced: nobody walks so
fast."""

MIN_WALK_S = 0.5
"""Least length of a short walk, a step: 18 labels between turning and sitting down are of one to 30
samples (`spsw-pocket-wrist`)."""

NEGATIVES_S = 120.0
SEEDS = range(40, 80)
"""Those before were looked at while choosing constants."""


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled recording and what the gait stage made of it."""

    labelled: Labelled
    found: gait.Gait

    @property
    def part(self) -> str:
        """Whether its wearer was used for tuning."""
        return "tuned" if TUNED[self.labelled.source](self.labelled.subject) else "confirmed"

    @property
    def key(self) -> tuple[str, str, str]:
        return self.labelled.source, self.labelled.placement, self.part


def cases(folder: Path) -> Iterator[Case]:
    """Run the gait stage over every recording of every data set."""
    for name in present(folder):
        for labelled in load(folder, name):
            yield Case(labelled, gait.detect(prepare(labelled.recording)))


def step_counts(found: list[Case]) -> pd.DataFrame:
    """Counted steps against foot switches and against the wearer's own count."""
    rows = []
    for case in found:
        one, steps = case.labelled, len(case.found.contacts_s)
        if one.steps is None:
            continue
        clean = one.steps
        if one.contacts_s is not None:
            clean = len(_without_bounces(one.contacts_s))
        stairs = (one.intervals["gait"] == "stairs").all()
        rows.append(
            {
                "source": one.source,
                "placement": one.placement,
                "activity": "stairs" if stairs else "level",
                "part": case.part,
                "slow": one.recording.rate_hz < DIRECTION_RATE_HZ,
                "error": steps / one.steps - 1,
                "error_debounced": steps / clean - 1,
            }
        )
    table = pd.DataFrame(rows)

    def errors(part: pd.DataFrame) -> pd.Series:
        return pd.Series(
            {
                "recordings": len(part),
                "bias": part["error"].mean(),
                "mape": part["error"].abs().mean(),
                "median": part["error"].abs().median(),
                "mape_debounced": part["error_debounced"].abs().mean(),
            }
        )

    by_site = _grouped(table, ["source", "activity", "placement", "part"], errors)
    overall = _grouped(table.assign(placement="all"), list(by_site.index.names), errors)
    whole = _grouped(table.assign(placement="all", part="all"), list(by_site.index.names), errors)
    slow = table[table["slow"]].assign(activity="all, under 15 Hz", placement="all", part="all")
    return pd.concat([by_site, overall, whole, _grouped(slow, list(by_site.index.names), errors)])


def contact_times(found: list[Case]) -> pd.DataFrame:
    """Initial contacts against those marked by hand (lower back and foot).

    Single steps are marked up to 12 s after the end that is marked for the walk; they are not asked
    for, and found ones not held against the stage.
    """
    rows = []
    for case in found:
        one = case.labelled
        if one.source != BACK or one.contacts_s is None:
            continue
        times_s = case.found.contacts_s
        if one.placement == "foot":
            # Marked are those of the instrumented foot: a stride ends with one.
            times_s = case.found.strides["end_s"].to_numpy()
        walk = one.intervals.query("direction != 'still'")
        walked = one.contacts_s <= walk["end_s"].max() + 1 / one.recording.rate_hz
        marked_s, later_s = one.contacts_s[walked], one.contacts_s[~walked]
        times_s = times_s[(np.abs(times_s[:, None] - later_s) > TOLERANCE_S).all(axis=1)]
        error_s = _matched(times_s, marked_s)
        rows.append(
            pd.DataFrame({"error_s": error_s}).assign(
                placement=one.placement,
                part=case.part,
                found=len(times_s) / max(len(error_s), 1),
                marked=len(marked_s) / max(len(error_s), 1),
            )
        )

    def score(part: pd.DataFrame) -> pd.Series:
        hits = len(part)
        return pd.Series(
            {
                "marked": part["marked"].sum().round(),
                "found": part["found"].sum().round(),
                "f1": 2 * hits / (part["marked"].sum() + part["found"].sum()),
                "median_ms": 1000 * part["error_s"].median(),
                "median_abs_ms": 1000 * part["error_s"].abs().median(),
                "p95_abs_ms": 1000 * part["error_s"].abs().quantile(0.95),
            }
        )

    table = pd.concat(rows)
    by_part = _grouped(table, ["placement", "part"], score)
    return pd.concat([by_part, _grouped(table.assign(part="all"), ["placement", "part"], score)])


def recall(found: list[Case], folder: Path) -> pd.DataFrame:
    """Which true foot strides were found, by direction (matched by largest overlap)."""
    truth = pd.read_csv(folder / FOOT / "derived_strides.csv")
    truth = truth[truth["label"] != "still"]
    rows = []
    for case in found:
        if case.labelled.source != FOOT:
            continue
        name = case.labelled.recording.name.removeprefix(f"{FOOT}/")
        true, strides = truth[truth["file"] == name], case.found.strides
        shared = np.minimum(
            true["t_end_s"].to_numpy()[:, None], strides["end_s"].to_numpy()
        ) - np.maximum(true["t_start_s"].to_numpy()[:, None], strides["start_s"].to_numpy())
        best = shared.argmax(axis=1)
        own = (strides["end_s"] - strides["start_s"]).to_numpy()[best]
        covered = shared.max(axis=1) / true["stride_s"].to_numpy()
        rows.append(
            pd.DataFrame(
                {
                    "label": true["label"].to_numpy(),
                    "gait": true["gait"].to_numpy(),
                    "confident": true["confident"].to_numpy(),
                    "part": case.part,
                    "hit": covered > 0.5,
                    "same_length": np.abs(own / true["stride_s"].to_numpy() - 1) < 0.15,
                    "run": strides["gait"].to_numpy()[best] == "run",
                }
            )
        )
    table = pd.concat(rows)

    def score(part: pd.DataFrame) -> pd.Series:
        sure, hit = part[part["confident"]], part[part["hit"]]
        return pd.Series(
            {
                "strides": len(part),
                "recall": part["hit"].mean(),
                "recall_confident": sure["hit"].mean(),
                "same_length": hit["same_length"].mean(),
                "called_run": hit["run"].mean(),
            }
        )

    return _grouped(table, ["label", "gait", "part"], score)


def ends_of_bouts(found: list[Case]) -> pd.DataFrame:
    """Which first and last strides of true bouts were found, by marked contacts.

    A foot feels its own contacts, the body both.
    """
    rows = []
    for case in found:
        one = case.labelled
        if one.source not in (BACK, SWITCHES) or one.contacts_s is None:
            continue
        true_s = _without_bounces(one.contacts_s)
        per_stride = 1 if one.placement == "foot" else 2
        for bout_s in np.split(true_s, np.flatnonzero(np.diff(true_s) > MAX_PAUSE_S) + 1):
            if len(bout_s) <= 4 * per_stride:
                continue
            for end, ends_s in (
                ("first", bout_s[[0, per_stride]]),
                ("last", bout_s[[-1 - per_stride, -1]]),
            ):
                rows.append(
                    {
                        "source": one.source,
                        "placement": one.placement,
                        "end": end,
                        "found": _covered(case.found.strides, *ends_s) > 0.5,
                    }
                )
    return (
        pd.DataFrame(rows)
        .groupby(["source", "placement", "end"])["found"]
        .agg(bouts="size", found="mean")
    )


def short_walks(found: list[Case]) -> pd.DataFrame:
    """Walks of some seconds between sitting, standing up and turning."""
    rows = []
    for case in found:
        if case.labelled.source != SHORT:
            continue
        walks = case.labelled.intervals.query("direction == 'forward'")
        walks = walks[walks["end_s"] - walks["start_s"] >= MIN_WALK_S]
        for start_s, end_s in zip(walks["start_s"], walks["end_s"], strict=True):
            covered = _covered(case.found.strides, start_s, end_s)
            rows.append(
                {
                    "placement": case.labelled.placement,
                    "part": case.part,
                    "seconds": end_s - start_s,
                    "found": covered > 0.5,
                    "covered": covered,
                }
            )
    return (
        pd.DataFrame(rows)
        .groupby(["placement", "part"])
        .agg(
            walks=("found", "size"),
            seconds=("seconds", "median"),
            found=("found", "mean"),
            covered=("covered", "mean"),
        )
    )


def at_rest(found: list[Case]) -> pd.DataFrame:
    """Strides found where the wearers of the data sets sit, stand, sit down or stand up.

    The marks of one set end with the last contact, which is the middle of an odd last stride: where
    that is counted must not depend on an error of a sample. ``unmarked`` are those without a marked
    contact in their second and third quarter or, at a foot, near their end: in that set single
    steps are marked where the walk is over, and a foot leaves the ground before it begins.
    """
    rows = []
    for case in found:
        still = case.labelled.intervals.query("direction == 'still' and confident")
        strides = case.found.strides
        middle_s = strides[["start_s", "end_s"]].mean(axis=1).to_numpy()
        marks_s = case.labelled.contacts_s
        unmarked = np.ones(len(strides), bool)
        if marks_s is not None:
            at_s = strides["end_s"].to_numpy() if case.labelled.placement == "foot" else middle_s
            quarter_s = (strides["end_s"] - strides["start_s"]).to_numpy() / 4
            unmarked = (np.abs(at_s[:, None] - marks_s) > quarter_s[:, None]).all(axis=1)
        for start_s, end_s in zip(still["start_s"], still["end_s"], strict=True):
            inside = (middle_s >= start_s + TOLERANCE_S) & (middle_s < end_s - TOLERANCE_S)
            rows.append(
                {
                    "source": case.labelled.source,
                    "placement": case.labelled.placement,
                    "seconds": end_s - start_s,
                    "strides": inside.sum(),
                    "unmarked": (inside & unmarked).sum(),
                }
            )
    table = pd.DataFrame(rows).groupby(["source", "placement"]).sum()
    return table.assign(
        strides_per_minute=60 * table["strides"] / table["seconds"],
        unmarked_per_minute=60 * table["unmarked"] / table["seconds"],
    )


def _covered(strides: pd.DataFrame, start_s: float, end_s: float) -> float:
    """Share of a time that strides take."""
    shared_s = np.minimum(strides["end_s"], end_s) - np.maximum(strides["start_s"], start_s)
    return float(shared_s.clip(lower=0).sum() / (end_s - start_s))


def pace(found: list[Case]) -> pd.DataFrame:
    """Walking called running and running called walking, per stride."""
    rows = []
    for case in found:
        strides = case.found.strides
        truth = truth_of_strides(strides, case.labelled.intervals)
        source, placement, part = case.key
        rows.append(
            strides[["gait"]]
            .assign(**truth, source=source, placement=placement, part=part)
            .query("true_gait in ('walk', 'run')")
        )
    table = pd.concat(rows)

    def score(part: pd.DataFrame) -> pd.Series:
        return pd.Series(
            {"strides": len(part), "right": (part["gait"] == part["true_gait"]).mean()}
        )

    keys = ["source", "placement", "true_gait", "truth", "part"]
    return _grouped(table, keys, score)


def false_gait() -> pd.DataFrame:
    """Strides found where nobody walks."""
    rows = []
    for name, make in NOT_GAIT.items():
        counts = []
        for seed in SEEDS:
            recording = make(NEGATIVES_S, seed)
            counts.append(len(gait.detect(prepare(recording)).strides))
        rows.append(
            {
                "movement": name,
                "recordings": len(counts),
                "with_strides": np.mean(np.array(counts) > 0),
                "strides_per_minute": np.mean(counts) / NEGATIVES_S * 60,
            }
        )
    return pd.DataFrame(rows).set_index("movement")


def speed() -> pd.DataFrame:
    """Seconds on one core for a day at 100 Hz with two hours of walking in it."""
    rng = np.random.default_rng(0)
    rate_hz, bout_s = 100.0, 600.0
    session = walk(parse_plan(f"walk forward {bout_s:g}s"), seed=1)
    worn = wear(session, "pocket", rate_hz=rate_hz, errors=PERFECT).acceleration_mps2
    day = np.tile(worn[0], (int(86400 * rate_hz), 1))
    for begin in (np.linspace(0.02, 0.95, 12) * len(day)).astype(int):
        day[begin : begin + len(worn)] = worn
    day += 0.02 * rng.normal(size=day.shape)
    recording = Recording(
        name="day",
        time_s=np.arange(len(day)) / rate_hz,
        acceleration_mps2=day,
        rate_hz=rate_hz,
        format="simulated",
    )
    began = time.perf_counter()
    signals = prepare(recording)
    prepared = time.perf_counter()
    found = gait.detect(signals)
    ended = time.perf_counter()
    return pd.DataFrame(
        {
            "prepare_s": [prepared - began],
            "detect_s": [ended - prepared],
            "strides": len(found.strides),
        },
        index=["day, 100 Hz, 2 h walked"],
    )


def _without_bounces(contacts_s: FloatArray) -> FloatArray:
    kept: list[float] = []
    for contact_s in contacts_s:
        if not kept or contact_s - kept[-1] >= BOUNCE_S:
            kept.append(float(contact_s))
    return np.array(kept)


def _matched(found_s: FloatArray, marked_s: FloatArray) -> FloatArray:
    """Errors of the found contacts that are the nearest of a marked one and the other way round."""
    if not len(found_s) or not len(marked_s):
        return np.empty(0)
    off = found_s[:, None] - marked_s
    nearest_mark, nearest_found = np.abs(off).argmin(axis=1), np.abs(off).argmin(axis=0)
    error_s = off[np.arange(len(found_s)), nearest_mark]
    mutual = nearest_found[nearest_mark] == np.arange(len(found_s))
    return np.asarray(error_s[mutual & (np.abs(error_s) <= TOLERANCE_S)])


def _grouped(
    table: pd.DataFrame, by: list[str], score: Callable[[pd.DataFrame], pd.Series]
) -> pd.DataFrame:
    scores = {key: score(part) for key, part in table.groupby(by, sort=True)}
    return pd.DataFrame(scores.values(), index=pd.MultiIndex.from_tuples(scores, names=by))


def measure(folder: Path) -> dict[str, pd.DataFrame]:
    """All tables by name."""
    found = list(cases(folder))
    return {
        "step counts": step_counts(found),
        "initial contacts": contact_times(found),
        "first and last strides of bouts": ends_of_bouts(found),
        "short walks": short_walks(found),
        "at rest": at_rest(found),
        "strides of the foot, by direction": recall(found, folder),
        "walk or run": pace(found),
        "no gait": false_gait(),
        "speed": speed(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--json", type=Path, help="write the tables there too")
    arguments = parser.parse_args()
    tables = measure(arguments.datasets)
    for name, table in tables.items():
        print(f"\n{name}\n{table.round(4).to_string()}")
    if arguments.json:
        content = {
            name: json.loads(table.round(4).reset_index().to_json(orient="records"))
            for name, table in tables.items()
        }
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
