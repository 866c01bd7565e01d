"""The classifier is a scikit-learn estimator in every respect, and a prior draws it."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from retrodetect.training.estimators import StrideClassifier


@parametrize_with_checks([StrideClassifier()])
def test_it_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)
