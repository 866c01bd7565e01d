"""A file manifest.csv in a folder says where each device sat."""

import pandas as pd
import pytest

from retrodetect.direction import Anchors
from retrodetect.errors import UsageError
from retrodetect.runs.batch import read_manifests, run
from retrodetect.runs.inputs import manifests_in
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.task import Settings


@pytest.fixture
def folder(tmp_path, write_walk):
    folder = tmp_path / "walks"
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        write_walk(folder / name, 20)
    return folder


def placements(folder, out, settings=None):
    run([folder], Outputs(out), settings)
    return pd.read_csv(out / "sessions.csv").set_index("recording")["placement"].to_dict()


def told(folder):
    manifests = read_manifests(manifests_in([folder]))
    return {path: beside.anchors for path, beside in manifests.items()}


def test_each_recording_is_labelled_as_the_manifest_says(folder, tmp_path):
    (folder / "manifest.csv").write_text("path,placement,starts\na.csv,foot,\nb.csv,hip,forward\n")
    assert placements(folder, tmp_path / "out") == {"a.csv": "foot", "b.csv": "waist"}


def test_the_command_line_goes_before_the_manifest(folder, tmp_path):
    (folder / "manifest.csv").write_text("path,placement\na.csv,foot\n")
    settings = Settings(anchors=Anchors(placement="wrist"))
    assert set(placements(folder, tmp_path / "out", settings).values()) == {"wrist"}


def test_a_changed_manifest_is_followed_by_the_next_run(folder, tmp_path):
    manifest = folder / "manifest.csv"
    manifest.write_text("path,placement\na.csv,foot\n")
    placements(folder, tmp_path / "out")
    manifest.write_text("path,placement\na.csv,ankle\n")
    assert placements(folder, tmp_path / "out")["a.csv"] == "ankle"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,placement\nc.csv,foot\n", "line 2: no file 'c.csv'"),
        ("path,placement\n,foot\n", "line 2: no file ''"),
        ("path,placement\na.csv,foot\nb.csv,nose\n", "line 3: .*nose"),
        ("path,starts\na.csv,uphill\n", "line 2: 'uphill' is not a direction"),
    ],
)
def test_a_line_that_makes_no_sense_is_named_and_nothing_is_done(folder, tmp_path, text, message):
    (folder / "manifest.csv").write_text(text)
    with pytest.raises(UsageError, match=f"manifest.csv, {message}"):
        run([folder], Outputs(tmp_path / "out"))
    assert not (tmp_path / "out" / "strides.csv").exists()


def test_a_recording_may_be_called_manifest(folder, tmp_path):
    (folder / "a.csv").rename(folder / "manifest.csv")
    assert manifests_in([folder]) == {}
    assert set(placements(folder, tmp_path / "out")) == {"b.csv", "manifest.csv"}


def test_what_is_no_folder_has_no_manifest(folder):
    (folder / "manifest.csv").write_text("path\na.csv\n")
    assert manifests_in([folder / "a.csv", folder / "missing"]) == {}
    assert told(folder) == {folder / "a.csv": Anchors()}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_manifest_may_come_from_any_spreadsheet(folder, encoding):
    (folder / "manifest.csv").write_text("Path;Placement\na.csv; foot\n", encoding)
    assert told(folder) == {folder / "a.csv": Anchors(placement="foot")}
