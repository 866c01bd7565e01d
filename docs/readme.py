"""Write what the README shows: its picture, the picture's caption, and its table of results.

``python docs/readme.py``; the tests hold the README against the same functions.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from retrodetect.runs.batch import run
from retrodetect.runs.outputs import Outputs
from retrodetect.tally import words
from retrodetect.tally.folder import totals

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PICTURE = ROOT / "docs/first_screen.png"
WIDTH, HEIGHT = 900, 578
SAYS = re.compile(r"(?<=It says “).*?(?=”)")
TABLE = re.compile(r"\| worn at \|.*?(?=\n\n)", re.S)
TRUNK = "belly, back, hips, breastbone"
LIMBS = ("front pocket and thigh", "back pocket", "shin", "ankle", "foot")
ACTORS, STYLES = ("mocap-accad-male1", "mocap-accad-female1"), ("mocap-bandai-namco-1",)


def main() -> None:
    """Write all of it."""
    with tempfile.TemporaryDirectory() as folder:
        run([ROOT / "data/examples"], Outputs(folder, report=True))
        sessions = pd.read_csv(f"{folder}/sessions.csv")
        take_picture(Path(folder) / "report.html")
    text = SAYS.sub(headline(sessions), README.read_text())
    README.write_text(TABLE.sub(lambda _: results(), text))


def headline(sessions: pd.DataFrame) -> str:
    """First line of the page of some sessions."""
    return " · ".join(words.headline(totals(sessions))).replace("\u00a0", " ")


def take_picture(page: Path) -> None:
    """Take a picture of the first screen of a page, if there is a browser."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    if browser is None:
        sys.stderr.write("No Chromium: the picture of the README was NOT made.\n")
        return
    line = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    profile = f"--user-data-dir={page.parent / 'profile'}"
    size = f"--window-size={WIDTH},{HEIGHT}"
    subprocess.run([*line, profile, size, f"--screenshot={PICTURE}", page.as_uri()], check=True,
                   capture_output=True)  # fmt: skip


def results() -> str:
    """Table of results, from the figures that ``tests/benchmarks/direction.py`` wrote."""
    scores = pd.read_json(ROOT / "docs/direction.json", orient="index")
    person = scores.loc["real foot, each person held out"]
    forward = person["strides"] * scores.loc[
        "real foot, each person held out: baseline, majority", "right_of_labelled"
    ]  # fmt: skip
    belts = [
        f"forward only, {site}"
        for site in ("belly, sisfall-waist", "lower-back, ipol-healthy-gait",
                     "front-pocket, mobifall-pocket", "front-pocket, pdiot-body",
                     "front-pocket, spsw-pocket-wrist")
    ]  # fmt: skip
    worn = scores.loc[belts]
    slow = scores.loc[
        [f"forward only, {site}, accelerometer only, pdiot-body" for site in ("thigh", "lower-leg")]
    ]
    arms, acted = (_sessions(scores, ("wrist and hand",), of) for of in (ACTORS, STYLES))
    plain_arms = _sessions(scores, ("wrist and hand, accelerometer only",), ACTORS + STYLES)
    forward_only = scores[scores.index.str.contains("^forward only.*, nothing given")]
    is_several = forward_only.index.str.contains("several recordings")
    several, alone = forward_only[is_several], forward_only[~is_several]
    rows = [
        ("worn at", "given", "tested on", "what came out"),
        ("---", "---", "---", "---"),
        ("any site", "nothing",
         "real people, forward only, each recording a session; source held out",
         f"{_false(alone)} (one person), {_unknown(alone)}; mostly assumed"),
        ("any site", "nothing", "the same, all recordings of a wearer as one session",
         f"{_false(several)}, {_unknown(several)}; mostly assumed"),
        ("foot", "site, gyroscope", "real people, both ways; each of two held out",
         f"backward F1 {person['f1_backward']:.2f}, "
         f"{_false(person.to_frame().T.assign(strides=forward))},"
         f" {_percent(person['unknown'])} unknown"),
        ("belt, lower back, front pocket", "site, gyroscope",
         "real people, forward only; source held out",
         f"{_false(worn)}, {_unknown(worn)}"),
        ("thigh, lower leg at 24 Hz", "site", "the same",
         f"{_false(slow)}, {_unknown(slow)}"),
        ("thigh, pockets, shin, ankle, foot", "site, gyroscope",
         "**virtual** walks of two actors, both ways; source held out",
         _labelled(_sessions(scores, LIMBS, ACTORS))),
        ("belly, lower back, hips, breastbone", "site, gyroscope", "the same",
         _labelled(_sessions(scores, (TRUNK,), ACTORS))),
        ("the same", "site, gyroscope",
         "**virtual** walks in ten acted styles, both ways; source held out",
         _labelled(_sessions(scores, (TRUNK,), STYLES))
         + ": all errors are in two styles, “feminine” and “not confident”"),
        ("thigh, front pocket", "site", "**virtual** walks, plain and acted",
         _labelled(_sessions(scores, (f"{LIMBS[0]}, accelerometer only",), ACTORS + STYLES))),
        ("belly, lower back, hips, breastbone", "site", "the same",
         _labelled(_sessions(scores, (f"{TRUNK}, accelerometer only",), ACTORS + STYLES))
         + ": split into two sides, named where people bounce less backward"),
        ("wrist, hand", "site, gyroscope", "the same",
         f"{_labelled(arms)}; in acted styles {_labelled(acted)}"),
        ("wrist, hand", "site", "the same",
         f"{_range(plain_arms['unknown'])} unknown without a hint, {_range(plain_arms['wrong'])}"
         " wrong: where bouts in both directions look alike, all are assumed to go forward"),
    ]  # fmt: skip
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _sessions(
    scores: pd.DataFrame, sites: tuple[str, ...], sources: tuple[str, ...]
) -> pd.DataFrame:
    """Scores of virtual sessions."""
    return scores.loc[[f"virtual sessions, {site}, {of}" for site in sites for of in sources]]


def _labelled(rows: pd.DataFrame) -> str:
    right = _percent(rows["right_of_labelled"].min())
    return f"{right} of labels right, {_range(rows['unknown'])} unknown"


def _range(shares: pd.Series) -> str:
    least, most = _percent(shares.min()), _percent(shares.max())
    return most if least == most else f"{least[:-1]} to {most}"


def _false(rows: pd.DataFrame) -> str:
    """Strides of rows of forward strides that were called backward."""
    count = (rows["false_backward_per_1000"] * rows["strides"]).sum() / 1000
    called = f"{count:.0f}" if count else "no"
    return f"{called} false backward strides in {rows['strides'].sum():,.0f}"


def _unknown(rows: pd.DataFrame) -> str:
    return f"{_percent((rows['strides'] * rows['unknown']).sum() / rows['strides'].sum())} unknown"


def _percent(share: float) -> str:
    return f"{100 * share:.2g}%" if share < 0.01 else f"{share:.0%}"


if __name__ == "__main__":
    main()
