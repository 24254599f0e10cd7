"""Files that are cut off, empty inside or lie about themselves: told as what they are, not as an engine's failure."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layouts import Pictures, Sound

from mediarack import BackendFailed, BadInput, CorruptMedia, MediarackError, NoSuchStream, NotMedia


@pytest.fixture
def faststart(made: Callable[..., Path]) -> bytes:
    """Three seconds of an mp4 whose index stands at the front."""
    streams = Pictures(codec="libx264", count=75, options=(("g", "25"),)), Sound(codec="aac", seconds=3)
    return made("faststart.mp4", *streams, movflags="+faststart").read_bytes()


def test_an_mp4_cut_before_its_index_is_corrupt(read: Callable[..., Any], mp4: Path) -> None:
    data = mp4.read_bytes()
    for end in (100, data.index(b"mdat") + 100, data.rindex(b"moov") - 4, data.rindex(b"moov") + 100):
        with pytest.raises(CorruptMedia):
            read(data[:end])


def test_of_an_mp4_cut_after_its_index_the_whole_is_corrupt_and_the_beginning_is_there(
    probe: Callable[..., Any], read_audio: Callable[..., Any], read_frames: Callable[..., Any], faststart: bytes
) -> None:
    data = faststart[: len(faststart) * 2 // 3]
    assert probe(data).duration == pytest.approx(3.0, abs=0.05)  # what its header says
    for read in (read_audio, read_frames):
        with pytest.raises(CorruptMedia):
            read(data)
    assert read_audio(data, end=0.5).num_samples == 24_000
    assert len(read_frames(data, end=0.5)) == 13


CONTAINERS: dict[str, tuple[Sound | Pictures, ...]] = {
    "cut.wav": (Sound(codec="pcm_s16le"),),
    "cut.flac": (Sound(codec="flac"),),
    "cut.mp3": (Sound(codec="libmp3lame"),),
    "cut.ogg": (Sound(codec="libopus"),),
    "cut.aac": (Sound(codec="aac"),),
    "cut.mp4": (Pictures(codec="libx264"), Sound(codec="aac")),
    "cut.mkv": (Pictures(codec="libx264"), Sound(codec="flac")),
    "cut.webm": (Pictures(codec="libvpx"), Sound(codec="libopus")),
    "cut.avi": (Pictures(codec="mpeg4"), Sound(codec="pcm_s16le")),
    "cut.ts": (Pictures(codec="mpeg2video"), Sound(codec="mp2")),
    "cut.flv": (Pictures(codec="flv"), Sound(codec="libmp3lame", rate=44_100)),
}


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5], ids=["16 bytes", "a hundredth", "half"])
@pytest.mark.parametrize("name", CONTAINERS)
def test_a_piece_of_a_file_is_read_or_told_to_be_bad(
    read_audio: Callable[..., Any], made: Callable[..., Path], name: str, share: float
) -> None:
    whole = made(name, *CONTAINERS[name]).read_bytes()
    piece = whole[: max(16, int(share * len(whole)))]
    try:
        audio = read_audio(piece)
    except (NotMedia, CorruptMedia, NoSuchStream):
        return
    assert audio.num_samples < 48_000


@pytest.mark.parametrize("name", CONTAINERS)
def test_noise_in_the_middle_is_read_over_or_told(
    read: Callable[..., Any], made: Callable[..., Path], name: str
) -> None:
    data = bytearray(made(name, *CONTAINERS[name]).read_bytes())
    data[len(data) // 3 : len(data) // 3 + 500] = np.random.default_rng(5).bytes(500)
    with contextlib.suppress(CorruptMedia, NoSuchStream):
        read(bytes(data))


def test_a_wav_of_no_samples_is_no_sound(
    probe: Callable[..., Any], read_audio: Callable[..., Any], made: Callable[..., Path]
) -> None:
    path = made("empty.wav", Sound(codec="pcm_s16le", seconds=0))
    assert probe(path).audio.channels == 1
    assert read_audio(path).samples.shape == (1, 0)
    with pytest.raises(BadInput):
        read_audio(path, start=0.1)


def test_one_picture_of_no_duration_is_on_screen_at_0(
    probe: Callable[..., Any], read_frames: Callable[..., Any], made: Callable[..., Path]
) -> None:
    data = bytearray(made("one.mp4", Pictures(codec="libx264", count=1)).read_bytes())
    for box, offset in ((b"mvhd", 20), (b"tkhd", 24), (b"mdhd", 20)):
        at = data.index(box) + offset
        data[at : at + 4] = bytes(4)
    stts = data.index(b"stts") + 16
    data[stts : stts + 4] = bytes(4)
    assert not probe(bytes(data)).duration
    assert len(read_frames(bytes(data))) == 1
    assert read_frames(bytes(data), at=[0.0]).pts.tolist() == [0]


def test_a_recording_that_states_no_duration_is_read_to_its_end(
    read_audio: Callable[..., Any], read_frames: Callable[..., Any], made: Callable[..., Path]
) -> None:
    path = made("live.webm", Pictures(codec="libvpx"), Sound(codec="libopus"), live="1")
    assert len(read_frames(path)) == 25
    assert read_frames(path, at=[0.5]).seconds == pytest.approx([0.48], abs=0.03)
    assert read_audio(path).duration == pytest.approx(1.0, abs=0.02)


def test_an_index_that_promises_a_thousand_years_costs_nothing(
    read_audio: Callable[..., Any], made: Callable[..., Path]
) -> None:
    data = bytearray(made("promise.mp4", Sound(codec="aac")).read_bytes())
    for box in (b"mvhd", b"mdhd"):
        at = data.index(box) + 20
        data[at : at + 4] = struct.pack(">I", 0x7FFFFFFF)
    try:
        audio = read_audio(bytes(data))
    except BadInput:
        return
    assert audio.duration == pytest.approx(1.0, abs=0.05)


def test_no_byte_of_a_header_makes_an_engine_fail(read: Callable[..., Any], made: Callable[..., Path]) -> None:
    """Each of some places set to all ones: lengths, counts, rates and channels that nobody could mean."""
    for name in ("cut.wav", "cut.mp4", "cut.mkv"):
        whole = made(name, *CONTAINERS[name]).read_bytes()
        begin = max(0, whole.find(b"moov"))
        for place in range(begin + 12, min(begin + 500, len(whole) - 4), 97):
            data = whole[:place] + b"\xff" * 4 + whole[place + 4 :]
            try:
                read(data)
            except MediarackError as error:
                assert not isinstance(error, BackendFailed), f"{name} with ones at {place}: {error!r}"
