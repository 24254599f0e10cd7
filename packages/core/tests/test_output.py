"""Outputs appear whole or not at all."""

import os
import stat
import sys

import pytest

from mediarack.errors import OutputError
from mediarack.output import check_apart, check_not_source, check_target, replacing


def test_the_file_appears_when_the_block_ends_well(tmp_path):
    with replacing(tmp_path / "a.txt") as aside:
        aside.write_text("whole")
        assert not (tmp_path / "a.txt").exists()
        assert aside.suffix == ".txt"
    assert (tmp_path / "a.txt").read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_failure_leaves_the_older_file_and_nothing_else(tmp_path):
    (tmp_path / "a.txt").write_text("older")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.txt") as aside:
        aside.write_text("half")
        raise ZeroDivisionError
    assert (tmp_path / "a.txt").read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_an_os_error_becomes_an_output_error_that_names_the_target(tmp_path):
    with pytest.raises(OutputError, match=r"a\.txt.*No space left"), replacing(tmp_path / "a.txt"):
        raise OSError(28, "No space left on device")


def test_a_broken_connection_is_none_of_the_files(tmp_path):
    with pytest.raises(BrokenPipeError), replacing(tmp_path / "a.txt"):
        raise BrokenPipeError(32, "Broken pipe")
    assert list(tmp_path.iterdir()) == []


def test_an_address_longer_than_a_name_is_no_file_to_overwrite(tmp_path):
    (tmp_path / "a.wav").touch()
    check_not_source("https://example.org/a.mp4?signature=" + "0" * 5000, tmp_path / "a.wav")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other limits and other links")
@pytest.mark.parametrize(
    ("name", "told"), [("a" * 300, "name too long"), ("a\0b", "null byte"), ("loop", "levels of symbolic links")]
)
def test_what_is_no_name_is_told(tmp_path, name, told):
    (tmp_path / "loop").symlink_to("loop")
    target = tmp_path / name
    with pytest.raises(OutputError, match=told):
        check_target(target)
    with pytest.raises(OutputError, match=told):
        check_not_source("talk.mp4", target)
    with pytest.raises(OutputError, match=told):
        check_apart([target])
    with pytest.raises(OutputError, match=told), replacing(target):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_the_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with replacing(tmp_path / "ours"):
        pass
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    (tmp_path / "ours").chmod(0o640)
    with replacing(tmp_path / "ours"):
        pass
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == 0o640


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path):
    (tmp_path / "real").write_text("older")
    (tmp_path / "link").symlink_to("real")
    with replacing(tmp_path / "link") as aside:
        aside.write_text("newer")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "newer"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no FIFOs in the file system")
def test_a_pipe_or_device_is_not_replaced_by_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="device or pipe"), replacing(tmp_path / "pipe"):
        pass
    assert (tmp_path / "pipe").is_fifo()


def test_the_file_that_is_read_is_known_by_any_name(tmp_path):
    (tmp_path / "a.wav").touch()
    (tmp_path / "link").symlink_to("a.wav")
    with pytest.raises(OutputError, match="the source itself"):
        check_not_source(tmp_path / "a.wav", tmp_path / "link")


def test_a_backends_error_names_the_target_and_not_the_file_aside(tmp_path):
    with pytest.raises(OutputError) as caught, replacing(tmp_path / "a.wav") as aside:
        raise OutputError(f"cannot write {str(aside)!r}: No space left on device")
    assert str(caught.value) == f"cannot write {str(tmp_path / 'a.wav')!r}: No space left on device"


def test_what_will_not_take_a_file_is_told_beforehand(tmp_path):
    with pytest.raises(OutputError, match="it is a directory"):
        check_target(tmp_path)
    with pytest.raises(OutputError, match="make it first"):
        check_target(tmp_path / "no" / "a.txt")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="make it first"):
        check_target(tmp_path / "file" / "a.txt")
