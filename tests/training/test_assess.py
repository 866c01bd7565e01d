"""An evaluation says what a model made of recordings, and what its scores are worth."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from handmade import AHEAD, features
from recordings import recording

from retrodetect.direction.card import Card
from retrodetect.errors import UsageError
from retrodetect.training import assess
from retrodetect.training.assess import evaluate


def belt(subject: str, name: str):
    """A belt that goes ten strides forward and ten backward, and shows it."""
    sign = np.repeat([1.0, -1.0], 10)[:, None]
    return recording(
        ("forward", 10), ("backward", 10), subject=subject, name=name, placement="belly",
        front=AHEAD, shown=features(20, {"U2_fixed": 3.0 * sign * AHEAD}),
    )  # fmt: skip


EXAMPLES = [belt("anna", "a.csv"), belt("ben", "b.csv")]


def test_an_evaluation_has_a_row_for_each_stride_and_scores_by_site_and_gait(noise_model):
    found = evaluate(EXAMPLES, noise_model)
    assert len(found.strides) == 40
    assert found.scores[["placement", "true_gait", "strides"]].to_numpy().tolist() == [
        ["belly", "walk", 40]
    ]
    assert found.confusion[["forward", "backward", "unknown"]].to_numpy().sum() == 40
    assert found.comparison is None
    assert "direction_against" not in found.strides
    assert found.intervals_over == "bouts"
    assert found.remarks == ()


def test_scores_of_what_a_model_learned_from_or_of_one_wearer_are_owned_up_to(noise_model):
    learned = replace(noise_model, name="mine", card=Card(recordings=["digest of b.csv"]))
    assert evaluate(EXAMPLES, learned).remarks == (
        "model mine learned from 1 of these 2 recordings; its scores on them are no evidence",
    )
    assert evaluate(EXAMPLES[:1], noise_model, against=learned).remarks == (
        "one wearer only (anna): the scores say nothing about others",
    )
    assert evaluate(EXAMPLES[1:], noise_model, against=learned).remarks == (
        "model mine learned from 1 of these 1 recordings; its scores on them are no evidence",
        "one wearer only (ben): the scores say nothing about others",
    )


def test_one_direction_and_several_rates_are_enough(noise_model):
    ahead = recording(("forward", 3), subject="cleo", name="c.csv", rate_hz=25.0)
    assert len(evaluate([*EXAMPLES, ahead], noise_model).strides) == 43


def test_recordings_are_gathered_for_a_score_not_for_training(monkeypatch, noise_model):
    asked = []

    def gather(recordings, sites, **options):
        asked.append((recordings, sites, options))
        return tuple(EXAMPLES[:1]), ("a remark",)

    monkeypatch.setattr(assess, "gather", gather)
    found = evaluate("m.csv", noise_model, placement="Left hip", jobs=3)
    assert found.remarks[0] == "a remark"
    ((recordings, sites, options),) = asked
    assert (recordings, sites) == ("m.csv", noise_model)
    assert (options["both_ways"], options["mixed_rates"]) == (False, True)
    assert (options["placement"], options["jobs"]) == ("left-hip", 3)


def test_two_models_are_compared_on_the_same_strides(noise_model):
    never = replace(noise_model, threshold=1.1)
    found = evaluate(EXAMPLES, noise_model, against=never)
    assert (found.strides["direction_against"] == "unknown").all()
    labelled = int((found.strides["direction"] != "unknown").sum())
    right = int((found.strides["direction"] == found.strides["truth"]).sum())
    comparison = found.comparison.set_index("score")
    assert comparison.loc["unknown", "difference"] == pytest.approx(-labelled / 40)
    assert (comparison["better"] == right).all()
    assert right > 0


def test_an_evaluation_is_written_and_an_older_comparison_goes(noise_model, tmp_path):
    out = tmp_path / "out"
    evaluate(EXAMPLES[:1], noise_model, against=noise_model, out=out)
    assert (out / "comparison.csv").exists()
    found = evaluate(EXAMPLES[:1], noise_model, out=out)
    assert {path.name for path in out.iterdir()} == {
        "strides.csv", "scores.csv", "confusion.csv", "mistakes.csv", "evaluation.json",
    }  # fmt: skip
    facts = json.loads((out / "evaluation.json").read_text())
    assert facts == {"intervals_over": "bouts", "remarks": list(found.remarks)}
    strides = pd.read_csv(out / "strides.csv", keep_default_na=False)
    assert strides["truth"].tolist() == found.strides["truth"].tolist()
    np.testing.assert_array_equal(strides["p_backward"], found.strides["p_backward"].round(4))


def test_nothing_is_written_over_what_is_of_no_evaluation(noise_model, tmp_path):
    (tmp_path / "scores.csv").write_text("mine")
    with pytest.raises(UsageError, match="retrodetect did not write"):
        evaluate(EXAMPLES, noise_model, out=tmp_path)
    assert (tmp_path / "scores.csv").read_text() == "mine"


def test_a_site_that_nobody_is_worn_at_is_refused(noise_model):
    with pytest.raises(UsageError, match="isn't a body site"):
        evaluate(EXAMPLES, noise_model, placement="knee")
