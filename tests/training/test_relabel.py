"""A model's guess becomes labels that training takes back."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from retrodetect.direction import DirectionModel
from retrodetect.errors import UsageError
from retrodetect.training.examples import gather
from retrodetect.training.manifest import intervals_of, write_labels

STRIDES = pd.DataFrame(
    {
        "recording": "walk.csv",
        "bout": [0, 0, 0, 0, 1, 1],
        "start_s": [1.0, 2.0, 2.98, 4.0, 9.0, 10.0],
        "end_s": [2.0, 3.0, 4.0, 5.0, 10.0, 11.0],
        "direction": ["forward", "forward", "backward", "backward", "unknown", "backward"],
    }
)


def test_neighbours_that_go_the_same_way_become_one_interval() -> None:
    assert intervals_of(STRIDES).to_numpy().tolist() == [
        [1.0, 3.0, "forward"],
        [3.0, 5.0, "backward"],
        [9.0, 10.0, "unknown"],
        [10.0, 11.0, "backward"],
    ]


def test_no_strides_give_no_interval() -> None:
    assert intervals_of(STRIDES[:0]).empty


def test_labels_are_taken_back_and_a_correction_is_kept(
    tmp_path: Path, write_walk: Callable[..., Path], noise_model: DirectionModel
) -> None:
    path = write_walk(tmp_path / "in" / "walk.csv")
    sessions = pd.DataFrame({"recording": ["walk.csv"], "placement": ["waist"]})

    def written() -> list[str]:
        manifest = write_labels(STRIDES, sessions, {"walk.csv": path}, tmp_path / "out")
        (example,) = gather(manifest, noise_model, both_ways=False).examples
        assert (example.placement, example.subject) == ("waist", "wearer")
        return example.intervals["direction"].tolist()

    assert written() == ["forward", "backward", "unknown", "backward"]
    labels = tmp_path / "out" / "labels" / "walk.csv.csv"
    labels.write_text(labels.read_text().replace("unknown", "forward"))
    assert written() == ["forward", "backward", "forward", "backward"]


def test_recordings_without_a_file_of_their_own_are_left_out(tmp_path: Path) -> None:
    sessions = pd.DataFrame({"recording": ["walk.csv"], "placement": ["trunk?"]})
    manifest = write_labels(STRIDES, sessions, {}, tmp_path)
    assert manifest.read_text() == "path,subject,labels,placement\n"


def test_what_was_written_into_the_manifest_is_kept(
    tmp_path: Path, write_walk: Callable[..., Path]
) -> None:
    sessions = pd.DataFrame({"recording": ["walk.csv"], "placement": ["waist"]})
    paths = {"walk.csv": write_walk(tmp_path / "in" / "walk.csv")}
    manifest = write_labels(STRIDES, sessions, paths, tmp_path)
    mine = manifest.read_text().replace("wearer", "me")
    manifest.write_text(mine)
    write_labels(STRIDES, sessions, paths, tmp_path)
    assert manifest.read_text() == mine


def test_another_manifest_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("path,subject,direction\n")
    sessions = pd.DataFrame({"recording": ["walk.csv"], "placement": ["waist"]})
    with pytest.raises(UsageError, match="was not overwritten"):
        write_labels(STRIDES, sessions, {}, tmp_path)
