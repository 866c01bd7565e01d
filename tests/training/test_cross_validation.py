"""Cross-validation scores whole groups that the classifier did not see."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks.own_classifier import SHOWN, real_feet, scores
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

import retrodetect as rd
from retrodetect.training.cross_validation import _directions


@pytest.fixture(scope="module")
def strides():
    """Six wearers, each with a feature that tells directions faintly."""
    rng = np.random.default_rng(0)
    way = np.tile(np.repeat(["forward", "backward"], 20), 6)
    table = pd.DataFrame({"feature": rng.normal(size=240) + (way == "forward")})
    table["recording"] = [f"{i // 40}.csv" for i in range(240)]
    return table, way, np.repeat(list("abcdef"), 40)


def test_scores_are_those_of_scikit_learn(strides):
    table, way, wearer = strides
    validated = rd.cross_validate(LogisticRegression(), table[["feature"]], way, groups=wearer)
    expected = cross_val_score(
        LogisticRegression(), table[["feature"]], way, groups=wearer, cv=LeaveOneGroupOut(),
        scoring="balanced_accuracy",
    )  # fmt: skip
    assert list(validated.scores.index) == [*"abcdef", "all"]
    np.testing.assert_allclose(validated.scores["balanced_accuracy"][:-1], expected)
    every, predicted = validated.scores.loc["all"], validated.strides["direction"]
    assert every["balanced_accuracy"] == balanced_accuracy_score(way, predicted)
    assert every["recall_backward"] == recall_score(way, predicted, pos_label="backward")
    assert every["f1_backward"] == f1_score(way, predicted, pos_label="backward")
    false_backward = ((way == "forward") & (predicted == "backward")).sum()
    assert every["false_backward_per_1000"] == 1000 * false_backward / (way == "forward").sum()
    assert every["unknown"] == 0
    assert validated.scores.attrs["intervals_over"] == "groups"
    assert (every["f1_backward_low"] < every["f1_backward"] < every["f1_backward_high"]).all()


def test_below_the_threshold_a_direction_is_unknown(strides):
    table, way, wearer = strides
    validated = rd.cross_validate(
        LogisticRegression(), table[["feature"]], way, groups=wearer, threshold=0.7
    )
    sure = np.abs(validated.strides["p_backward"] - 0.5) >= 0.2
    assert 0 < sure.mean() < 1
    assert ((validated.strides["direction"] == "unknown") == ~sure).all()
    assert validated.scores.loc["all", "unknown"] == pytest.approx(1 - sure.mean())


def test_no_stride_is_predicted_by_what_saw_its_group(strides):
    table, way, wearer = strides
    memory = KNeighborsClassifier(1)
    recalled = memory.fit(table[["feature"]], way).score(table[["feature"]], way)
    held_out = rd.cross_validate(memory, table[["feature"]], way, groups=wearer, cv=GroupKFold(3))
    assert recalled == 1
    assert held_out.scores.loc["all", "balanced_accuracy"] < 0.75


def test_a_decoder_calibrates_on_the_groups_that_are_left(strides):
    table, way, wearer = strides
    decoder = rd.SessionDecoder(LogisticRegression())
    validated = rd.cross_validate(decoder, table, way, groups=wearer)
    left = wearer != "a"
    alone = decoder.fit(table[left], way[left], groups=wearer[left])
    np.testing.assert_allclose(
        validated.strides["p_backward"][~left], alone.predict_proba(table[~left])[:, 0]
    )


def test_classifiers_without_probabilities_are_scored_too(strides):
    table, way, wearer = strides
    validated = rd.cross_validate(LinearSVC(), table[["feature"]], way, groups=wearer)
    assert validated.strides["p_backward"].isna().all()
    assert 0.6 < validated.scores.loc["all", "balanced_accuracy"] < 0.8
    assert "balanced_accuracy" in validated._repr_html_()


def test_few_groups_get_intervals_over_recordings():
    truth = np.tile(["forward", "backward"], 30)
    called = np.where(np.arange(60) < 10, "backward", truth)
    recordings = np.repeat(np.arange(6), 10)
    scores = rd.score(truth, called, groups=np.repeat([0, 1], 30), recordings=recordings)
    assert scores.attrs["intervals_over"] == "recordings"
    assert 0 < scores.loc["all", "balanced_accuracy_low"] < scores.loc["all", "balanced_accuracy"]
    without = rd.score(truth, called, groups=np.repeat([0, 1], 30))
    assert np.isnan(without.loc["all", "balanced_accuracy_low"])


def test_mistakes_are_named(strides):
    table, way, _ = strides
    with pytest.raises(rd.UsageError, match="only one group"):
        rd.cross_validate(LogisticRegression(), table, way, groups=np.zeros(240))
    with pytest.raises(rd.UsageError, match="the truth holds 'left'"):
        rd.score(["left"], ["forward"], groups=["a"])


def test_real_feet_get_the_scores_that_the_page_shows(shared):
    feet = real_feet(shared / "datasets")
    page = (Path(__file__).parents[2] / "docs/own-classifier.md").read_text()
    for decoder, decoded in (("no", False), ("yes", True)):
        found = re.search(rf"^\| `StrideClassifier` \| {decoder} \| (.+) \|$", page, re.M)
        shown = [float(cell.split()[0]) for cell in found[1].split(" | ")]
        every = scores(feet, "`StrideClassifier`", decoded=decoded).loc["all"]
        assert every["strides"] == 372
        for name, value in zip(SHOWN, shown, strict=True):
            assert every[name] == pytest.approx(value, abs=5 if "1000" in name else 0.01)


def test_a_direction_is_named_from_the_threshold_on():
    p_backward = np.array([0.0, 0.2, 0.3, 0.5, 0.6, 0.8, 1.0])
    named = _directions(p_backward, 0.8).tolist()
    assert named == ["forward", "forward", *["unknown"] * 3, "backward", "backward"]
    # Of even odds, neither is likelier; below them, every stride is named.
    assert _directions(p_backward, 0.5).tolist() == ["forward"] * 4 + ["backward"] * 3


def test_a_score_has_a_row_for_each_group_and_one_for_all():
    scores = rd.score(
        ["forward", "backward", "backward", "forward"],
        ["forward", "backward", "unknown", "backward"],
        groups=[2, 1, 1, 2],
    )
    assert scores["strides"].to_dict() == {"1": 2, "2": 2, "all": 4}
    assert scores["unknown"].to_dict() == {"1": 0.5, "2": 0.0, "all": 0.25}
    assert scores["wrong"].to_dict() == {"1": 0.0, "2": 0.5, "all": 0.25}
    assert scores.index.name == "group"


@pytest.mark.parametrize(("groups", "over"), [(4, "recordings"), (5, "groups")])
def test_intervals_are_over_groups_where_there_are_five(groups, over):
    truth, group = np.tile(["forward", "backward"], groups), np.arange(2 * groups) // 2
    scores = rd.score(truth, truth, groups=group, recordings=np.arange(2 * groups))
    assert scores.attrs["intervals_over"] == over
    alone = rd.score(truth, truth, groups=group)
    assert alone.attrs["intervals_over"] == "groups"
