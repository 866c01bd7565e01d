"""Every guess can be overridden, and says on what ground it stands."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retrodetect.errors import RefusedRecording, UnreadableFile, UsageError
from retrodetect.formats import ReadOptions, describe, read
from retrodetect.recording import Recording

from .reexport import G, Style, walk, write

WALK = walk()


def reread(tmp_path: Path, data: bytes | str, **options: object) -> Recording:
    path = tmp_path / "walk.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    (recording,) = read(path, options=ReadOptions(**options))  # type: ignore[arg-type]
    return recording


def facts(recording: Recording) -> dict[str, tuple[str, str]]:
    return {found.topic: (found.value, found.ground) for found in recording.findings}


def test_without_options_every_conclusion_has_its_ground(tmp_path: Path) -> None:
    found = facts(reread(tmp_path, write(WALK, Style(is_unit_stated=False))))
    grounds = {topic: ground for topic, (_, ground) in found.items()}
    assert grounds == {
        "columns": "stated", "unit": "measured", "gravity": "measured", "sign": "assumed",
        "clock": "measured",
    }  # fmt: skip


def test_unit(tmp_path: Path) -> None:
    recording = reread(tmp_path, write(WALK, Style()), unit="g")
    np.testing.assert_allclose(recording.acceleration_mps2, WALK.acceleration_mps2 * G, rtol=1e-4)
    assert facts(recording)["unit"] == ("g", "given")


def test_sign(tmp_path: Path) -> None:
    for sign, factor in (("+", 1), ("-", -1)):
        recording = reread(tmp_path, write(WALK, Style()), sign=sign)
        expected = factor * WALK.acceleration_mps2
        np.testing.assert_allclose(recording.acceleration_mps2, expected, atol=1e-5)
        assert facts(recording)["sign"][1] == "given"


def test_gravity(tmp_path: Path) -> None:
    recording = reread(tmp_path, write(WALK, Style()), gravity="linear")
    assert recording.gravity == "linear"
    assert facts(recording)["gravity"] == ("linear", "given")


def test_rate_sets_the_clock_aside(tmp_path: Path) -> None:
    recording = reread(tmp_path, write(WALK, Style()), rate_hz=40.0)
    assert recording.rate_hz == 40
    np.testing.assert_allclose(np.diff(recording.time_s), 0.025)
    assert facts(recording)["clock"][1] == "given"


def test_columns_by_name_and_by_number(tmp_path: Path) -> None:
    data = write(WALK, Style(names=("when", "left", "up", "front"), is_unit_stated=False))
    with pytest.raises(RefusedRecording, match="no acceleration"):
        reread(tmp_path, data)
    by_name = {"time": "when", "x": "left", "y": "up", "z": "front"}
    by_number = {"time": "1", "x": "2", "y": "3", "z": "4"}
    for columns in (by_name, by_number):
        recording = reread(tmp_path, data, columns=columns)
        np.testing.assert_allclose(recording.acceleration_mps2, WALK.acceleration_mps2, atol=1e-5)
        assert facts(recording)["columns"] == ("left, up, front", "given")


def test_counts_without_names_need_to_be_told_everything(tmp_path: Path) -> None:
    counts = np.round(WALK.acceleration_mps2 / G * 256).astype(int)
    data = "\n".join(f"{x:4d},{y:4d},{z:4d}, 12" for x, y, z in counts)
    with pytest.raises(RefusedRecording, match="no column names"):
        reread(tmp_path, data)
    recording = reread(
        tmp_path, data, columns={"x": "1", "y": "2", "z": "3"}, unit="g/256", rate_hz=50.0
    )
    np.testing.assert_allclose(recording.acceleration_mps2, WALK.acceleration_mps2, atol=0.03)


def test_named_counts_of_a_binary_range_are_assumed(tmp_path: Path) -> None:
    counts = np.round(WALK.acceleration_mps2 / G * 4096).astype(int)
    lines = [f"{ns},{x},{y},{z}" for ns, (x, y, z) in zip(WALK.time_ns, counts, strict=True)]
    recording = reread(tmp_path, "\n".join(["time_ns,acc_x,acc_y,acc_z", *lines]))
    np.testing.assert_allclose(recording.acceleration_mps2, WALK.acceleration_mps2, atol=0.01)
    assert facts(recording)["unit"][1] == "assumed"


def test_a_stated_unit_that_the_readings_belie_is_put_right_and_told(tmp_path: Path) -> None:
    data = write(WALK, Style(unit="g")).replace(b"(g)", b"(m/s^2)")
    recording = reread(tmp_path, data)
    np.testing.assert_allclose(recording.acceleration_mps2, WALK.acceleration_mps2, atol=1e-4)
    assert facts(recording)["unit"][1] == "measured"
    assert any("1 g in g" in warning for warning in recording.warnings)


def test_readings_that_nothing_calls_acceleration_need_gravity_to_show_it(tmp_path: Path) -> None:
    moving = WALK.acceleration_mps2 - WALK.acceleration_mps2.mean(axis=0)
    lines = [
        f"{ns},{x:.5f},{y:.5f},{z:.5f}" for ns, (x, y, z) in zip(WALK.time_ns, moving, strict=True)
    ]
    data = "\n".join(["time,x,y,z", *lines])
    with pytest.raises(RefusedRecording, match="nothing shows"):
        reread(tmp_path, data)
    assert reread(tmp_path, data, gravity="linear").gravity == "linear"


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit": "furlong"}, {"unit": "g/0"}, {"sign": "up"}, {"gravity": "some"},
        {"rate_hz": 0.0}, {"rate_hz": -5.0}, {"columns": {"x": "a"}},
        {"columns": {"x": "a", "y": "b", "z": "c", "w": "d"}},
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused_at_once(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        ReadOptions(**wrong)  # type: ignore[arg-type]


def test_columns_are_written_as_on_the_command_line() -> None:
    assert ReadOptions.parse_columns("time=t, x=a,y=b,z=c") == {
        "time": "t", "x": "a", "y": "b", "z": "c",
    }  # fmt: skip
    for damaged in ("time", "", "time=t,,x=a,y=b,z=c", "time=t,x=a,y=b,z="):
        with pytest.raises(UsageError, match="cannot be read"):
            ReadOptions.parse_columns(damaged)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"unit": "mg"}, "--unit mg does not fit its readings"),
        ({"unit": "m/s2"}, ""),
        ({"gravity": "linear"}, "--gravity linear does not fit its readings (mean vector 1.0"),
        ({"gravity": "total"}, ""),
    ],
)
def test_words_that_the_readings_belie_are_told(
    tmp_path: Path, told: dict[str, str], words: str
) -> None:
    said = "; ".join(reread(tmp_path, write(WALK, Style()), **told).warnings)
    assert words in said
    assert bool(words) == ("does not fit" in said)


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="'up'") as caught:
        reread(tmp_path, write(WALK, Style()), columns={"x": "x", "y": "up", "z": "z"})
    assert '"time", "x (m/s2)"' in str(caught.value)


CLOCKS = {
    # Header of the clock, its cells from the second of a row; what is said of it, and the ground.
    "seconds": ("time (s)", "{0:.2f}", "time (s): s, relative", "stated"),
    "without a unit": ("time", "{0:.2f}", "time: s, relative", "measured"),
    "since 1970": ("time", "{1:.0f}", "time: ms since 1970", "measured"),
    "local": ("time", "2026-03-01 11:22:{2:06.3f}", "time: ns, local time", "stated"),
    "with a zone": ("time", "2026-03-01T11:22:{2:06.3f}Z", "time: ns since 1970", "stated"),
    "swapped": ("time", "01/03/2026 11:22:{2:06.3f}",
                "time (day and month could be swapped): ns, local time", "stated"),
    "an uptime": ("time", "{3:.2f}", "time: s, relative, counted from its first row at 5000.0 s",
                  "measured"),
    "days": ("time", "{4:.9f}", "time: ticks of 86400 s, relative", "measured"),
    "a counter": ("index", "{5:.0f}", "counter counted at 50 Hz", "stated"),
    "no clock": ("weight", "81", "rows counted at 50 Hz", "stated"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CLOCKS)
def test_how_the_clock_was_read_is_told(tmp_path: Path, kind: str) -> None:
    name, cell, said, ground = CLOCKS[kind]
    lines = [
        ",".join([cell.format(s, 1.7e12 + 1e3 * s, s + 15, s + 5000, s / 86_400, 50 * s),
                  *(f"{value:.4f}" for value in row)])
        for s, row in zip((WALK.time_ns / 1e9).tolist(), WALK.acceleration_mps2, strict=True)
    ]  # fmt: skip
    head = ["# 50 Hz"] if kind in ("a counter", "no clock") else []
    recording = reread(tmp_path, "\n".join([*head, f"{name},ax,ay,az", *lines]))
    assert facts(recording)["clock"] == (said, ground)


@pytest.mark.parametrize("jitter_ms", [0.5, 1.0, 2.0])
def test_jitter_is_the_standard_deviation_of_the_steps(tmp_path: Path, jitter_ms: float) -> None:
    steps_s = np.random.default_rng(0).normal(0.02, jitter_ms / 1000, 999)
    steps_s[500] = 1.234567
    stamps = zip(np.append(0, np.cumsum(steps_s)), WALK.acceleration_mps2, strict=True)
    lines = [f"{s:.6f},{x:.4f},{y:.4f},{z:.4f}" for s, (x, y, z) in stamps]
    shown = describe(reread(tmp_path, "\n".join(["time,ax,ay,az", *lines])))
    assert shown["jitter_ms"] == pytest.approx(jitter_ms, rel=0.1)
    assert shown["gaps_s"] == 1.235
    for name in ("jitter_ms", "rate_hz", "duration_s", "mean_g"):
        assert shown[name] == round(shown[name], 3)


def test_mean_g_is_that_of_gravity_however_the_device_turns(tmp_path: Path) -> None:
    half = len(WALK.time_ns) // 2
    sign = np.where(np.arange(len(WALK.time_ns)) < half, 1, -1)[:, None]
    turned = replace(WALK, acceleration_mps2=sign * WALK.acceleration_mps2)
    assert describe(reread(tmp_path, write(turned, Style())))["mean_g"] == pytest.approx(1, abs=0.1)


def test_what_inspect_shows_is_ready_for_json(tmp_path: Path) -> None:
    import json

    shown = json.loads(json.dumps(describe(reread(tmp_path, write(WALK, Style())))))
    assert shown["format"] == "plain"
    assert shown["rate_hz"] == pytest.approx(50)
    assert shown["gaps"] == 0
    assert shown["unit"] == {"value": "m/s2", "ground": "stated"}
    assert shown["sign"]["ground"] == "assumed"


@pytest.mark.parametrize("name", ["pocket_hill_repeats", "wrist_walk_with_turns"])
def test_notes_that_a_given_rate_leaves_without_a_clock_are_said_to_be_left_out(name: str) -> None:
    path = Path(__file__).parents[2] / f"data/examples/simulated_{name}.zip"
    (timed,), (counted,) = read(path), read(path, options=ReadOptions(rate_hz=50))
    warning = "left out the app's notes: not on the accelerometer's clock"
    assert bool(timed.annotations) == (warning in counted.warnings)
    assert not counted.annotations
    assert warning not in timed.warnings
