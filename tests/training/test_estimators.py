"""The classifier of strides is a scikit-learn estimator in every respect."""

import numpy as np
import pytest
from handmade import random_features
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    LeaveOneGroupOut,
    cross_validate,
)
from sklearn.utils.estimator_checks import parametrize_with_checks

from retrodetect.training.estimators import StrideClassifier


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


@pytest.fixture(scope="module")
def prior():
    features, way = strides(400, seed=1)
    return StrideClassifier().fit(features.free(), way).pipeline_


def test_a_heavy_penalty_keeps_the_prior_and_a_light_one_learns(prior):
    features, way = strides(40, seed=2)
    odd = np.where(way == "forward", "backward", "forward")
    free = features.free()
    kept, learned = (
        StrideClassifier(prior, penalty=penalty).fit(free, odd) for penalty in (1e9, 0.1)
    )
    np.testing.assert_allclose(kept.predict_proba(free), prior.predict_proba(free), atol=1e-4)
    assert learned.score(free, odd) > 0.9


def test_a_prior_lends_its_scale_and_its_directions_and_stays_as_it_was(prior):
    features, way = strides(40, seed=3)
    before = prior[-1].coef_.copy()
    fitted = StrideClassifier(prior, penalty=1.0).fit(1e3 * features.free(), way)
    np.testing.assert_array_equal(fitted.pipeline_[0].mean_, prior[0].mean_)
    np.testing.assert_array_equal(prior[-1].coef_, before)
    assert clone(fitted).prior is not None


def test_a_prior_of_three_directions_learns_from_two():
    features, _ = strides(90, seed=4)
    three = StrideClassifier().fit(features.free(), np.resize(["a", "b", "c"], 90)).pipeline_
    fitted = StrideClassifier(three).fit(features.free()[:40], np.resize(["a", "b"], 40))
    assert list(fitted.classes_) == ["a", "b", "c"]
    assert fitted.predict_proba(features.free()).shape == (90, 3)


def test_a_direction_that_the_prior_does_not_know_is_refused(prior):
    features, _ = strides(4)
    with pytest.raises(ValueError, match="has no class sideways"):
        StrideClassifier(prior).fit(features.free(), np.resize(["forward", "sideways"], 4))


def test_one_direction_is_nothing_to_tell_apart(prior):
    features, _ = strides(4)
    with pytest.raises(ValueError, match="only one class"):
        StrideClassifier(prior).fit(features.free(), ["forward"] * 4)
