"""Three classifiers of strides on real feet, wearers held out, with and without the decoder.

``python tests/benchmarks/own_classifier.py DATASETS [--docs docs]`` measures them and writes the
table of ``docs/own-classifier.md``.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

import retrodetect as rd
from retrodetect.features.catalogue import FREE_FEATURES
from retrodetect.lab import datasets
from retrodetect.training.examples import truth_of_strides

CLASSIFIERS = {
    "`StrideClassifier`": rd.StrideClassifier(),
    "random forest, 100 trees": RandomForestClassifier(100, random_state=0),
    "gradient boosting, 30 trees": HistGradientBoostingClassifier(max_iter=30, random_state=0),
}
THRESHOLD = 0.9
"""That of rd.label."""

SHOWN = {
    "balanced_accuracy": "balanced accuracy",
    "recall_backward": "backward found",
    "false_backward_per_1000": "false backward per 1,000",
    "f1_backward": "backward F1",
    "unknown": "unknown",
}


def real_feet(folder: Path, *, shipped: bool = False) -> pd.DataFrame:
    """Features, ``wearer``, ``truth`` and, if wanted, what the ``shipped`` model ``open`` says."""
    tables = []
    for labelled in datasets.load(folder, "uci-sangenis-foot"):
        strides = rd.features(labelled.recording)
        truth = truth_of_strides(strides, labelled.intervals)["truth"]
        strides = strides.assign(wearer=labelled.subject, truth=truth)
        if shipped:
            called = rd.label(labelled.recording, model="open", placement="foot").strides
            strides["shipped"] = called["direction"]
        tables.append(strides)
    every = pd.concat(tables, ignore_index=True)
    return every[every["truth"].isin(["forward", "backward"])].reset_index(drop=True)


def scores(
    feet: pd.DataFrame, name: str, *, decoded: bool, threshold: float = THRESHOLD
) -> pd.DataFrame:
    """Scores of a classifier with each wearer held out, as from ``rd.score``."""
    classifier = CLASSIFIERS[name]
    return rd.cross_validate(
        rd.SessionDecoder(classifier) if decoded else classifier,
        feet[(["recording", "bout"] if decoded else []) + list(FREE_FEATURES)],
        feet["truth"], groups=feet["wearer"], recordings=feet["recording"], threshold=threshold,
    ).scores  # fmt: skip


def row(name: str, decoder: str, measured: pd.DataFrame) -> str:
    """A row of the table."""
    cells = [name, decoder]
    for score in SHOWN:
        value, low, high = measured.loc["all", [score, f"{score}_low", f"{score}_high"]]
        places = 1 if score.endswith("1000") else 3
        cells.append(f"{value:.{places}f} ({low:.{places}f} to {high:.{places}f})")
    return f"| {' | '.join(cells)} |"


def table(feet: pd.DataFrame, threshold: float) -> str:
    """The table of the page."""
    head = ["classifier", "decoder", *SHOWN.values()]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    shipped = rd.score(
        feet["truth"], feet["shipped"], groups=feet["wearer"], recordings=feet["recording"]
    )
    lines.append(row("shipped model `open`", "yes", shipped))
    for name in CLASSIFIERS:
        for decoded in (False, True):
            measured = scores(feet, name, decoded=decoded, threshold=threshold)
            lines.append(row(name, "yes" if decoded else "no", measured))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--docs", type=Path, help="folder of the page to bring up to date")
    parser.add_argument("--threshold", type=float, default=THRESHOLD)
    given = parser.parse_args()
    text = table(real_feet(given.datasets, shipped=True), given.threshold)
    print(text)
    if given.docs is not None:
        page = given.docs / "own-classifier.md"
        old = re.compile(r"^\| classifier \|.*?(?=\n\n)", re.M | re.S)
        page.write_text(old.sub(lambda _: text, page.read_text()))


if __name__ == "__main__":
    main()
