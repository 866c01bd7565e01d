"""Label, measure and draw one recording, however it is given."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

import retrodetect as rd
from retrodetect.features.catalogue import FREE_FEATURES, GYRO_SCALARS, SITE_SCALARS, VECTORS
from retrodetect.lab.simulate import PERFECT, parse_plan, walk, wear
from retrodetect.labelling import NO_LENGTHS, UNFIT_GYROSCOPE
from retrodetect.tables import SESSION_COLUMNS, STRIDE_COLUMNS


@pytest.fixture(scope="module")
def path(write_walk, tmp_path_factory):
    return write_walk(tmp_path_factory.mktemp("walk") / "walk.csv", seconds=30.0)


@pytest.fixture(scope="module")
def result(path, noise_model):
    return rd.label(path, model=noise_model)


def test_path_recording_and_frame_give_the_same_strides(path, result, noise_model):
    frame = pd.read_csv(path)
    for source in (str(path), rd.read(path), frame, frame.set_index("time_s")):
        strides = rd.label(source, model=noise_model).strides
        pd.testing.assert_frame_equal(
            strides.drop(columns="recording"), result.strides.drop(columns="recording")
        )
    with pytest.raises(rd.UsageError, match=r"ndarray is not a recording; .*rd\.from_arrays"):
        rd.label(frame.to_numpy())


def test_what_an_error_advises_can_be_passed_to_the_function_that_raised_it(
    path, result, noise_model, tmp_path
):
    readings = pd.read_csv(path)[["x", "y", "z"]]
    readings.to_csv(tmp_path / "no_clock.csv", index=False)
    for function in (
        rd.inspect,
        rd.features,
        lambda source, **more: rd.label(source, model=noise_model, **more),
    ):
        with pytest.raises(rd.RefusedRecording, match="rate_hz="):
            function(tmp_path / "no_clock.csv")
        function(tmp_path / "no_clock.csv", rate_hz=100)
    with pytest.raises(rd.UsageError, match="already read: unit would have no effect"):
        rd.label(rd.read(path), unit="g")


def test_an_error_shows_columns_as_python_writes_them(tmp_path):
    (tmp_path / "odd.csv").write_text("a,b\n" + "".join(f"{i},{2 * i}\n" for i in range(99)))
    with pytest.raises(rd.RefusedRecording, match=r"columns=\{'time': 'T', 'x': 'A'"):
        rd.label(tmp_path / "odd.csv")


def test_a_result_holds_the_rows_of_both_tables(result):
    assert tuple(result.strides.columns) == STRIDE_COLUMNS
    assert tuple(result.session.index) == SESSION_COLUMNS
    assert result.error is None
    assert result.session["strides"] == len(result.strides)
    assert result.told_apart_by == result.strides.attrs["told_apart_by"]
    assert result.naming == pytest.approx(result.strides.attrs["naming"], nan_ok=True)
    tallied = rd.tally(result.strides).astype(float)
    pd.testing.assert_series_equal(
        result.session[tallied.index].astype(float), tallied, check_names=False
    )


@pytest.mark.parametrize(
    "hint", [{"starts": "forward"}, {"front": "+x"}, {"forward": [(0, 0.4)]}], ids=str
)
def test_a_recording_without_strides_has_none_whatever_is_said_of_it(
    tmp_path, write_walk, noise_model, hint
):
    short = write_walk(tmp_path / "short.csv", 0.5)
    result = rd.label(short, model=noise_model, placement="waist", **hint)
    assert result.session["status"] == "no_gait"


@pytest.mark.parametrize("sign", [1, -1], ids=["fits", "reversed"])
def test_a_gyroscope_that_leans_against_gravity_is_left_out_and_said_to_be(
    tmp_path, write_walk, noise_model, sign
):
    walk = pd.read_csv(write_walk(tmp_path / "walk.csv", seconds=60.0))
    time_s, force_mps2 = walk["time_s"].to_numpy(), walk[["x", "y", "z"]].to_numpy()
    lean_rad = np.outer(0.08 * np.sin(1.9 * time_s), [1, 0, 0])
    leaning = rd.from_arrays(
        Rotation.from_rotvec(-lean_rad).apply(force_mps2),
        time_s=time_s,
        gyroscope=sign * np.gradient(lean_rad, time_s, axis=0),
    )
    result = rd.label(leaning, model=noise_model)
    assert len(result.strides) > 40
    assert (UNFIT_GYROSCOPE in result.strides.attrs["warnings"]) == (sign < 0)


@pytest.mark.parametrize(("size", "warned"), [(1.0, False), (0.5, True)], ids=["fits", "half"])
def test_a_foot_that_never_stands_still_by_its_gyroscope_has_no_lengths_and_that_is_said(
    noise_model, size, warned
):
    session = walk(parse_plan("stand 3s, walk forward 15s 1.3m/s, stand 3s"), seed=3)
    worn = wear(session, "foot", rate_hz=100.0, errors=PERFECT, seed=3)
    foot = replace(worn, angular_rate_radps=size * worn.angular_rate_radps)
    result = rd.label(foot, model=noise_model, placement="foot")
    assert result.strides["stride_length_m"].isna().all() == warned
    assert (NO_LENGTHS in result.strides.attrs["warnings"]) == warned


def test_a_notebook_shows_figures_and_a_timeline(result):
    html = result._repr_html_()
    assert "walk.csv" in html
    assert html.count("<rect") >= 1
    assert f"<td>{len(result.strides)}</td>" in html
    assert repr(result).startswith("<Result of walk.csv: ")


def test_a_name_cannot_inject_html(path, noise_model):
    recording = rd.read(path).with_(name="<script>")
    assert "<script>" not in rd.label(recording, model=noise_model)._repr_html_()


def test_a_plot_shows_the_signal_the_contacts_and_every_stride_of_the_stretch(result):
    ax = result.plot(start_s=5.0, end_s=15.0)
    signal, contacts = ax.lines
    inside = (result.contacts_s >= 5) & (result.contacts_s < 15)
    np.testing.assert_array_equal(contacts.get_xdata(), result.contacts_s[inside])
    assert len(signal.get_xdata()) == 1000
    assert ax.get_xlim() == (5.0, 15.0)
    shown = (result.strides["end_s"] > 5) & (result.strides["start_s"] < 15)
    assert sum(len(bars.get_paths()) for bars in ax.collections) == shown.sum()
    assert result.plot(ax=ax) is ax
    with pytest.raises(rd.UsageError, match="the recording ends at 30 s"):
        result.plot(start_s=90.0)


def test_every_catalogue_feature_has_a_column_and_a_row_of_facts(path, result):
    table, info = rd.features(path, vectors=True), rd.feature_info()
    assert len(table) == len(result.strides)
    for column in ("stride", "bout", "start_s", "end_s"):
        np.testing.assert_array_equal(table[column], result.strides[column])
    plain = rd.features(path)
    assert list(plain.columns[6:]) == [
        *FREE_FEATURES,
        *(one.name for one in (*SITE_SCALARS, *GYRO_SCALARS)),
    ]
    vectors = ["up", *(one.name for one in VECTORS)]
    columns = [f"{name}_{axis}" for name in vectors for axis in "xyz"]
    assert list(table.columns) == [*plain.columns, *columns]
    assert list(info.index) == [*plain.columns[6:], *vectors]
    assert not info.isna().to_numpy().any()
    assert not (info == "").to_numpy().any()


def test_given_strides_are_labelled_and_measured_instead_of_ours(path, result, noise_model):
    ours = result.strides
    given = pd.DataFrame({"start_s": ours["start_s"] + 0.05, "end_s": ours["end_s"] + 0.05})
    again = rd.label(path, model=noise_model, strides=given[::-1])
    np.testing.assert_allclose(again.strides["start_s"], given["start_s"])
    np.testing.assert_allclose(rd.features(path, strides=given)["end_s"], given["end_s"])
    same = rd.label(path, model=noise_model, strides=ours[["start_s", "end_s"]]).strides
    np.testing.assert_allclose(same["p_backward"], ours["p_backward"], atol=1e-6)


def test_given_strides_outside_the_recording_are_counted(path, noise_model):
    given = pd.DataFrame({"start_s": [5.0, 6.0, 500.0], "end_s": [6.0, 7.0, 501.0]})
    found = rd.label(path, model=noise_model, strides=given)
    assert len(found.strides) == 2
    assert any("left out 1 of 3 given strides" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("strides", "answer"),
    [
        ({"begin": [1.0], "end": [2.0]}, "rename the columns"),
        ({"start_s": [2.0], "end_s": [1.0]}, "doesn't end after it starts"),
        ({"start_s": [np.nan], "end_s": [1.0]}, "drop its row"),
    ],
)
def test_strides_that_make_no_sense_are_refused(path, strides, answer):
    with pytest.raises(rd.UsageError, match=answer):
        rd.features(path, strides=pd.DataFrame(strides))


def test_inspect_says_what_was_understood(path):
    assert rd.inspect(path)["unit"]["ground"] in ("stated", "measured")
    assert rd.inspect(pd.read_csv(path))["samples"] == 3000


@pytest.mark.parametrize("given", ["5:00-6:00", [5, 6], [(1, 2, 3)]])
def test_stretches_that_are_no_pairs_are_refused_in_a_sentence(path, given):
    with pytest.raises(rd.UsageError, match="is not a list of stretches; give pairs of seconds"):
        rd.label(path, forward=given)
