import pytest

import retrodetect.errors
from retrodetect.atomic import replacing, sweep


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with replacing(path) as stream:
        stream.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail_halfway():
        with replacing(path) as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_halfway()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path):
    (tmp_path / ".file.0a1b2c3d.half").write_bytes(b"ha")
    (tmp_path / "file.half").write_bytes(b"mine")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file.half"]


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    with pytest.raises(retrodetect.errors.OutputError, match=r"gone/file: cannot be written \(No"):
        replacing(tmp_path / "gone" / "file").__enter__()
