import json
from dataclasses import replace

import pandas as pd
import pytest

import retrodetect as rd
from retrodetect.direction import Anchors, store
from retrodetect.direction.card import Card
from retrodetect.runs import task
from retrodetect.runs.batch import finished, plan, run, started
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.pool import Workers
from retrodetect.runs.task import Settings
from retrodetect.tables import SESSION_COLUMNS, STRIDE_COLUMNS


@pytest.fixture
def folder(tmp_path, write_walk):
    """Inputs good and bad."""
    folder = tmp_path / "in"
    write_walk(folder / "a.csv", 20)
    write_walk(folder / "=b.csv", 30)
    write_walk(folder / "sub" / "short.csv", 0.5)
    (folder / "empty.csv").write_text("")
    (folder / "one.csv").write_text("time_s,x,y,z\n0,0,0,9.81\n")
    return folder


@pytest.fixture
def settings(stored_model):
    return Settings(model=str(stored_model))


def files(out):
    return {name: (out / name).read_bytes() for name in ("strides.csv", "sessions.csv")}


def test_every_input_has_its_row_and_the_good_ones_are_done(folder, settings, tmp_path):
    outcome = run(
        [folder, folder / "gone.csv"], Outputs(tmp_path / "out"), settings, Workers(jobs=1)
    )
    assert not outcome.all_done
    sessions = pd.read_csv(tmp_path / "out" / "sessions.csv")
    assert tuple(sessions.columns) == SESSION_COLUMNS
    status = dict(zip(sessions["recording"], sessions["status"], strict=True))
    assert status == {
        "./=b.csv": "ok",
        "a.csv": "ok",
        "empty.csv": "failed",
        "gone.csv": "failed",
        "one.csv": "refused",
        "sub/short.csv": "no_gait",
    }
    bad = sessions[sessions["status"].isin(["failed", "refused"])]
    assert bad["message"].str.fullmatch(r"[^\n]+: .+; .+\.").all()
    assert sessions["message"][sessions["status"] == "ok"].str.contains("assumed sign").all()


def test_strides_agree_with_the_library_and_with_the_sessions(folder, settings, tmp_path):
    run([folder / "a.csv"], Outputs(tmp_path / "out"), settings)
    strides = pd.read_csv(tmp_path / "out" / "strides.csv", keep_default_na=False)
    session = pd.read_csv(tmp_path / "out" / "sessions.csv").iloc[0]
    assert tuple(strides.columns) == STRIDE_COLUMNS
    expected = rd.label(folder / "a.csv", model=settings.model).strides
    assert list(strides["direction"]) == list(expected["direction"])
    assert strides["start_s"].to_numpy() == pytest.approx(expected["start_s"].to_numpy(), abs=1e-3)
    for field, value in rd.tally(expected).dropna().items():
        assert session[field] == pytest.approx(value, abs=0.05)


def test_the_run_is_on_record(folder, settings, tmp_path):
    run([folder], Outputs(tmp_path / "out", arguments=("label", "x")), settings)
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["arguments"] == ["label", "x"]
    assert record["counts"]["inputs"] == 5
    assert record["counts"]["ok"] == 2
    assert len(record["model"]["sha256"]) == 64
    assert record["version"] == rd.__version__


def test_output_does_not_depend_on_the_number_of_processes(folder, settings, tmp_path):
    run([folder], Outputs(tmp_path / "one"), settings)
    run([folder], Outputs(tmp_path / "two"), settings, Workers(jobs=2))
    assert files(tmp_path / "one") == files(tmp_path / "two")


class Stopped(KeyboardInterrupt):
    """Ctrl-C at a chosen moment."""


def test_a_stopped_run_goes_on_where_it_was_and_ends_the_same(folder, settings, tmp_path):
    run([folder], Outputs(tmp_path / "whole"), settings)

    def stop(progress):
        if progress.done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        run([folder], Outputs(tmp_path / "out"), settings, on_progress=stop)
    assert not (tmp_path / "out" / "strides.csv").exists()
    assert run([folder], Outputs(tmp_path / "out"), settings).resumed == 2
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_what_a_killed_worker_left_half_written_is_gone_at_the_end(folder, settings, tmp_path):
    half = tmp_path / "out" / ".retrodetect" / ".0a1b.part.2c3d.half"
    outcome = run(
        [folder / "a.csv"], Outputs(tmp_path / "out"), settings,
        on_progress=lambda _: half.write_text("what a worker had"),
    )  # fmt: skip
    assert outcome.all_done
    assert not half.exists()


def test_what_changed_is_done_anew_and_what_failed_is_tried_again(
    folder, settings, tmp_path, write_walk
):
    out = tmp_path / "out"
    run([folder], Outputs(out), settings)
    # All but the failed one.
    assert run([folder], Outputs(out), settings).resumed == 4
    write_walk(folder / "a.csv", 25)
    assert run([folder], Outputs(out), settings).resumed == 3
    other = Settings(settings.model, Anchors(placement="waist"))
    assert run([folder], Outputs(out), other).resumed == 0
    assert run([folder], Outputs(out), settings, restart=True).resumed == 0


def test_a_recording_is_done_anew_when_a_file_that_belongs_to_it_changed(
    settings, tmp_path, write_walk
):
    named = write_walk(tmp_path / "in" / "walk_acc.csv", 10)
    beside = tmp_path / "in" / "walk_gyro.csv"
    for text, resumed in (("time_s,gyro_x\n0,0\n", 0), ("time_s,gyro_x\n0,0\n1,1\n", 0), (None, 1)):
        if text is not None:
            beside.write_text(text)
        assert run([named], Outputs(tmp_path / "out"), settings).resumed == resumed


def test_a_torn_part_is_done_anew(folder, settings, tmp_path):
    run([folder / "a.csv"], Outputs(tmp_path / "out"), settings)
    before = files(tmp_path / "out")
    (part,) = (tmp_path / "out" / ".retrodetect").glob("*.part")
    part.write_bytes(part.read_bytes()[:-20])
    assert run([folder / "a.csv"], Outputs(tmp_path / "out"), settings).resumed == 0
    assert files(tmp_path / "out") == before


def test_a_defect_in_one_recording_does_not_end_the_run(folder, settings, tmp_path, monkeypatch):
    label = task.label_pieces

    def broken(pieces, *rest, **options):
        session = label(pieces, *rest, **options)
        if session.recording.name == "a.csv":
            raise ZeroDivisionError("oops")
        return session

    monkeypatch.setattr(task, "label_pieces", broken)
    sessions = run(
        [folder], Outputs(tmp_path / "out"), settings, Workers(jobs=1)
    ).sessions.set_index("recording")
    assert sessions.loc["a.csv", "status"] == "failed"
    assert "ZeroDivisionError (oops); please report it" in sessions.loc["a.csv", "message"]
    assert sessions.loc["=b.csv", "status"] == "ok"


@pytest.mark.extra("parquet")
def test_parquet_holds_the_same_tables(folder, settings, tmp_path):
    run([folder], Outputs(tmp_path / "out"), settings)
    numbers = {"stride_length_m": [""], "speed_mps": [""]}
    strides = pd.read_csv(
        tmp_path / "out" / "strides.csv", keep_default_na=False, na_values=numbers
    )
    run([folder], Outputs(tmp_path / "out", table_format="parquet"), settings)
    same = pd.read_parquet(tmp_path / "out" / "strides.parquet")
    pd.testing.assert_frame_equal(strides, same, check_dtype=False)
    sessions = pd.read_parquet(tmp_path / "out" / "sessions.parquet")
    assert tuple(sessions.columns) == SESSION_COLUMNS


def test_nothing_to_do_and_a_missing_model_are_said_before_anything_is_written(
    folder, settings, tmp_path
):
    (tmp_path / "bare").mkdir()
    with pytest.raises(rd.UsageError, match="no recordings found"):
        run([tmp_path / "bare"], Outputs(tmp_path / "out"), settings)
    with pytest.raises(rd.ModelError, match="no such model"):
        run([folder], Outputs(tmp_path / "out"), Settings(model="gone"))
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_is_a_file_is_a_usage_error(folder, settings, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(rd.UsageError, match="out: is a file, or lies below one; name a folder"):
        run([folder], Outputs(tmp_path / "out"), settings)


def test_a_recording_without_gravity_says_why_nothing_is_named(tmp_path, write_walk, settings):
    whole = rd.read(write_walk(tmp_path / "walk.csv"))
    without = whole.with_(
        acceleration_mps2=whole.acceleration_mps2 - whole.acceleration_mps2.mean(axis=0),
        gravity="linear",
    )
    for recording, is_told in ((whole, False), (without, True)):
        strides = rd.label(recording, model=settings.model).strides
        assert len(strides)
        told = " ".join(strides.attrs["warnings"])
        assert ("gravity was removed" in told) == is_told


def test_a_model_that_was_trained_again_is_read_again(folder, settings, noise_model, tmp_path):
    """Within one process, under the same name."""
    path = tmp_path / "mine.model"
    for threshold in (0.9, 1.1):
        store.save_model(replace(noise_model, threshold=threshold, card=Card()), path)
        again = Settings(model=str(path))
        outcome = run([folder / "a.csv"], Outputs(tmp_path / "out"), again, Workers(jobs=1))
        labelled = outcome.sessions[["forward_strides", "backward_strides"]].to_numpy().sum()
        assert (labelled > 0) == (threshold < 1)


def test_a_model_that_changes_during_a_batch_ends_it(folder, noise_model, tmp_path):
    path = tmp_path / "mine.model"
    store.save_model(replace(noise_model, card=Card()), path)
    planned = plan([folder], Outputs(tmp_path / "out"), Settings(str(path)), Workers(jobs=1))
    store.save_model(replace(noise_model, threshold=0.5, card=Card()), path)
    with (
        started(planned) as tasks,
        pytest.raises(rd.UsageError, match="has changed since the batch started"),
    ):
        list(finished(tasks, planned.workers))
