"""The classifier of strides is a scikit-learn estimator in every respect."""

import numpy as np
import pytest
from handmade import random_features
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    LeaveOneGroupOut,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from retrodetect.training.estimators import Regression, StrideClassifier


@parametrize_with_checks([StrideClassifier()])
def test_they_keep_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


def strides(count=60, seed=0):
    """Features of strides whose first scalar and first dot product tell the direction."""
    rng = np.random.default_rng(seed)
    way = np.resize(["backward", "forward"], count)
    made = random_features(int(rng.integers(2**31)), count)
    made.scalars[:, 0] += 3.0 * (way == "forward")
    made.vectors[:, 0] += 3.0 * (way == "backward")[:, None]
    return made, way


def test_they_fit_under_metadata_routing():
    features, way = strides()
    with config_context(enable_metadata_routing=True):
        assert StrideClassifier().fit(features.free(), way).score(features.free(), way) > 0.9


def test_they_search_and_validate_by_wearer():
    features, way = strides(240)
    wearers = np.repeat(["anna", "ben", "cleo"], 80)
    search = GridSearchCV(StrideClassifier(), {"penalty": [1.0, 100.0]}, cv=LeaveOneGroupOut()).fit(
        features.free(), way, groups=wearers
    )
    assert search.n_splits_ == 3
    scores = cross_validate(
        search.best_estimator_, features.free(), way, groups=wearers, cv=LeaveOneGroupOut()
    )
    assert scores["test_score"].mean() > 0.8


def test_a_heavy_penalty_keeps_the_odds_even_and_a_light_one_learns():
    features, way = strides(40, seed=2)
    free = features.free()
    kept, learned = (StrideClassifier(penalty).fit(free, way) for penalty in (1e9, 0.1))
    np.testing.assert_allclose(kept.predict_proba(free), 0.5, atol=1e-4)
    assert learned.score(free, way) > 0.9


def test_one_direction_is_nothing_to_tell_apart():
    features, _ = strides(4)
    with pytest.raises(ValueError, match="only one class"):
        StrideClassifier().fit(features.free(), ["forward"] * 4)


def clusters(classes, count=300, inputs=12):
    """Strides of some classes, features of all sizes, the last of them constant."""
    rng = np.random.default_rng(classes)
    number = rng.integers(classes, size=count)
    rows = rng.normal(size=(count, inputs)) + np.eye(classes, inputs)[number]
    rows = np.column_stack([rows @ rng.normal(size=(inputs, inputs)), np.ones(count)])
    return 5.0 + rows * 10.0 ** rng.integers(-3, 3, inputs + 1), number, rng.uniform(1, 9, count)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_weights_are_those_of_a_logistic_regression_on_standardised_features(classes):
    rows, number, weight = clusters(classes)
    classifier = StrideClassifier(2.0).fit(rows, number, weight)
    balanced = weight * weight.sum() / (classes * np.bincount(number, weight)[number])
    exact = LogisticRegression(C=0.5, tol=1e-10, solver="newton-cholesky")
    pipeline = make_pipeline(StandardScaler(), exact).fit(
        rows, number,
        standardscaler__sample_weight=weight, logisticregression__sample_weight=balanced,
    )  # fmt: skip
    np.testing.assert_allclose(
        classifier.predict_proba(rows), pipeline.predict_proba(rows), atol=1e-6
    )


def test_where_a_regression_begins_does_not_matter_where_it_ends():
    rows, number, weight = clusters(3)
    regression = Regression(rows, number)
    every = regression.fit(weight)
    kept = np.arange(len(rows)) % 7 > 0
    alone = Regression(rows[kept], number[kept]).fit(weight[kept])
    moved = regression.fit(weight * kept, start=every)
    for name in ("weights", "intercepts"):
        exact, spread = getattr(alone, name), 1e-5 * np.abs(getattr(alone, name)).max()
        np.testing.assert_allclose(getattr(moved, name), exact, rtol=1e-5, atol=spread)
    # The curvature is that of the start: it is hardly another.
    assert moved.steps is every.steps


def test_a_weight_counts_as_so_many_strides_and_none_is_none():
    rows, number, _ = clusters(3, count=60, inputs=4)
    twice = np.repeat(np.arange(60), np.arange(60) % 3)
    weighed = StrideClassifier(2.0).fit(rows, number, np.arange(60) % 3)
    repeated = StrideClassifier(2.0).fit(rows[twice], number[twice])
    np.testing.assert_allclose(weighed.weights_, repeated.weights_, rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(weighed.intercepts_, repeated.intercepts_, rtol=1e-4)


def test_no_stride_counts_for_less_than_nothing():
    rows, number, weight = clusters(2, count=20, inputs=3)
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        StrideClassifier().fit(rows, number, -weight)
    with pytest.raises(ValueError, match="only one class"):
        StrideClassifier().fit(rows, number, (number > 0).astype(float))


def test_classes_weigh_the_same_however_common_they_are():
    """Ten strides to one: the odds are even half way between the classes all the same."""
    rows = np.concatenate([np.full((100, 1), -1.0), np.full((10, 1), 1.0)])
    rows += 0.1 * np.random.default_rng(0).normal(size=rows.shape)
    classifier = StrideClassifier(1e-3).fit(rows, ["backward"] * 100 + ["forward"] * 10)
    assert classifier.classes_.tolist() == ["backward", "forward"]
    np.testing.assert_allclose(classifier.predict_proba([[0.0]]), 0.5, atol=0.15)
    assert classifier.predict([[-1.0], [1.0]]).tolist() == ["backward", "forward"]


def test_the_ridge_of_two_classes_is_that_of_the_difference_of_their_weights():
    rows, number, weight = clusters(2, count=80, inputs=3)
    log_odds = Regression(rows, number).fit(weight, 3.0)
    np.testing.assert_allclose(log_odds.weights[0], -log_odds.weights[1], atol=1e-9)
    odds = rows @ (log_odds.weights[1] - log_odds.weights[0])
    odds += log_odds.intercepts[1] - log_odds.intercepts[0]
    share = weight / (2 * np.bincount(number, weight)[number])
    # At the best weights the pull of the strides and that of the ridge are even.
    mean = weight @ rows / weight.sum()
    spread = np.sqrt(weight @ (rows - mean) ** 2 / weight.sum())
    spread[spread < 1e-6] = 1.0
    pull = (share * (number - 1 / (1 + np.exp(-odds)))) @ ((rows - mean) / spread)
    ridge = 3.0 / weight.sum() * (log_odds.weights[1] - log_odds.weights[0]) * spread
    np.testing.assert_allclose(pull, ridge, atol=1e-6)
