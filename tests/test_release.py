"""What is released: the same bytes for the same source, and packages that are pinned by hash."""

import re
import shutil
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ("retrodetect", "models", "pyproject.toml", "README.md", "LICENSE")
LOCK = (ROOT / ".ci" / "lock.txt").read_text("utf-8")


def wheel(folder, zone, umask):
    """Build a wheel from a copy of the source; its bytes."""
    for name in SOURCE:
        own = ROOT / name
        if own.is_dir():
            shutil.copytree(own, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(own, folder / name, follow_symlinks=True)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"],
        cwd=folder, check=True, capture_output=True, umask=umask,
        env={"TZ": zone, "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    (built,) = (folder / "dist").glob("*.whl")
    return built.read_bytes()


@pytest.mark.extra("release")
def test_two_builds_of_a_wheel_are_the_same_bytes(tmp_path):
    folders = [tmp_path / "a", tmp_path / "somewhere" / "else"]
    for folder in folders:
        folder.mkdir(parents=True)
    first = wheel(folders[0], "UTC", 0o022)
    assert wheel(folders[1], "Pacific/Chatham", 0o077) == first


def test_every_locked_package_has_a_version_and_a_hash_and_no_address():
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    assert all(re.match(r"[\w.-]+==[\w.!+-]+", entry) for entry in entries)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in LOCK


def test_every_declared_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {re.match(r"[\w.-]+", text).group().lower() for text in declared} - {"retrodetect"}
    locked = set(re.findall(r"^([\w.-]+)==", LOCK, re.M))
    assert {name.replace("_", "-") for name in names} <= locked
