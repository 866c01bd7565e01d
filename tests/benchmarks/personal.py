"""What a minute of one's own strides is worth, on recordings that took no part.

    python tests/benchmarks/personal.py ../shared/datasets [--cache DIR] [--out FILE.json]

Real feet: each of the two wearers in turn. The base never saw the wearer (``person``: the other
one, who wore the same device, was learned from) or nothing of that laboratory (``source``). The
shipped model itself has seen both wearers, and so is no evidence; it is not in the table. The
wearer's recordings are taken in turn, each rotation beginning with another one, until there are
so many seconds of each direction; all others are labelled. The interval of the difference is
over recordings.

Virtual sites: an actor of a data set that the base never saw, 30 s of each direction (or half of
what there is), with the site given and no anchor; sessions joined from the other clips, every
third of which begins backward. ``same mounting``: the wearer says that the device sits as it did,
and it sits askew by as much as straps do.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial.transform import Rotation

from retrodetect.direction import Anchors, DirectionModel
from retrodetect.direction.mounting import mean_up
from retrodetect.lab.datasets import VIRTUAL, present
from retrodetect.lab.measured import is_walked, joined, measured_sets, without_gyroscope
from retrodetect.sites import group_of
from retrodetect.training.examples import Example
from retrodetect.training.fit import Fits, StrideTable, table_of
from retrodetect.training.scores import compared, label_with_truth, scored
from retrodetect.training.train import OWN_CONTRAST, learn

FOOT = "uci-sangenis-foot"
SECONDS = (30.0, 60.0)
ROTATIONS = 6
SITES = (
    "foot", "ankle", "shin", "front-pocket", "back-pocket", "belly", "lower-back", "left-hip",
    "breastbone", "wrist", "hand",
)  # fmt: skip
BOTH = ["forward", "backward"]
LEAST_STRIDES = 8

ASKEW_DEG, TILTED_DEG = 15.0, 5.0
"""How far a device that sits as it did is turned about the vertical, and tilted, from one day to
the next (one standard deviation)."""


def split(examples: list[Example], first: int, seconds: float) -> tuple[StrideTable, list[Example]]:
    """Strides of the first recordings, and the recordings left to label: two at least."""
    order = examples[first:] + examples[:first]
    learned: list[Example] = []
    got = dict.fromkeys(BOTH, 0.0)
    while min(got.values()) < seconds and len(learned) < len(order) - 2:
        learned.append(order[len(learned)])
        for way, lasted in durations(learned[-1].strides()).items():
            got[way] += lasted
    return first_seconds(table_of(learned), seconds), order[len(learned) :]


def durations(strides: pd.DataFrame) -> dict[str, float]:
    """Seconds of strides of each direction."""
    lasted = (strides["end_s"] - strides["start_s"]).groupby(strides["truth"]).sum()
    return {way: float(lasted.get(way, 0.0)) for way in BOTH}


def first_seconds(table: StrideTable, seconds: float) -> StrideTable:
    """Return so many seconds of each direction; sideways strides are what few would record."""
    strides = table.strides
    before = (strides["end_s"] - strides["start_s"]).groupby(strides["truth"]).cumsum()
    return table.where(((before <= seconds + 1) & strides["truth"].isin(BOTH)).to_numpy())


def feet(fits: Fits, examples: list[Example]) -> pd.DataFrame:
    """Score each wearer of the real feet, by base and by seconds of own recording."""
    rows = []
    stranger = fits.without(FOOT)
    for wearer in sorted({one.subject for one in examples}):
        bases = {"person": fits.without(FOOT, wearer), "source": stranger}
        mine = [one for one in examples if one.subject == wearer]
        starts = np.linspace(0, len(mine), ROTATIONS, endpoint=False).astype(int)
        for unseen, base in bases.items():
            for seconds in SECONDS:
                found = defaultdict(list)
                for first in starts:
                    table, left = split(mine, int(first), seconds)
                    models: dict[str, DirectionModel] = {
                        "base": base,
                        "personal": learn(table, base),
                        "from nothing": learn(table),
                    }
                    for name, model in models.items():
                        found[name].append(label_with_truth(model, left))
                labelled = {
                    name: pd.concat(parts, ignore_index=True) for name, parts in found.items()
                }
                for name, part in labelled.items():
                    row = {"wearer": wearer, "base_never_saw": unseen, "seconds": seconds}
                    rows.append(row | {"model": name} | scores_of(part, labelled["base"]))
    return pd.DataFrame(rows)


def feet_by_mounting(examples: list[Example]) -> pd.DataFrame:
    """Score what the mounting alone says of single walked strides of the real feet."""
    rows = []
    for wearer in sorted({example.subject for example in examples}):
        mine = [without_gyroscope(each) for each in examples if each.subject == wearer]
        for first in np.linspace(0, len(mine), ROTATIONS, endpoint=False).astype(int):
            table, left = split(mine, int(first), SECONDS[0])
            for mounting in learn(table).mountings.values():
                for example in left:
                    strides = example.strides()
                    walked = strides["truth"].isin(BOTH) & (strides["true_gait"] == "walk")
                    odds = mounting.log_odds(example.measured.features)[walked]
                    right = (odds > 0) == (strides["truth"][walked] == "backward")
                    rows += [{"wearer": wearer, "rotation": first, "right": each} for each in right]
    return pd.DataFrame(rows).groupby(["wearer", "rotation"])["right"].agg(["mean", "size"])


def scores_of(labelled: pd.DataFrame, base: pd.DataFrame) -> dict[str, float]:
    """Scores, and the difference in backward F1 from the base with its interval."""
    total = scored(labelled).iloc[0]
    kept = ("strides", "wrong", "unknown", "recall_backward", "f1_backward")
    found = {name: float(total[name]) for name in kept}
    sideways = labelled[labelled["truth"] == "sideways"]
    found["sideways_named"] = float((sideways["direction"] != "unknown").mean())
    difference = compared(labelled, base).set_index("score").loc["f1_backward"]
    return found | {f"f1_{name}": float(difference[name]) for name in ("difference", "low", "high")}


def virtual(examples: dict[str, list[Example]], fits: Fits) -> pd.DataFrame:
    """Score virtual sites, each actor's set unseen by the base."""
    labelled: dict[tuple[str, str, str], list[pd.DataFrame]] = defaultdict(list)
    back: dict[tuple[str, str], list[float]] = defaultdict(list)
    for source in [name for name in examples if name in VIRTUAL]:
        base = fits.without(source)
        for site in SITES:
            clips = [
                clip for clip in examples[source]
                if clip.placement == site and not clip.name.endswith("-right") and is_walked(clip)
            ]  # fmt: skip
            for seen_by in ("gyroscope", "accelerometer"):
                seen = clips if seen_by == "gyroscope" else [without_gyroscope(c) for c in clips]
                for rotation in range(ROTATIONS):
                    parted = own_and_other(seen, rotation)
                    if parted is None:
                        continue
                    own, session = parted
                    mine = learn(own, base)
                    back[seen_by, site].append(came_back(mine, session))
                    again = put_on_again(session, np.random.default_rng([rotation, len(site)]))
                    for name, model, worn, same in (
                        ("base", base, session, False),
                        ("personal", mine, session, False),
                        ("same mounting", mine, again, True),
                    ):
                        given = Anchors(site, same_mounting=same)
                        labelled[seen_by, site, name].append(
                            label_with_truth(model, [worn], lambda _, given=given: given)
                        )
    rows = []
    for (seen_by, site, name), parts in labelled.items():
        total = scored(pd.concat(parts, ignore_index=True)).iloc[0]
        kept = ("strides", "wrong", "unknown", "recall_backward", "f1_backward")
        scores = {key: float(total[key]) for key in kept}
        contrast = {"came_back": np.mean(back[seen_by, site]), "sd": np.std(back[seen_by, site])}
        rows.append({"seen_by": seen_by, "site": site, "model": name} | scores | contrast)
    return pd.DataFrame(rows)


def put_on_again(session: Example, rng: np.random.Generator) -> Example:
    """The session of a device that was taken off and put on again as it was."""
    features = session.measured.features
    up = mean_up(features)
    level = np.cross(up, rng.normal(size=3))
    turn, tilt = np.deg2rad([ASKEW_DEG, TILTED_DEG]) * rng.normal(size=2)
    turned = Rotation.from_rotvec(turn * up)
    turned = (Rotation.from_rotvec(tilt * level / np.linalg.norm(level)) * turned).as_matrix()
    worn = replace(features, vectors=features.vectors @ turned.T, up=features.up @ turned.T)
    return replace(session, measured=replace(session.measured, features=worn))


def came_back(model: DirectionModel, session: Example) -> float:
    """Share of the wearer's contrast between the directions that another session shows again."""
    weights = model.groups[group_of(session.placement)].contrast
    score = pd.Series(session.measured.features.scalars @ weights)
    by_way = score.groupby(session.strides()["truth"]).mean()
    return float((by_way["backward"] - by_way["forward"]) / OWN_CONTRAST)


def own_and_other(clips: list[Example], rotation: int) -> tuple[StrideTable, Example] | None:
    """30 s of each direction to learn from, and a session of other clips of the same wearer.

    None where there are too few clips.
    """
    ways: dict[str, list[Example]] = {way: [] for way in BOTH}
    for i in np.random.default_rng(rotation).permutation(len(clips)):
        directions = set(clips[i].intervals["direction"])
        ways["backward" if "backward" in directions else "forward"].append(clips[i])
    half = {way: len(ways[way]) // 2 for way in BOTH}
    if not min(half.values()):
        return None
    own = first_seconds(table_of([clip for way in BOTH for clip in ways[way][: half[way]]]), 30.0)
    order = BOTH if rotation % 3 else BOTH[::-1]
    left = list(zip(*(ways[way][half[way] :][:16] for way in order), strict=False))
    enough = own.strides["truth"].value_counts().reindex(BOTH).fillna(0).min() >= LEAST_STRIDES
    if not enough:
        return None
    return own, joined([part for pair in left for part in pair], clips[0].name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--out", type=Path, help="write the tables there as JSON")
    arguments = parser.parse_args()
    examples = measured_sets(
        arguments.datasets, present(arguments.datasets), cache_folder=arguments.cache
    )
    fits = Fits(table_of(chain.from_iterable(examples.values())))
    found = {
        "feet": feet(fits, examples[FOOT]),
        "feet by mounting alone": feet_by_mounting(examples[FOOT]).reset_index(),
        "virtual": virtual(examples, fits),
    }
    for table in found.values():
        print(table.round(3).to_string(index=False))
    if arguments.out:
        kept = {
            name: json.loads(table.round(4).to_json(orient="records"))
            for name, table in found.items()
        }
        arguments.out.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
