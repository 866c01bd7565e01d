"""Strides go to other tools and come back, and are held against a reference."""

import numpy as np
import pandas as pd
import pytest

import retrodetect as rd

WAYS = ("to_bids_events", "to_mobgap", "to_skdh")


@pytest.fixture(scope="module")
def recording(write_walk, tmp_path_factory):
    path = write_walk(tmp_path_factory.mktemp("walk") / "walk.csv", seconds=40.0)
    dated = pd.read_csv(path)
    dated["time_s"] = pd.Timestamp("2026-03-01 09:00", tz="UTC") + pd.to_timedelta(
        dated["time_s"], unit="s"
    )
    return rd.from_dataframe(dated)


@pytest.fixture(scope="module")
def result(recording, noise_model):
    return rd.label(recording, model=noise_model)


@pytest.mark.parametrize("way", WAYS)
def test_strides_come_back_as_they_went(recording, result, noise_model, way):
    there = getattr(result, way)()
    assert len(there) == len(result.strides)
    assert "p_backward" in there
    back = rd.label(recording, model=noise_model, strides=there).strides
    step_s = 0.5 / recording.rate_hz + 1e-6
    np.testing.assert_allclose(back["start_s"], result.strides["start_s"], atol=step_s)
    np.testing.assert_allclose(back["end_s"], result.strides["end_s"], atol=step_s)


def test_columns_are_those_of_the_tools(recording, result):
    strides = result.strides
    bids, mobgap, skdh = (getattr(result, way)() for way in WAYS)
    assert list(bids.columns[:3]) == ["onset", "duration", "trial_type"]
    assert set(bids["trial_type"]) <= {
        f"{gait}_{way}" for gait in ("walk", "run") for way in ("forward", "backward", "unknown")
    }
    assert mobgap.index.names == ["wb_id", "s_id"]
    np.testing.assert_allclose(
        recording.time_s[mobgap["start"]], strides["start_s"], atol=0.5 / recording.rate_hz + 1e-9
    )
    assert (skdh["Bout N"] == strides["bout"].to_numpy() + 1).all()
    at_s = recording.start_time.timestamp() + strides["start_s"]
    np.testing.assert_allclose(skdh["IC Timestamp"], at_s)


def test_a_reference_that_is_ours_agrees_throughout(result):
    truth = result.strides[["start_s", "end_s", "direction"]]
    agreed = rd.validate(result, truth)
    assert agreed.detection["sensitivity"] == agreed.detection["precision"] == 1
    assert np.abs(agreed.timing[["bias", "sd", "mean_absolute"]]).to_numpy().max() < 1e-9
    assert agreed.direction.to_numpy().sum() == len(truth)
    assert (agreed.strides["direction"] == agreed.strides["found_direction"]).all()
    assert agreed._repr_html_()


def test_bias_and_limits_are_those_of_bland_and_altman(result):
    rng = np.random.default_rng(0)
    start, end = rng.normal(0.02, 0.01, size=(2, len(result.strides)))
    truth = result.strides[["start_s", "end_s"]] - np.stack([start, end], axis=1)
    found = rd.validate(result, truth).timing
    for row, errors in (("start", start), ("end", end), ("stride_time", end - start)):
        assert found.loc[row, "bias"] == pytest.approx(errors.mean(), abs=1e-9)
        half = 1.96 * errors.std(ddof=1)
        assert found.loc[row, "upper"] - found.loc[row, "bias"] == pytest.approx(half, abs=1e-9)
        assert found.loc[row, "lower"] == pytest.approx(errors.mean() - half, abs=1e-9)


def test_missed_and_invented_strides_are_counted(result):
    ours = result.strides
    elsewhere = pd.DataFrame({"start_s": [100.0, 101.0], "end_s": [101.0, 102.0]})
    truth = pd.concat([ours[["start_s", "end_s"]][: len(ours) // 2], elsewhere])
    detection = rd.validate(result, truth).detection
    assert detection["sensitivity"] == pytest.approx((len(truth) - 2) / len(truth))
    assert detection["precision"] == pytest.approx((len(truth) - 2) / len(ours))


def test_strides_of_the_other_foot_are_found_too(result):
    contacts_s = result.contacts_s
    truth = pd.DataFrame({"start_s": contacts_s[1:-2:2], "end_s": contacts_s[3::2]})
    assert rd.validate(result, truth).detection["sensitivity"] == 1


def test_the_plot_shows_one_point_for_each_stride_found(result):
    truth = result.strides[["start_s", "end_s"]] + [0.0, 0.01]
    ax = rd.validate(result, truth).plot()
    points, bias, *_limits = ax.lines
    assert len(points.get_xdata()) == len(truth)
    assert bias.get_ydata()[0] == pytest.approx(-10)


def test_a_reference_without_strides_is_refused(result):
    with pytest.raises(rd.UsageError, match="no strides"):
        rd.validate(result, pd.DataFrame({"start_s": [], "end_s": []}))
