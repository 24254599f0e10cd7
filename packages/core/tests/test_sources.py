"""What cannot be read is told before any backend is asked."""

import io
import os
import sys

import numpy as np
import pytest

from mediarack.errors import BadInput, NotMedia
from mediarack.media import Audio, AudioHeader, Stream
from mediarack.sources import Url, check_source, check_text, describe, kind_of


def test_a_missing_file_is_named_with_where_it_was_looked_for(tmp_path):
    with pytest.raises(BadInput, match=r"no such file: .*gone\.mp4.*looked in"):
        check_source(tmp_path / "gone.mp4")


def test_a_directory_is_told(tmp_path):
    with pytest.raises(BadInput, match="is a directory"):
        check_source(tmp_path)


def test_an_empty_file_is_no_media(tmp_path):
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(NotMedia, match="0 bytes"):
        check_source(tmp_path / "empty.mp4")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no FIFOs in the file system")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="no regular file"):
        check_source(tmp_path / "pipe")


@pytest.mark.parametrize("empty", [b"", io.BytesIO()])
def test_no_bytes_are_no_media(empty):
    with pytest.raises(NotMedia, match="empty"):
        check_source(empty)


def test_a_text_file_object_is_told():
    with pytest.raises(BadInput, match="text mode"):
        check_source(io.StringIO("words"))


def test_a_file_object_that_cannot_seek_is_told():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe, os.fdopen(writing, "wb"), pytest.raises(BadInput, match="cannot seek"):
        check_source(pipe)


@pytest.mark.parametrize("wrong", [None, 3, ["a.mp4"]])
def test_what_is_no_source_is_told(wrong):
    with pytest.raises(BadInput, match="cannot read from"):
        check_source(wrong)


def test_a_url_is_named_without_what_may_be_secret():
    url = check_source("https://me:word@example.org/a.mp4?token=1")
    assert kind_of(url) == "url"
    assert describe(url) == "https://example.org/a.mp4"


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://example.org/a", "concat://a|b", "http://"])
def test_other_addresses_are_refused(address):
    for given in (address, Url(address)):
        with pytest.raises(BadInput, match="must be http:// or https://"):
            check_source(given)


def test_an_address_that_is_refused_is_named_without_what_may_be_secret():
    with pytest.raises(BadInput, match=r"'ftp://example\.org/a'") as caught:
        check_source("ftp://me:word@example.org/a?token=1")
    assert "word" not in str(caught.value)
    assert "token" not in str(caught.value)


def test_a_broken_address_is_told_not_crashed_on():
    with pytest.raises(BadInput, match="Invalid IPv6 URL"):
        check_source("http://[::1/a.mp4")


def test_a_file_object_that_is_open_for_writing_alone_is_told(tmp_path):
    with (tmp_path / "a.wav").open("wb") as file, pytest.raises(BadInput, match="open it for reading"):
        check_source(file)


def test_a_file_object_need_not_say_that_it_can_seek():
    class Bare:
        def __init__(self, data):
            self.read, self.seek = (inner := io.BytesIO(data)).read, inner.seek

    assert check_source(Bare(b"some bytes")).read() == b"some bytes"


def block(number):
    samples = np.full((1, 8000), number, np.float32)
    return Audio(samples=samples, sample_rate=8000)


def test_a_stream_of_audio_is_a_source_until_it_has_been_read():
    header = AudioHeader(sample_rate=8000, channels=1, start_seconds=0.0, expected_samples=None)
    stream = Stream(header, iter([block(0), block(1)]))
    assert kind_of(check_source(stream)) == "audio"
    next(stream)
    with pytest.raises(BadInput, match="read only once"):
        check_source(stream)


def test_a_name_with_a_nul_is_told_not_crashed_on():
    with pytest.raises(BadInput, match="cannot read"):
        check_source("a\0b")


def test_a_file_object_is_read_from_its_beginning(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"0123")
    with (tmp_path / "a.bin").open("rb") as file:
        file.read(2)
        assert check_source(file).tell() == 0
        assert kind_of(file) == "file"
        assert describe(file).endswith("a.bin")


@pytest.mark.parametrize("text", ["caf\udce9 noir", "a\x01b"])
def test_what_is_no_character_is_not_spoken(text):
    with pytest.raises(BadInput, match="no character to speak"):
        check_text(text)
