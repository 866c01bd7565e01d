"""Whatever is wrong with the input is named with its line, all at once; nothing is guessed."""

import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retrodetect.direction import DirectionModel
from retrodetect.errors import RefusedExamples
from retrodetect.recording import Annotation
from retrodetect.training import examples as gathering
from retrodetect.training.examples import Gathered, gather, measure


@pytest.fixture
def folder(tmp_path: Path, write_walk: Callable[..., Path]) -> Path:
    """Two recordings of 20 s, of another pace each, and their labels."""
    write_walk(tmp_path / "a.csv", seconds=20.0)
    write_walk(tmp_path / "b.csv", seconds=22.0)
    labels = "start_s,end_s,direction\n0,10,forward\n10,20,backward\n"
    (tmp_path / "labels.csv").write_text(labels)
    return tmp_path


@pytest.fixture
def gathered(folder: Path, noise_model: DirectionModel) -> Callable[..., Gathered]:
    """Gather from the text of a manifest."""

    def run(manifest: str, placement: str | None = "waist", **options: object) -> Gathered:
        (folder / "m.csv").write_text(manifest)
        return gather(folder / "m.csv", noise_model, placement=placement, **options)  # type: ignore[arg-type]

    return run


@pytest.fixture
def problems(gathered: Callable[..., Gathered]) -> Callable[..., list[str]]:
    """What is refused about a manifest."""

    def run(manifest: str, **options: object) -> list[str]:
        with pytest.raises(RefusedExamples) as refused:
            gathered(manifest, **options)
        for problem in refused.value.problems:
            assert problem in str(refused.value)
        return list(refused.value.problems)

    return run


def test_a_manifest_gives_one_example_for_each_recording(gathered: Callable[..., Gathered]) -> None:
    found = gathered(
        "path,subject,labels,front,session,licence\n"
        "a.csv,anna,labels.csv,-z,monday,CC0\nb.csv,ben,labels.csv,,,\n"
    )
    anna, ben = found.examples
    assert (anna.name, anna.subject, anna.session, anna.licence) == (
        "a.csv",
        "anna",
        "monday",
        "CC0",
    )
    assert (ben.session, ben.licence, ben.front) == ("b.csv", "not stated", None)
    assert anna.front is not None
    assert anna.front.tolist() == [0, 0, -1]
    assert set(anna.strides()["truth"]) == {"forward", "backward", ""}
    assert set(anna.strides().query("truth != ''")["true_gait"]) <= {"walk", "run"}
    assert found.remarks == ()


@pytest.mark.parametrize(
    "manifest",
    [
        "path;subject;labels\na.csv;anna;labels.csv\n",
        "\ufeffPath\tSubject\tLabels\n\na.csv\tanna\tlabels.csv\n",
        'path,subject,labels,mood\n"a.csv", anna , labels.csv,"good, mostly"\n',
    ],
    ids=["semicolons", "tabs and a byte order mark", "quotes and a column of one's own"],
)
def test_a_manifest_from_any_spreadsheet_is_read(
    gathered: Callable[..., Gathered], manifest: str
) -> None:
    assert [one.subject for one in gathered(manifest).examples] == ["anna"]


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        ("path,subject,direction\ngone.csv,ben,forward\n", "m.csv, line 2: gone.csv does not"),
        ("path,subject,direction\na.csv,anna,sidewise\n", "m.csv, line 2: 'sidewise' is no"),
        ("path,subject,direction\na.csv,,forward\n", "m.csv, line 2: has no subject"),
        ("path,subject,direction\n,anna,forward\n", "m.csv, line 2: has no path"),
        ("path,subject,labels\na.csv,anna,gone.csv\n", "m.csv, line 2: labels gone.csv do not"),
        ("path,direction\na.csv,forward\n", "m.csv, line 1: column subject is missing"),
        ("path,subject,placment\na.csv,anna,foot\n", "m.csv, line 1: unknown column placment"),
        ("path,subject\na.csv,anna\n", "m.csv, line 2: the direction of a.csv is unknown"),
        ("path,subject\n", "m.csv: lists no recording"),
        (
            "path,subject,placement\na.csv,anna,knee\n",
            "m.csv, line 2: 'knee' isn't a body site; choose auto or one of foot",
        ),
        ("path,subject,front\na.csv,anna,north\n", "m.csv, line 2: 'north' is not a device axis"),
        ("path,subject,direction\nm.csv,anna,forward\n", "m.csv, line 2: "),
        (
            "path,subject,direction,labels\na.csv,anna,forward,labels.csv\n",
            "m.csv, line 2: has both a direction and labels",
        ),
        (
            "path,subject,direction\na.csv,anna,forward\n\na.csv,ben,backward\n",
            "m.csv, line 2 (a.csv) and m.csv, line 4 (a.csv): contain the same recording",
        ),
        (
            "path,subject,direction\na.csv,anna,forward\nb.csv,anna,forward\n",
            "m.csv, line 2, m.csv, line 3: no backward strides at waist",
        ),
    ],
)  # fmt: skip
def test_a_fault_of_the_manifest_is_named_with_its_line(
    problems: Callable[..., list[str]], manifest: str, problem: str
) -> None:
    assert any(found.startswith(problem) for found in problems(manifest)), problems(manifest)


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ("0,10,forward\n8,20,backward", "labels.csv, line 3: overlaps labels.csv, line 2"),
        ("0,10,forward\n10,20,backwrd", "labels.csv, line 3: 'backwrd' is not a direction"),
        ("0,10,forward\n10,99,backward", "labels.csv, line 3: 10 to 99 s is outside"),
        ("-9,10,forward\n10,20,backward", "labels.csv, line 2: -9 to 10 s is outside"),
        ("0,10,forward\n20,10,backward", "labels.csv, line 3: ends at 10 s, before it starts"),
        ("0,10,forward\n10,end,backward", "labels.csv, line 3: start_s and end_s must both"),
        ("", "labels.csv: contains no intervals"),
    ],
)
def test_a_fault_of_the_labels_is_named_with_its_line(
    folder: Path, problems: Callable[..., list[str]], labels: str, problem: str
) -> None:
    (folder / "labels.csv").write_text(f"start_s,end_s,direction\n{labels}\n")
    found = problems("path,subject,labels\na.csv,anna,labels.csv\n")
    assert any(one.startswith(problem) for one in found), found


def test_all_faults_are_named_at_once(folder: Path, problems: Callable[..., list[str]]) -> None:
    (folder / "labels.csv").write_text("start_s,end_s,direction\n0,10,up\n5,999,forward\n")
    found = problems(
        "path,subject,labels\na.csv,,labels.csv\ngone.csv,anna,labels.csv\na.csv,ben,labels.csv\n"
    )
    for part in ("no subject", "'up' is not a direction", "outside", "gone.csv", "same recording"):
        assert any(part in one for one in found), part


def test_a_copy_is_the_same_recording_under_any_name(
    folder: Path, problems: Callable[..., list[str]]
) -> None:
    import gzip

    (folder / "copy.csv.gz").write_bytes(gzip.compress((folder / "a.csv").read_bytes()))
    (problem,) = problems(
        "path,subject,labels\na.csv,anna,labels.csv\ncopy.csv.gz,ben,labels.csv\n"
    )
    assert problem.startswith("m.csv, line 2 (a.csv) and m.csv, line 3 (copy.csv.gz)")


def noted(text: str, start_s: float) -> Annotation:
    """A note pressed for a moment."""
    return Annotation(start_s, start_s, text)


def test_notes_that_name_no_direction_are_ignored_as_in_labelling_and_named(
    gathered: Callable[..., Gathered], monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = (noted("forward", 0.0), noted("hill", 9.9), noted("backward", 10.0))
    monkeypatch.setattr(
        gathering, "measure", lambda part: replace(measure(part), annotations=notes)
    )
    found = gathered("path,subject\na.csv,anna\n")
    (example,) = found.examples
    spans = example.intervals[["start_s", "end_s", "direction"]].round().to_numpy().tolist()
    assert spans == [[0.0, 10.0, "forward"], [10.0, 20.0, "backward"]]
    (remark,) = found.remarks
    assert remark == "m.csv, line 2: ignored notes that name no direction: 'hill' at 9.9 s"


def test_notes_of_which_none_names_a_direction_are_no_labels(
    problems: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        gathering, "measure", lambda part: replace(measure(part), annotations=(noted("hill", 1.0),))
    )
    (problem,) = problems("path,subject\na.csv,anna\n")
    assert problem.startswith("m.csv, line 2: the direction of a.csv is unknown; add a direction")


def test_mixed_rates_at_one_site_are_refused_until_allowed(
    folder: Path, problems: Callable[..., list[str]], gathered: Callable[..., Gathered]
) -> None:
    table = pd.read_csv(folder / "b.csv")
    table.iloc[::2].to_csv(folder / "b.csv", index=False)
    manifest = "path,subject,labels\na.csv,anna,labels.csv\nb.csv,ben,labels.csv\n"
    (problem,) = problems(manifest)
    assert "mixed rates, 100 Hz (m.csv, line 2) and 50 Hz (m.csv, line 3)" in problem
    assert len(gathered(manifest, mixed_rates=True).examples) == 2


def test_a_placement_that_nobody_told_and_no_stride_shows_is_asked_for(
    problems: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MIN_PLACEMENT", 1.1)
    (problem,) = problems("path,subject,labels\na.csv,anna,labels.csv\n", placement=None)
    assert problem == "m.csv, line 2: the placement of a.csv is unknown; add it"


def test_folders_called_after_directions_say_it(
    folder: Path, tmp_path: Path, noise_model: DirectionModel
) -> None:
    for way, name in (("forward", "a.csv"), ("Backward", "b.csv")):
        (folder / "walks" / way).mkdir(parents=True)
        shutil.move(folder / name, folder / "walks" / way / name)
    # A manifest for `label` is no recording.
    (folder / "walks" / "manifest.csv").write_text("path,placement\nforward/a.csv,waist\n")
    found = gather(folder / "walks", noise_model, placement="waist").examples
    assert {(one.name, one.subject, one.intervals["direction"].item()) for one in found} == {
        ("forward/a.csv", "wearer", "forward"),
        ("Backward/b.csv", "wearer", "backward"),
    }
    assert {one.session for one in found} == {"a.csv", "b.csv"}
    (folder / "people" / "ben").mkdir(parents=True)
    shutil.move(folder / "walks" / "forward", folder / "people" / "ben" / "forward")
    shutil.move(folder / "walks" / "Backward", folder / "people" / "ben" / "Backward")
    named = gather(folder / "people", noise_model, placement="waist").examples
    assert {one.subject for one in named} == {"ben"}
    (people,) = (folder / "people").iterdir()
    (people / "Backward" / "b.csv").rename(people / "Backward" / "a.csv")
    alike = gather(folder / "people", noise_model, placement="waist").examples
    assert {one.session for one in alike} == {"ben/a.csv"}


def test_recordings_that_did_not_change_are_not_read_again(
    folder: Path, gathered: Callable[..., Gathered], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = "path,subject,labels\na.csv,anna,labels.csv\n"
    first = gathered(manifest, cache_folder=folder / "cache")

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(gathering, "read_files", fail)
    (folder / "labels.csv").write_text("start_s,end_s,direction\n0,10,backward\n10,20,forward\n")
    again = gathered(manifest, cache_folder=folder / "cache")
    np.testing.assert_array_equal(
        first.examples[0].measured.features.scalars,
        again.examples[0].measured.features.scalars,
    )
    assert again.examples[0].intervals["direction"].tolist() == ["backward", "forward"]

    (folder / "a.csv").write_text((folder / "a.csv").read_text().replace("9", "8"))
    with pytest.raises(AssertionError, match="read again"):
        gathered(manifest, cache_folder=folder / "cache")


def test_a_refusal_travels_between_processes() -> None:
    refused = pickle.loads(pickle.dumps(RefusedExamples(["line 2: bad", "line 3"], file="m.csv")))
    assert refused.problems == ("line 2: bad", "line 3")
    assert str(refused).startswith("m.csv: nothing was done. Fix these:")


def test_a_message_lists_the_first_problems_and_counts_the_rest():
    few, many = (RefusedExamples([f"line {n}: bad" for n in range(count)]) for count in (20, 23))
    assert str(few).endswith("line 19: bad.")
    assert str(many).endswith("line 19: bad\n  and 3 more.")
    assert len(many.problems) == 23
