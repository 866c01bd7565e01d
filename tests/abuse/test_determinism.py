"""The same input, model and version give the same bytes, wherever and however they are run."""

import locale
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from retrodetect.formats import table
from retrodetect.runs import batch
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.task import Settings

ROOT = Path(__file__).parents[2]
OUTPUTS = ("strides.csv", "sessions.csv", "report.html")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, write_walk):
    folder = tmp_path_factory.mktemp("in")
    for name in ("Ä.csv", "b.csv", "i.csv", "I/ı.csv"):
        write_walk(folder / name)
    return folder


def bytes_of(out):
    """Outputs, without the moment at which they were made."""
    return {
        path.relative_to(out).as_posix(): _undated(path.read_bytes())
        for path in sorted(out.glob("*"))
        if path.name in OUTPUTS
    }


def _undated(content):
    # The page names the moment of the run and how long it took.
    return re.sub(rb"\d{4}-\d\d-\d\d[T ][\d:+]+|\d+(\.\d+)? s\b", b"", content)


def run(folder, out, model, *options, **environment):
    line = [sys.executable, "-m", "retrodetect", "label", str(folder), "--out", str(out),
            "--model", str(model), "--report", "-q", *options]  # fmt: skip
    subprocess.run(line, cwd=ROOT, check=True, env=os.environ | environment)
    return bytes_of(out)


@pytest.fixture(scope="module")
def expected(folder, stored_model, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    found = run(folder, out, stored_model, "--jobs", "1", LC_ALL="C.UTF-8", TZ="UTC")
    assert set(found) == set(OUTPUTS)
    return found


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        (("--jobs", "2"), {}),
        ((), {"TZ": "Pacific/Chatham", "PYTHONHASHSEED": "1"}),
        ((), {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
        ((), {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}),
        ((), {"LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "2"}),
    ],
    ids=["two processes", "time zone and hash seed", "ASCII", "German", "Turkish"],
)
def test_same_bytes_in_any_environment(
    folder, stored_model, tmp_path, expected, options, environment
):
    wanted = environment.get("LC_ALL")
    if wanted not in (None, "C"):
        before = locale.setlocale(locale.LC_ALL)
        try:
            locale.setlocale(locale.LC_ALL, wanted)
        except locale.Error:
            pytest.skip(f"the locale {wanted} is not installed here")
        finally:
            locale.setlocale(locale.LC_ALL, before)
    assert run(folder, tmp_path, stored_model, *options, **environment) == expected


@pytest.mark.parametrize("block_bytes", [20_000, 77_777])
def test_same_bytes_with_pieces_of_any_length(
    folder, stored_model, tmp_path, expected, monkeypatch, block_bytes
):
    monkeypatch.setattr(table, "BLOCK_BYTES", block_bytes)
    batch.run([folder], Outputs(tmp_path), Settings(str(stored_model)))
    found = bytes_of(tmp_path)
    assert found == {name: expected[name] for name in found}
