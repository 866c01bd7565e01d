"""Ten tasks with retrodetect and two peers: lines, seconds, and what is not possible.

``python tests/benchmarks/peers_tasks.py [FOLDER] [--docs docs]`` makes recordings, and an
environment for each peer, in FOLDER, runs the blocks of ``docs/tasks.md`` and the code below, and
prints the table of that page.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "benchmarks")]

from peers import PEERS, seconds_and_peak  # noqa: E402
from test_readme import write_tables  # noqa: E402

PAGE = ROOT / "docs" / "tasks.md"

_LOADED = "import matplotlib.pyplot; [getattr(rd, name) for name in rd.__all__]"
"""Its parts are loaded on first use; here all packages are loaded beforehand."""

_NO_READER = "no reader for it"

_SKDH = """
table = pd.read_csv("belt.csv")
accel = table[["x", "y", "z"]].to_numpy() / 9.80665
strides = GaitLumbar().predict(time=table["time_s"].to_numpy(), accel=accel, fs=100.0, height=1.75)
"""
_MOBGAP = """
table = pd.read_csv("belt.csv")
sensor = table[["z", "y", "x"]].set_axis(["acc_x", "acc_y", "acc_z"], axis=1)
sensor = sensor.assign(gyr_x=0.0, gyr_y=0.0, gyr_z=0.0)
who = {"height_m": 1.75, "sensor_height_m": 1.0, "cohort": "HA"}
how = {"measurement_condition": "free_living", "recording_type": "unsupervised"}
sensors, where = {"one": {"LowerBack": sensor}}, "LowerBack"
data = GaitDatasetFromData(sensors, 100.0, {"one": who}, {"one": how}, single_sensor_name=where)
done = MobilisedPipelineHealthy().run(data[0])
strides = done.per_stride_parameters_
"""
_MOBGAP_IMPORTS = """
from mobgap.data import GaitDatasetFromData
from mobgap.initial_contacts.evaluation import (
    calculate_matched_icd_performance_metrics, categorize_ic_list, get_matching_ics,
)
from mobgap.pipeline import MobilisedPipelineHealthy
"""
_FIGURE = """
shown = table["time_s"].between(5, 15)
ax = table[shown].plot("time_s", "z")
{contacts}
ax.figure.savefig("contacts.png")
"""
_FOLDER = """
done, errors = {{}}, {{}}
for path in Path("recordings").iterdir():
    try:
{body}
        done[path] = strides
    except Exception as error:
        errors[path] = error
"""


def _in_a_folder(body: str) -> str:
    inner = body.strip().replace('"belt.csv"', "path").replace("\n", "\n        ")
    return _FOLDER.format(body=f"        {inner}")


SKDH = {
    1: _SKDH,
    2: "not for the foot",
    3: _NO_READER,
    4: "no directions",
    5: _SKDH + "measures = pd.DataFrame(strides)\n",
    6: _in_a_folder(_SKDH),
    7: "not noticed: finds 41 contacts",
    8: _SKDH
    + _FIGURE.format(contacts='[ax.axvline(s) for s in strides["IC Rel Timestamp"] if 5 < s < 15]'),
    9: "no comparison with a reference",
    10: _SKDH
    + """
events = pd.DataFrame({"onset": strides["IC Rel Timestamp"], "duration": strides["stride time"]})
""",
}
MOBGAP = {
    1: _MOBGAP,
    2: "not for the foot",
    3: _NO_READER,
    4: "no directions",
    5: _MOBGAP,
    6: _in_a_folder(_MOBGAP),
    7: "not noticed: finds no stride",
    8: _MOBGAP
    + _FIGURE.format(
        contacts='[ax.axvline(s / 100) for s in strides["start"] if 5 < s / 100 < 15]'
    ),
    9: _MOBGAP
    + """
true = 100 * pd.read_csv("belt.truth.csv")[["start_s"]].set_axis(["ic"], axis=1)
true = true.rename_axis("ic_id")
found = done.raw_ic_list_.reset_index(drop=True).rename_axis("ic_id")
lists = {"ic_list_detected": found, "ic_list_reference": true}
matches = categorize_ic_list(**lists, tolerance_samples=25)
sensitivity = calculate_matched_icd_performance_metrics(matches)["recall"]
pairs = get_matching_ics(metrics_detected=found, metrics_reference=true, matches=matches)
bias = (pairs[("ic", "detected")] - pairs[("ic", "reference")]).mean() / 100
""",
    10: _MOBGAP
    + """
events = strides[["start", "stride_duration_s"]].set_axis(["onset", "duration"], axis=1)
events["onset"] /= 100
""",
}


def own_tasks() -> dict[int, tuple[str, str]]:
    """Name and code of each task, from the page."""
    found = re.findall(r"^## (\d+) (.+?)\n\n```python\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    return {int(number): (name, code) for number, name, code in found}


def parted(code: str) -> tuple[str, str]:
    """Imports, and the code after them."""
    lines = [line for line in code.splitlines() if line.strip()]
    imports = [line for line in lines if re.match(r"import |from |matplotlib.use", line)]
    return "\n".join(imports), "\n".join(line for line in lines if line not in imports)


def write_files(folder: Path) -> None:
    """Write what the tasks read."""
    write_tables(folder)
    export = ROOT / "data/examples/simulated_pocket_hill_repeats.zip"
    shutil.copy(export, folder / "walk.zip")
    (folder / "recordings").mkdir(exist_ok=True)
    for name in ("one.csv", "two.csv"):
        shutil.copy(folder / "belt.csv", folder / "recordings" / name)
    (folder / "recordings" / "broken.csv").write_text("time_s,x,y,z\n0,1,2\n")


def cell(program: str, imports: str, body: str, folder: Path) -> str:
    """Lines and seconds of a task."""
    peer = next(one for one in PEERS if one.name.startswith(program))
    code = peer._replace(imports=imports, body=body)
    try:
        seconds, _ = seconds_and_peak(code, folder / "belt.csv", folder, 600)
    except (RuntimeError, subprocess.SubprocessError) as error:
        return f"failed: {error}"
    lines = len(body.strip().splitlines())
    return f"{lines} line{'s' * (lines > 1)}, {seconds:.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--docs", type=Path, help="folder of the page to bring up to date")
    given = parser.parse_args()
    peers = {
        "scikit-digital-health": (
            "from pathlib import Path\nfrom skdh.gait import GaitLumbar",
            SKDH,
        ),
        "mobgap": (f"from pathlib import Path{_MOBGAP_IMPORTS}", MOBGAP),
    }
    rows = ["| task | retrodetect | skdh | mobgap |", "| --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        write_files(folder)
        for number, (name, code) in own_tasks().items():
            imports, body = parted(code)
            cells = [cell("retrodetect", f"{imports}\n{_LOADED}", body, folder)]
            for program, (imports, tasks) in peers.items():
                body = tasks[number]
                is_code = "\n" in body
                body = "\n".join(line for line in body.splitlines() if line.strip())
                cells.append(cell(program, imports, body, folder) if is_code else f"– ({body})")
            rows.append(f"| {number} {name} | {' | '.join(cells)} |")
            print(rows[-1], flush=True)
    if given.docs is not None:
        page = given.docs / PAGE.name
        old = re.compile(r"^\| task \|.*?(?=\n\n)", re.M | re.S)
        page.write_text(old.sub(lambda _: "\n".join(rows), page.read_text()))


if __name__ == "__main__":
    main()
