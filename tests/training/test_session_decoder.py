"""The session decoder is a scikit-learn estimator that joins the strides of a recording."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GridSearchCV,
    LeaveOneGroupOut,
    StratifiedKFold,
    cross_val_predict,
)  # fmt: skip
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

import retrodetect as rd
from retrodetect.direction.decoder import Priors
from retrodetect.training.session_decoder import (
    EVEN,
    _decoded,
    _features,
    _folds,
    _log_odds,
    _sessions,
)  # fmt: skip


@parametrize_with_checks([rd.SessionDecoder(), rd.SessionDecoder(LogisticRegression())])
def test_it_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


def strides(recordings=8, each=40, *, leg=20, strength=1.0, seed=0):
    """Recordings of legs there and back, with a feature that tells directions faintly."""
    rng = np.random.default_rng(seed)
    count = recordings * each
    way = np.where(np.arange(count) % (2 * leg) < leg, "forward", "backward")
    table = pd.DataFrame(
        {
            "recording": np.repeat([f"r{i}.csv" for i in range(recordings)], each),
            "stride": np.tile(np.arange(each), recordings),
            "bout": np.tile(np.arange(each) // leg, recordings),
            "feature": rng.normal(size=count) + strength * (way == "forward"),
            "noise": rng.normal(size=count),
        }
    )
    return table, way, table["recording"].str[1].astype(int).to_numpy() // 2


CLASSIFIERS = [
    LogisticRegression(),
    RandomForestClassifier(20, min_samples_leaf=10, random_state=0),
]


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda one: type(one).__name__)
def test_strides_of_a_session_help_each_other(classifier):
    table, way, wearer = strides()
    plain, decoded = (
        cross_val_predict(
            estimator, X, way, groups=wearer, cv=LeaveOneGroupOut(), method="predict_proba"
        )
        for estimator, X in (
            (classifier, table[["feature", "noise"]]),
            (rd.SessionDecoder(classifier), table),
        )
    )
    assert ((plain[:, 1] > 0.5) == (way == "forward")).mean() < 0.75
    assert ((decoded[:, 1] > 0.5) == (way == "forward")).mean() > 0.9
    assert log_loss(way, decoded) < log_loss(way, plain)


def test_strides_without_a_recording_are_decoded_one_by_one():
    table, way, _ = strides()
    decoder = rd.SessionDecoder(LogisticRegression()).fit(table, way)
    alone = decoder.predict_proba(table.drop(columns="recording"))
    one_by_one = [decoder.predict_proba(table[i : i + 1])[0] for i in range(40)]
    np.testing.assert_allclose(alone[:40], one_by_one)


def test_recordings_do_not_speak_to_each_other():
    table, way, _ = strides()
    decoder = rd.SessionDecoder(LogisticRegression()).fit(table, way)
    together = decoder.predict_proba(table)
    shuffled = table.sort_values(["stride", "recording"])
    np.testing.assert_allclose(decoder.predict_proba(shuffled), together[shuffled.index])


def test_overconfident_classifiers_are_calibrated():
    """A forest grown to the last stride is sure of noise; calibration takes it at its worth."""
    table, way, wearer = strides(strength=0.0)
    forest = rd.SessionDecoder(RandomForestClassifier(20, random_state=0))
    p_forward = forest.fit(table, way, groups=wearer).predict_proba(table)[:, 1]
    assert np.abs(forest.calibration_.coef_).max() < 0.2
    assert forest.classifier_.score(table[["feature", "noise"]], way) > 0.95
    assert np.abs(p_forward - 0.5).mean() < 0.4


def test_calibration_ignores_how_many_went_which_way():
    table, way, _ = strides(recordings=9, strength=2.0)
    rare = (way == "forward") | (np.arange(len(way)) % 5 == 0)
    ratio = [
        rd.SessionDecoder(LogisticRegression())
        .fit(table[kept], way[kept])
        .predict_proba(pd.DataFrame({"feature": [1.0], "noise": [0.0]}))[0, 1]
        for kept in (np.full(len(way), True), rare)
    ]
    assert ratio == pytest.approx([0.5, 0.5], abs=0.1)


def test_wearers_are_held_out_for_calibration_also_within_a_search():
    """What tells directions of one wearer's recordings alike means nothing for another wearer."""
    table, way, wearer = strides(strength=0.0)
    own = np.where(wearer % 2, 3.0, -3.0) * (way == "forward") + 10 * wearer
    table = table.assign(feature=own + table["noise"])
    forest = RandomForestClassifier(20, random_state=0)
    alone = rd.SessionDecoder(forest).fit(table, way)
    grouped = rd.SessionDecoder(forest).fit(table, way, groups=wearer)
    assert alone.calibration_.coef_[0, 0] > 0.5 > 0.2 > grouped.calibration_.coef_[0, 0]
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(
            rd.SessionDecoder(forest), {"classifier__n_estimators": [20]}, cv=LeaveOneGroupOut()
        ).fit(table, way, groups=wearer)
    np.testing.assert_array_equal(
        search.best_estimator_.calibration_.coef_, grouped.calibration_.coef_
    )


def test_priors_say_how_often_directions_change():
    table, way, _ = strides(leg=1, strength=2.0)
    restless = Priors(mixed=0.5, one_way=(0.5, 0.5, 0), drawn=(0.5, 0.5, 0), change_within_bout=1.0)
    one_bout = table.assign(bout=0)
    sticky, free = (
        rd.SessionDecoder(LogisticRegression(), priors).fit(one_bout, way).score(one_bout, way)
        for priors in (None, restless)
    )
    assert sticky < 0.7 < 0.8 < free


def test_it_is_no_surer_than_the_strides_it_was_tried_on():
    table, way, _ = strides(strength=10.0)
    p = rd.SessionDecoder(LogisticRegression()).fit(table, way).predict_proba(table)
    assert p.min() == pytest.approx(1 / (len(way) + 2))


def test_three_directions_are_refused():
    table, _, _ = strides()
    with pytest.raises(ValueError, match="keep the strides that went forward or backward"):
        rd.SessionDecoder().fit(table, np.resize(["forward", "backward", "sideways"], len(table)))


# What decides, by hand --------------------------------------------------------------------------

EVEN_BOUTS = np.zeros(2, dtype=np.intp)


@pytest.mark.parametrize("ratio", [-3.0, -0.5, 0.0, 1.0])
def test_a_stride_by_itself_is_as_likely_as_its_classifier_says(ratio):
    (p_forward,) = _decoded(np.array([ratio]), EVEN_BOUTS[:1], EVEN)
    assert p_forward == pytest.approx(1 / (1 + np.exp(-ratio)), abs=1e-6)


def test_a_faint_stride_leans_on_its_neighbour_and_more_so_within_a_bout():
    ratio = np.array([3.0, -0.5])
    within, beyond = (_decoded(ratio, np.array(bout), EVEN) for bout in ([0, 0], [0, 1]))
    alone = 1 / (1 + np.exp(0.5))
    assert within[1] > 0.75 > beyond[1] > alone + 0.1
    # Neither direction is favoured.
    np.testing.assert_allclose(_decoded(-ratio, EVEN_BOUTS, EVEN), 1 - within)


def test_whatever_tells_no_movement_is_no_feature():
    table, _, _ = strides(recordings=1)
    assert list(_features(table)) == ["feature", "noise"]
    assert list(_features(table[["noise", "bout"]])) == ["noise"]
    array = table[["noise"]].to_numpy()
    assert _features(array) is array


def test_rows_of_a_recording_are_a_session_and_bouts_are_numbered_within_it():
    table = pd.DataFrame({"recording": list("abab"), "bout": [7, 1, 9, 1], "x": 0.0})
    found = [(rows.tolist(), bout.tolist()) for rows, bout in _sessions(table, 4)]
    assert found == [([0, 2], [0, 1]), ([1, 3], [0, 0])]
    found = [(rows.tolist(), bout.tolist()) for rows, bout in _sessions(table[["recording"]], 4)]
    assert found == [([0, 2], [0, 0]), ([1, 3], [0, 0])]
    for alone in (table[["bout", "x"]], np.zeros((4, 1))):
        found = [(rows.tolist(), bout.tolist()) for rows, bout in _sessions(alone, 4)]
        assert found == [([i], [0]) for i in range(4)]


def held_out_for_calibration(kinds: int, ways: str, *, groups: str | None = None):
    """What the first fold tests, of strides in recordings of equal length."""
    y = np.array(list(ways))
    recordings = pd.DataFrame({"recording": np.arange(len(y)) * kinds // len(y)})
    folds = _folds(recordings, y, None if groups is None else list(groups))
    return folds if isinstance(folds, StratifiedKFold) else [test.tolist() for _, test in folds]


def test_what_can_be_held_out_together_for_calibration_is():
    ways = "fbfbfbfb"
    # Two wearers, if both directions remain without either.
    tested = held_out_for_calibration(4, ways, groups="aabbaabb")
    assert sorted(tested) == [[0, 1, 4, 5], [2, 3, 6, 7]]
    # Else recordings, of which there are at most five folds.
    recordings = [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert sorted(held_out_for_calibration(4, ways, groups="fbfbfbfb")) == recordings
    assert sorted(held_out_for_calibration(4, ways, groups="aaaaaaaa")) == recordings
    assert sorted(held_out_for_calibration(4, ways)) == recordings
    assert len(held_out_for_calibration(8, ways)) == 5
    # Else strides of both directions alike.
    assert held_out_for_calibration(1, ways).get_n_splits() == 4
    assert held_out_for_calibration(1, 3 * ways).get_n_splits() == 5
    assert held_out_for_calibration(2, "ffffbbbb").get_n_splits() == 4
    assert held_out_for_calibration(1, "fbfb").get_n_splits() == 2
    with pytest.raises(ValueError, match="a single stride"):
        held_out_for_calibration(1, "fffb")


def test_a_forest_that_is_certain_is_not_believed_beyond_a_thousandth():
    probability = np.array([[1.0, 0.0], [0.5, 0.5], [0.2, 0.8], [0.0, 1.0]])
    surest = np.log(999)
    np.testing.assert_allclose(_log_odds(probability), [[-surest], [0.0], [np.log(4)], [surest]])


def test_missing_features_are_refused_where_the_classifier_takes_none():
    table, way, _ = strides(recordings=2)
    holed = table.assign(feature=table["feature"].where(np.arange(len(table)) % 5 > 0))
    trees = rd.SessionDecoder(HistGradientBoostingClassifier(max_iter=2)).fit(holed, way)
    assert np.isfinite(trees.predict_proba(holed)).all()
    plain = rd.SessionDecoder(LogisticRegression())
    with pytest.raises(ValueError, match="NaN"):
        plain.fit(holed, way)
    with pytest.raises(ValueError, match="NaN"):
        plain.fit(table, way).predict_proba(holed)
    assert get_tags(trees).input_tags.allow_nan
    assert not get_tags(plain).input_tags.allow_nan


def test_two_directions_are_needed():
    table, _, _ = strides(recordings=1)
    with pytest.raises(ValueError, match="only one class of strides"):
        rd.SessionDecoder(LogisticRegression()).fit(table, ["forward"] * len(table))
