"""Train, evaluate and label for training, from the command line, as a wearer would."""

from pathlib import Path

import pandas as pd
import pytest

import retrodetect as rd
from retrodetect.lab.simulate import Session, write_session
from retrodetect.locations import make_folder

PLAN = "walk forward 25s, stand 3s, walk backward 25s"


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest of three walks in a pocket, both ways, of two people."""
    folder = tmp_path_factory.mktemp("walks")
    rows = []
    for seed, subject in ((1, "anna"), (2, "anna"), (3, "ben")):
        name = f"walk{seed}"
        write_session(name, Session(plan=PLAN, placement="pocket", seed=seed), folder)
        truth = pd.read_csv(folder.with_name(f"{folder.name}_truth") / f"{name}.truth.csv")
        ways = truth.groupby("direction").agg(start_s=("start_s", "min"), end_s=("end_s", "max"))
        ways.reset_index().to_csv(folder / f"{name}.labels.csv", index=False)
        rows.append((f"{name}.zip", subject, f"{name}.labels.csv", "pocket"))
    table = pd.DataFrame(rows, columns=["path", "subject", "labels", "placement"])
    table.to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv"


def test_train_stores_a_model_says_how_good_it_is_and_it_labels(
    retrodetect, walks, tmp_path, stored_model
):
    status, out, err = retrodetect(
        "train", walks, "--out", tmp_path / "mine.model", "--base", stored_model,
        "--cache", "none", "--jobs", 1,
    )  # fmt: skip
    assert (status, err) == (0, "")
    for word in (
        "2 wearers, extending noise",
        "backward F1 (95%)",
        "minutes each way",
        "Stored model mine in",
    ):
        assert word in out
    model = rd.load_model(tmp_path / "mine.model")
    assert model.name == "mine"
    assert len(rd.label(walks.with_name("walk1.zip"), model=model).strides)
    assert retrodetect(
        "label", walks.with_name("walk1.zip"), "--model", tmp_path / "mine.model",
        "--out", tmp_path / "out", "--no-report", "--jobs", 1, "-q",
    ) == (0, "", "")  # fmt: skip


def test_the_card_tells_what_it_rests_on(retrodetect, walks, tmp_path):
    retrodetect("train", walks, "--out", tmp_path / "m.model", "--base", "none", "--cache", "none")
    card = rd.load_model(tmp_path / "m.model").card
    assert {(source.name, source.placements[0], source.people) for source in card.sources} == {
        ("anna", "pocket", 1), ("ben", "pocket", 1),
    }  # fmt: skip
    assert card.validation.held_out == "subject"
    assert len(card.recordings) == 3
    (scores,) = card.scores
    assert scores["placement"] == "pocket"
    assert scores["f1_backward"] > 0.7
    for part in (card.confusion, card.error_rates, card.weaknesses):
        assert part
    status, out, _ = retrodetect("models", tmp_path / "m.model")
    assert status == 0
    for word in ("Cannot be used at foot", "each wearer by a model that saw only the others"):
        assert word in out


def test_a_model_of_one_site_says_so_where_it_cannot_be_used(retrodetect, walks, tmp_path):
    retrodetect("train", walks, "--out", tmp_path / "m.model", "--base", "none", "--cache", "none")
    status, _, err = retrodetect(
        "label", walks.with_name("walk1.zip"), "--model", tmp_path / "m.model",
        "--placement", "wrist", "--out", tmp_path / "out", "--no-report", "--jobs", 1,
    )  # fmt: skip
    assert status == 1
    assert "model m was not trained for wrist" in err


def test_faults_of_a_manifest_are_listed_and_nothing_is_written(retrodetect, walks, tmp_path):
    manifest = walks.with_name("bad.csv")
    manifest.write_text("path,subject,direction\ngone.zip,anna,forward\nwalk1.zip,,up\n")
    status, out, err = retrodetect("train", manifest, "--out", tmp_path / "m.model")
    assert (status, out) == (1, "")
    for part in ("line 2: gone.zip does not exist", "line 3: has no subject", "line 3: 'up'"):
        assert part in err
    assert not (tmp_path / "m.model").exists()


def test_evaluate_scores_compares_and_owns_up_to_what_was_learned_from(
    retrodetect, walks, tmp_path, stored_model
):
    retrodetect("train", walks, "--out", tmp_path / "m.model", "--base", "none", "--cache", "none")
    status, out, err = retrodetect(
        "evaluate", walks, "--model", tmp_path / "m.model", "--against", stored_model,
        "--out", tmp_path / "scores", "--cache", "none",
    )  # fmt: skip
    assert (status, err) == (0, "")
    for word in ("backward F1:", "the other model", "was wrong or unknown:", "are no evidence"):
        assert word in out
    tables = {path.name for path in (tmp_path / "scores").iterdir()}
    assert tables == {
        "strides.csv", "scores.csv", "confusion.csv", "mistakes.csv", "comparison.csv",
        "evaluation.json",
    }  # fmt: skip
    strides = pd.read_csv(tmp_path / "scores" / "strides.csv", keep_default_na=False)
    assert {"recording", "truth", "direction", "direction_against"} <= set(strides)


def test_an_evaluation_is_written_over_by_an_evaluation_only(
    retrodetect, walks, tmp_path, stored_model
):
    line = ["evaluate", walks, "--model", stored_model, "--cache", "none", "--quiet", "--out"]
    for against in (("--against", stored_model), ()):
        assert retrodetect(*line, tmp_path / "scores", *against)[0] == 0
        assert (tmp_path / "scores" / "comparison.csv").exists() == bool(against)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "scores.csv").write_text("mine")
    (tmp_path / "mine" / "evaluation.json").write_text('{"of": "myself"}')
    status, _, err = retrodetect(*line, tmp_path / "mine")
    assert (status, err.count("\n")) == (2, 1)
    assert "retrodetect did not write" in err
    assert (tmp_path / "mine" / "scores.csv").read_text() == "mine"
    status, _, err = retrodetect(
        "label", walks.with_name("walk1.zip"), "--out", tmp_path / "scores", "-q"
    )
    assert status == 2
    assert "contains the results of retrodetect evaluate" in err


def test_labels_from_a_guess_are_corrected_and_trained_on(
    retrodetect, walks, tmp_path, stored_model
):
    status, out, _ = retrodetect(
        "label", *walks.parent.glob("*.zip"), "--as-labels", "--model", stored_model,
        "--placement", "pocket", "--out", tmp_path / "out", "--no-report", "--jobs", 1,
    )  # fmt: skip
    assert status == 0
    assert "retrodetect train" in out
    for labels in (tmp_path / "out" / "labels").iterdir():
        truth = walks.with_name(labels.name.split(".")[0] + ".labels.csv")
        labels.write_text(truth.read_text())
    status, out, err = retrodetect(
        "train", tmp_path / "out" / "manifest.csv", "--out", tmp_path / "m.model",
        "--base", "none", "--cache", "none",
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert out.count("one wearer") == 1


def test_what_cannot_be_learned_from_is_named_once(retrodetect, write_walk, tmp_path):
    write_walk(tmp_path / "in" / "forward" / "walk.csv")
    (tmp_path / "in" / "forward" / "junk.csv").write_text("junk")
    write_walk(tmp_path / "flat" / "walk.csv")
    for folder, name in (("in", "junk.csv"), ("flat", "walk.csv")):
        status, _, err = retrodetect("train", tmp_path / folder, "--out", tmp_path / "m.model")
        assert status == 1
        assert err.count(name) == 1


def test_the_cache_is_where_it_was_told_to_be(retrodetect, walks, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "users"))
    told = ("train", walks, "--out", tmp_path / "m.model", "--base", "none", "-q")
    retrodetect(*told, "--cache", tmp_path / "mine")
    assert (tmp_path / "mine").is_dir()
    assert not (tmp_path / "users").exists()
    retrodetect(*told)
    assert (tmp_path / "users" / "retrodetect").is_dir()


def test_a_belt_that_sits_as_it_did_tells_a_session_all_backward(
    retrodetect, tmp_path, stored_model
):
    def wear(plan: str, seed: int) -> Path:
        session = Session(plan, "lower-back", seed=seed, person=3)
        return write_session(f"walk{seed}", session, tmp_path / "worn")

    for seed, way in enumerate(("forward", "backward")):
        folder = make_folder(tmp_path / "mine" / way)
        one_way = wear(f"stand 3s, walk {way} 30s, stand 3s", seed)
        one_way.rename(folder / one_way.name)
    walk = wear("stand 3s, walk backward 30s, stand 3s", 9)
    model = tmp_path / "mine.model"
    worn = ("--placement", "lower-back", "--jobs", 1)
    retrodetect("train", tmp_path / "mine", "--out", model, "--base", stored_model, *worn,
                "--cache", "none")  # fmt: skip
    line = ["label", walk, "--model", model, *worn, "--no-report", "-q", "--out"]

    def backward_share(out: Path) -> float:
        return float((pd.read_csv(out / "strides.csv")["direction"] == "backward").mean())

    assert retrodetect(*line, tmp_path / "said", "--same-mounting")[0] == 0
    assert backward_share(tmp_path / "said") > 0.9
    assert pd.read_csv(tmp_path / "said" / "sessions.csv")["front"].tolist() == ["given"]
    retrodetect(*line, tmp_path / "unsaid")
    assert backward_share(tmp_path / "unsaid") == 0
