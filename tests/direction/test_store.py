import io
import json
import os
import pickle
import shutil
import zipfile
from dataclasses import replace
from functools import reduce
from operator import getitem
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import retrodetect as rd
from retrodetect.direction import store
from retrodetect.direction.card import Base, Card, Source, Validation, markdown
from retrodetect.direction.model import SITE_INPUTS

CARD = Card(
    summary="Fitted on noise, for tests.",
    created="2026-01-01",
    licence="MIT",
    sources=[Source(name="noise", licence="none", evidence="virtual", people=1)],
    base=Base("silence", "0" * 64),
    validation=Validation("block", folds=4, guard_s=2.0, intervals_over="sessions"),
    scores=[{"placement": "foot", "backward_f1": 0.5}],
    error_rates={"foot": {"false_backward": 0.01, "false_forward": 0.05, "icc": 0.2}},
    weaknesses=["knows nothing"],
)


@pytest.fixture(scope="module")
def saved(noise_model, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("store") / "noise"
    store.save_model(replace(noise_model, card=CARD), folder)
    return folder


@pytest.fixture
def copy(saved, tmp_path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "noise"))


def rewrite_card(folder, *, sealed=True, **changes):
    card = json.loads((folder / "card.json").read_text()) | changes
    if sealed:
        card["sha256"] = store._digest(card)
    (folder / "card.json").write_text(json.dumps(card))


@pytest.mark.parametrize("target", ["folder", "file.model"])
def test_a_model_comes_back_as_it_was(noise_model, tmp_path, target):
    card = store.save_model(replace(noise_model, card=CARD), tmp_path / target).card
    loaded = rd.load_model(tmp_path / target)
    assert loaded.name == "noise"
    assert loaded.card == card == store.load_card(tmp_path / target)
    assert loaded.card.base == CARD.base
    assert loaded.card.validation == CARD.validation
    assert loaded.parameters() == noise_model.parameters()
    for form, classifier in noise_model.sites.items():
        rows = pd.DataFrame(np.eye(len(SITE_INPUTS[form])))
        same = loaded.sites[form].log_probability(rows)
        np.testing.assert_array_equal(same, classifier.log_probability(rows))


def test_only_a_model_is_written_over(noise_model, tmp_path):
    target = tmp_path / "walk.csv"
    target.write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "card.json").write_text("mine")
    for place in (target, tmp_path / "folder"):
        with pytest.raises(rd.UsageError, match="exists and is not a retrodetect model"):
            store.save_model(replace(noise_model, card=CARD), place)
        with pytest.raises(rd.UsageError, match="exists and is not a retrodetect model"):
            rd.train(tmp_path / "gone", out=place)
    assert target.read_text() == (tmp_path / "folder" / "card.json").read_text() == "mine"
    for _ in range(2):
        store.save_model(replace(noise_model, card=CARD), tmp_path / "mine.model")
        store.save_model(replace(noise_model, card=CARD), tmp_path / "model")


def test_the_card_for_people_tells_what_matters(saved):
    text = (saved / "card.md").read_text()
    for word in ("Fitted on noise", "MIT", "virtual", "backward_f1", "knows nothing", "lower-back"):
        assert word in text


def refusal(path) -> str:
    with pytest.raises(rd.ModelError) as caught:
        rd.load_model(path)
    return str(caught.value)


def test_a_missing_model_is_refused_with_what_there_is():
    assert "no such model" in refusal("nowhere")


def test_a_changed_card_is_refused(copy):
    rewrite_card(copy, sealed=False, licence="anything goes")
    assert "card was changed" in refusal(copy)


def test_a_model_from_a_newer_version_is_refused(copy):
    rewrite_card(copy, schema=store.SCHEMA + 1, versions={"retrodetect": "9.0"})
    assert "newer retrodetect (9.0); upgrade" in refusal(copy)


def test_a_model_with_other_features_is_refused(copy):
    inputs = json.loads((copy / "card.json").read_text())["inputs"]
    rewrite_card(copy, inputs=inputs | {"features": inputs["features"][::-1]})
    assert "other inputs (features)" in refusal(copy)


@pytest.mark.parametrize("path", ["groups foot travel", "sites gyroscope foot weights v_v_v_low"])
def test_a_model_with_other_parameters_is_refused(copy, path):
    parameters = json.loads((copy / "card.json").read_text())["parameters"]
    *parents, last = path.split()
    del reduce(getitem, parents, parameters)[last]
    rewrite_card(copy, parameters=parameters)
    assert "parameters do not fit this version" in refusal(copy)


def test_a_model_that_predicts_otherwise_is_refused(copy):
    golden = json.loads((copy / "card.json").read_text())["golden"]
    golden["gyroscope"][0][0] += 0.01
    rewrite_card(copy, golden=golden)
    assert "its predictions have changed" in refusal(copy)


def test_a_truncated_or_incomplete_model_is_refused(copy):
    (copy / "card.json").write_text("{")
    assert "card cannot be read" in refusal(copy)
    (copy / "card.json").unlink()
    assert "card.json is missing" in refusal(copy)


def test_a_pickle_is_never_loaded_under_any_name(tmp_path, copy):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "boom",))

    renamed = tmp_path / "renamed.model"
    renamed.write_bytes(pickle.dumps(Bomb()))
    assert "pickles are never loaded" in refusal(renamed)

    (copy / "card.json").write_bytes(renamed.read_bytes())
    assert "card cannot be read" in refusal(copy)
    assert not (tmp_path / "boom").exists()


def test_a_foreign_zip_is_refused(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("readme.txt", "hello")
    (tmp_path / "some.zip").write_bytes(buffer.getvalue())
    assert "card.json is missing" in refusal(tmp_path / "some.zip")


def test_shipped_models_load_and_keep_their_cards_in_step():
    for name in store.shipped():
        model = rd.load_model(name)
        text = (store.models_folder() / name / "card.md").read_text()
        assert markdown(model.card) == text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_no_model_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.model")
    with pytest.raises(rd.ModelError, match="neither a file nor a folder"):
        store.load(tmp_path / "pipe.model")


def test_an_empty_name_is_no_model():
    with pytest.raises(rd.ModelError, match="no such model"):
        store.load("")
