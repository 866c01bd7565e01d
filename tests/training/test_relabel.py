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


@pytest.mark.parametrize(
    ("told", "written"), [("waist", "waist"), ("trunk?", ""), ("unknown", ""), (None, "")]
)
def test_a_site_that_was_only_inferred_is_left_to_the_wearer(
    tmp_path: Path, told: str | None, written: str
) -> None:
    sessions = pd.DataFrame({"recording": ["walk.csv", "gone.csv"], "placement": [told, "foot"]})
    strides = pd.concat([STRIDES, STRIDES.assign(recording="gone.csv")], ignore_index=True)
    paths = {"walk.csv": tmp_path / "walk.csv"}
    manifest = write_labels(strides, sessions[int(told is None) :], paths, tmp_path / "out")
    header, *rows = manifest.read_text().splitlines()
    assert header == "path,subject,labels,placement"
    assert rows == [f"{tmp_path / 'walk.csv'},wearer,labels/walk.csv.csv,{written}"]
    labels = [path.name for path in (tmp_path / "out" / "labels").iterdir()]
    assert labels == ["walk.csv.csv"]


def test_a_stretch_that_lies_within_the_one_before_is_none() -> None:
    nested = STRIDES[1:4].assign(
        end_s=[3.5, 3.4, 5.0], direction=["forward", "backward", "forward"]
    )
    assert intervals_of(nested).to_numpy().tolist() == [
        [2.0, 3.5, "forward"],
        [4.0, 5.0, "forward"],
    ]
    thirds = STRIDES[:1].assign(start_s=1 / 3, end_s=2 / 3)
    assert intervals_of(thirds).to_numpy().tolist() == [[0.33, 0.67, "forward"]]


def test_another_manifest_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("path,subject,direction\n")
    sessions = pd.DataFrame({"recording": ["walk.csv"], "placement": ["waist"]})
    with pytest.raises(UsageError, match="was not overwritten"):
        write_labels(STRIDES, sessions, {}, tmp_path)
