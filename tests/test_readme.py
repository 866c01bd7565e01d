"""The README promises only what is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_it_opens_with_the_two_commands():
    blocks = re.findall(r"^```bash\n(.*?)^```$", README, re.M | re.S)
    assert len(blocks) == 2
    assert "pip install . && retrodetect label data/examples --out out" in blocks[0]
    assert blocks[1].strip().endswith("pip install '.[test]' && pytest")


def test_every_option_it_names_exists():
    commands = ("label", "inspect", "models")
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
