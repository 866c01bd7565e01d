"""The README and the pages promise only what is there, and every block of code in them runs."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat
from skeleton import bvh

from retrodetect.formats.reading import LOWEST_RATE_HZ
from retrodetect.lab.simulate import Session, parse_plan, walk, wear, write_session
from retrodetect.recording import STANDARD_GRAVITY_MPS2
from retrodetect.tally.share import LEVEL

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PROMPT = "$ "


@dataclass(frozen=True)
class Block:
    """A fenced block; what an HTML comment before it gives as reason not to run it."""

    page: str
    number: int
    language: str
    text: str
    not_run: str | None

    def run(self, folder: Path) -> None:
        """Run it there, with the interpreter that runs the tests."""
        if self.language == "python":
            # In this process, which has everything imported.
            code = compile(self.text, f"{self.page}, block {self.number}", "exec")
            with chdir(folder), redirect_stdout(StringIO()):
                exec(code, {"__name__": "__main__"})
            return
        lines = self.text.splitlines()
        script = "\n".join(line[len(PROMPT) :] for line in lines if line.startswith(PROMPT))
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder, capture_output=True, text=True, env={**os.environ, "PATH": path},
        )  # fmt: skip
        assert ran.returncode == 0, f"block {self.number}: {ran.stderr}"


def blocks() -> list[Block]:
    """All of the README and the pages, but for the bash ones, which ``.ci/run`` runs."""
    fence = re.compile(r"(?:<!-- not run: (.+?) -->\n)?^```(\w+)\n(.*?)^```$", re.M | re.S)
    return [
        Block(page.name, number, found[2], found[3], found[1])
        for page in PAGES
        for number, found in enumerate(fence.finditer(page.read_text()), start=1)
        if found[2] != "bash"
    ]


def test_it_opens_with_the_two_commands():
    blocks = re.findall(r"^```bash\n(.*?)^```$", README, re.M | re.S)
    assert len(blocks) == 2
    assert "pip install . && retrodetect label data/examples --out out" in blocks[0]
    assert blocks[1].strip().endswith("pip install '.[test]' && pytest")


def test_its_table_of_results_is_that_of_the_benchmark():
    """Otherwise run ``python docs/readme.py``."""
    written = runpy.run_path(str(ROOT / "docs/readme.py"))
    assert written["TABLE"].search(README)[0] == written["results"]()


def test_its_figures_are_those_of_the_code():
    assert f"fewer than {round(LOWEST_RATE_HZ, -1):.0f} readings a second" in README
    assert f"{LEVEL:.0%} interval of a backward share" in README


def test_every_option_it_names_exists():
    commands = ("label", "inspect", "models", "train")
    helps = "".join(
        subprocess.run(
            [sys.executable, "-m", "retrodetect", command, "--help"],
            capture_output=True, text=True, check=True, env={"COLUMNS": "200", "TERM": "dumb"},
        ).stdout
        for command in commands
    )  # fmt: skip
    named = set(re.findall(r"(?<![\w-])--[a-z]+", README))
    assert named
    assert {option for option in named if option not in helps} == set()


def test_every_file_it_links_to_is_there():
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", README) + re.findall(
        r"`(data/[\w/]+|LICENSE)`", README
    )
    missing = [target for target in targets if not (ROOT / target).exists()]
    assert not missing


@pytest.mark.parametrize("name", ["LICENSE", "CHANGELOG.md", "pyproject.toml", ".ci/run"])
def test_the_usual_files_are_there(name):
    assert (ROOT / name).stat().st_size > 100


@pytest.fixture
def scratch(tmp_path, prepared):
    """A folder of their own with the files that the blocks speak of."""
    return shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The same, made once for all pages."""
    folder = tmp_path_factory.mktemp("prepared")
    examples = ROOT / "data/examples"
    shutil.copy(examples / "simulated_pocket_hill_repeats.zip", folder / "walk.zip")
    (folder / "recordings").mkdir()
    shutil.copy(examples / "simulated_thigh_forward_only.csv.gz", folder / "recordings")
    frames = np.tile([0.0, 95.0, 0.0, 0.0, 0.0, 0.0], (90, 1))
    frames[:, 2] = 4.0 * np.arange(len(frames))
    (folder / "clip.bvh").write_text(bvh(frames))
    for way in ("forward", "backward"):
        session = Session(f"walk {way} 40s", placement="pocket", person=1)
        write_session("a_day", session, folder / "mine" / way)
    write_tables(folder)
    return folder


def write_tables(folder):
    """Write what the pages on Python read: plain tables, a MATLAB matrix, a truth."""
    truth = ROOT / "data/examples_truth/simulated_pocket_hill_repeats.truth.csv"
    shutil.copy(truth, folder / "walk.truth.csv")
    walked = walk(parse_plan("walk forward 15s, stand 3s, walk backward 15s"), seed=3)
    write_plain(wear(walked, "lower-back", seed=3), folder / "belt.csv")
    walked.strides.to_csv(folder / "belt.truth.csv", index=False)
    worn = wear(walked, "foot", seed=3)
    write_plain(worn, folder / "foot.csv")
    readings = [
        worn.acceleration_mps2.T / STANDARD_GRAVITY_MPS2,
        np.rad2deg(worn.angular_rate_radps.T),
        worn.time_s[None],
    ]
    savemat(folder / "foot.mat", {"u": np.concatenate(readings)})
    for wearer, seed in (("anna", 1), ("ben", 2)):
        for way in ("forward", "backward"):
            walked = walk(parse_plan(f"walk {way} 20s"), seed=seed)
            write_plain(wear(walked, "foot", seed=seed), folder / f"{wearer}_{way}.csv")


def write_plain(recording, path):
    """Write the accelerometer of a recording as a plain table."""
    table = pd.DataFrame(recording.acceleration_mps2, columns=list("xyz"))
    table.insert(0, "time_s", recording.time_s)
    table.to_csv(path, index=False)


def test_blocks_are_of_a_kind_that_is_run():
    assert {block.language for block in blocks()} <= {"python", "console"}
    prompts = [block for block in blocks() if block.language == "console"]
    assert all(block.text.startswith(PROMPT) for block in prompts)


@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_its_blocks_run_as_they_stand(page, scratch):
    for block in blocks():
        if block.page == page and not block.not_run:
            block.run(scratch)


def test_what_it_points_to_is_where_it_says():
    rows = re.findall(r"`(\w+)` in `(retrodetect/[\w/]+\.py)`", README)
    assert len(rows) >= 4
    lost = [name for name, file in rows if f"def {name}(" not in (ROOT / file).read_text()]
    assert not lost
