"""What a user of the library relies on."""

import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

import retrodetect as rd
from retrodetect.tables import SESSION_COLUMNS, STRIDE_COLUMNS

HEAVY = ("numpy", "pandas", "scipy", "sklearn", "matplotlib", "rich")


def test_every_public_name_is_there():
    for name in rd.__all__:
        assert getattr(rd, name) is not None
    assert set(rd.__all__) == set(dir(rd))
    with pytest.raises(AttributeError, match="no attribute 'guess'"):
        rd.guess  # noqa: B018


def test_the_page_of_public_names_lists_each_once():
    page = (Path(__file__).parents[1] / "docs/api.md").read_text()
    listed = re.findall(r"^\| \{py:obj\}`(\w+) <[\w.]+>` \|", page, re.M)
    assert sorted([*listed, "__version__"]) == sorted(rd.__all__)
    assert "rd.__version__" in page


@pytest.mark.parametrize("code", ["import retrodetect", "import retrodetect.cli"])
def test_importing_loads_nothing_heavy(code):
    check = f"{code}; import sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", check], capture_output=True, check=True)
    assert loaded.stdout.strip() == b"[]"


def test_help_waits_for_no_large_library():
    code = (
        "import sys; from retrodetect import cli; sys.argv = ['retrodetect', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "large = {'numpy', 'scipy', 'pandas', 'sklearn', 'joblib', 'matplotlib', 'rich'}\n"
        "assert not large & set(sys.modules), large & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)


def test_labelling_waits_for_no_large_library_but_pandas(write_walk, tmp_path):
    walk = write_walk(tmp_path / "walk.csv")
    code = (
        "import sys, retrodetect\n"
        f"assert len(retrodetect.label({str(walk)!r}).strides)\n"
        "large = {'scipy', 'sklearn', 'joblib', 'matplotlib', 'rich'}\n"
        "assert not large & set(sys.modules), large & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)


@pytest.mark.parametrize("name", ["features", "tally"])
@pytest.mark.parametrize("first", ["import retrodetect.{0}", "retrodetect.{0}", "pass"])
def test_a_function_wins_over_the_stage_of_its_name(name, first):
    code = (
        f"import retrodetect; {first.format(name)}\n"
        "import retrodetect.direction, retrodetect.runs.batch\n"
        f"from retrodetect.{name} import __all__\n"
        f"print(type(retrodetect.{name}).__name__)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert shown.stdout.strip() == b"function"


def test_read_label_tally(tmp_path, write_walk, noise_model):
    recording = rd.read(write_walk(tmp_path / "walk.csv"))
    strides = rd.label(recording, model=noise_model).strides
    assert tuple(strides.columns) == STRIDE_COLUMNS
    assert len(strides) > 5
    assert set(strides["direction"]) <= {"forward", "backward", "unknown"}
    assert set(strides["gait"]) <= {"walk", "run"}
    assert strides["p_backward"].between(0, 1).all()
    assert (strides["stride"] == np.arange(len(strides))).all()
    assert (strides["reason"] == "").equals(strides["direction"] != "unknown")
    assert set(rd.tally(strides).index) <= set(SESSION_COLUMNS)


def test_a_recording_without_gait_gives_an_empty_typed_table(noise_model):
    still = rd.Recording(
        "still", np.arange(500) / 50, np.tile([0.0, 0.0, 9.81], (500, 1)), 50.0, "made"
    )
    walked = rd.label(still, model=noise_model).strides
    assert tuple(walked.columns) == STRIDE_COLUMNS
    assert len(walked) == 0
    assert walked["start_s"].dtype == float
    assert rd.tally(walked)["strides"] == 0


@pytest.mark.parametrize(
    ("zone", "ending"), [(None, ""), (timezone(timedelta(hours=2)), "+02:00")], ids=["no", "+2"]
)
def test_strides_carry_the_wall_clock_in_the_zone_of_the_recording(
    tmp_path, write_walk, noise_model, zone, ending
):
    start = datetime(2026, 3, 1, 9, 0, 0, tzinfo=zone)
    recording = rd.read(write_walk(tmp_path / "walk.csv")).with_(start_time=start)
    strides = rd.label(recording, model=noise_model).strides
    text = strides["start_time"][0]
    passed_s = (datetime.fromisoformat(text) - start).total_seconds()
    assert passed_s == pytest.approx(strides["start_s"][0], abs=0.001)
    assert text[len("2026-03-01T09:00:00.000") :] == ending


def test_a_file_with_several_recordings_is_refused_by_read_but_not_by_read_all(
    tmp_path, write_walk
):
    write_walk(tmp_path / "two" / "a.csv")
    write_walk(tmp_path / "two" / "b.csv")
    with pytest.raises(rd.InputError, match=r"contains 2 recordings .*use retrodetect.read_all"):
        rd.read(tmp_path / "two")
    assert [one.name for one in rd.read_all(tmp_path / "two")] == ["a.csv", "b.csv"]


def test_reading_options_reach_the_reader(tmp_path, write_walk):
    path = write_walk(tmp_path / "walk.csv")
    as_told = rd.read(path, unit="g")
    as_found = rd.read(path)
    ratio = np.abs(as_told.acceleration_mps2).mean() / np.abs(as_found.acceleration_mps2).mean()
    assert ratio == pytest.approx(9.80665)
    with pytest.raises(rd.UsageError, match="furlong"):
        rd.read(path, unit="furlong")


def test_wrong_anchors_are_usage_errors(noise_model, tmp_path, write_walk):
    recording = rd.read(write_walk(tmp_path / "walk.csv"))
    with pytest.raises(rd.UsageError, match="knee"):
        rd.label(recording, model=noise_model, placement="knee")
    with pytest.raises(rd.UsageError, match="front"):
        rd.label(recording, model=noise_model, front="north")
