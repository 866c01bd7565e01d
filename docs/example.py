"""Draw the picture of the README: ``python docs/example.py``."""

from pathlib import Path

import matplotlib as mpl

import retrodetect as rd
from retrodetect.report import figure

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Label a simulated example and draw it."""
    file = ROOT / "data/examples/simulated_lower_back_ten_steps_first.csv"
    result = rd.label(file, placement="lower-back")
    drawn = figure(result.recording, result.strides, result.contacts_s)
    drawn.text(0.99, 0.99, "simulated", ha="right", va="top", fontsize=11)
    with mpl.rc_context({"svg.hashsalt": "retrodetect"}):
        drawn.savefig(ROOT / "docs/example.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
