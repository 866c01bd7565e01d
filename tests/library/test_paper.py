"""The methods paragraph holds what the results hold."""

import pytest

import retrodetect as rd
from retrodetect.tally import words


def test_the_paragraph_names_version_model_and_counts(write_walk, tmp_path, noise_model):
    result = rd.label(write_walk(tmp_path / "walk.csv"), model=noise_model)
    text = rd.methods(result)
    assert f"with retrodetect {rd.__version__} (model noise). We analysed 1 recording (" in text
    assert f"({result.session['duration_s'] / 60:.1f} min in total, sampled at" in text
    assert f"Of {len(result.strides)} strides" in text
    assert ("backward share of labelled strides was" in text) == bool(
        result.session["forward_strides"] + result.session["backward_strides"]
    )


def test_the_share_of_one_recording_has_the_digits_that_its_interval_supports(write_walk, tmp_path):
    walk = write_walk(tmp_path / "walk.csv")
    result = rd.label(walk, placement="belly", front="+x", forward=[(0, 99)])
    share, ends = words.share(result.session), words.interval(result.session)
    assert f"labelled strides was {share} (95% interval {ends}; the" in rd.methods(result)


def test_recordings_that_could_not_be_used_are_told(write_walk, tmp_path, stored_model):
    write_walk(tmp_path / "in" / "a.csv")
    (tmp_path / "in" / "empty.csv").write_text("")
    results = list(rd.label_many(tmp_path / "in", model=stored_model))
    assert "We excluded 1 recording that could not be used." in rd.methods(results)
    with pytest.raises(rd.UsageError, match="no recording was labelled"):
        rd.methods(result for result in results if result.error)
