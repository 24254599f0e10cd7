"""Times and numbers out of range: told before any work where that can be, and never an engine's own error."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from layouts import Pictures, Sound

from mediarack import BadInput, NoSuchStream

WINDOWS: dict[str, dict[str, Any]] = {
    "negative start": {"start": -1.0},
    "NaN start": {"start": math.nan},
    "infinite start": {"start": math.inf},
    "negative end": {"end": -1.0},
    "NaN end": {"end": math.nan},
    "infinite end": {"end": math.inf},
    "end at start": {"start": 0.5, "end": 0.5},
    "end before start": {"start": 0.5, "end": 0.2},
    "text": {"start": "1"},
    "past the end": {"start": 2.0},
    "window past the end": {"start": 2.0, "end": 3.0},
    "a year past the end": {"start": 3.2e7},
    "more seconds than any clock counts": {"start": 1e300},
    "negative stream": {"stream": -1},
    "no whole stream": {"stream": 0.5},
}
SOUND: dict[str, dict[str, Any]] = {
    "no rate": {"sample_rate": 0},
    "too high a rate": {"sample_rate": 10**9},
    "no channels": {"channels": 0},
    "too many channels": {"channels": 10**6},
    "unknown law": {"downmix": "sum"},
}
PICTURES: dict[str, dict[str, Any]] = {
    "at a negative time": {"at": [-0.1]},
    "at NaN": {"at": [math.nan]},
    "at infinity": {"at": [math.inf]},
    "at no time": {"at": []},
    "at a time past the end": {"at": [0.5, 2.0]},
    "at a time a year past the end": {"at": [3.2e7]},
    "at more seconds than any clock counts": {"at": [1e300]},
    "a negative number": {"indices": [-1]},
    "a number past the end": {"indices": [0, 25]},
    "a number far past the end": {"indices": [10**9]},
    "a number that no integer holds": {"indices": [10**30]},
    "every 0 s": {"every": 0.0},
    "every NaN": {"every": math.nan},
    "every infinity": {"every": math.inf},
    "every second from past the end": {"every": 1.0, "start": 2.0},
    "no width": {"width": 0},
    "a width without end": {"width": 10**6},
    "unknown format": {"format": "yuv420p"},
    "two ways at once": {"at": [0.0], "indices": [0]},
}


@pytest.mark.parametrize("case", [*WINDOWS, *SOUND])
def test_what_cannot_be_read_of_the_sound_is_bad_input(read_audio: Callable[..., Any], mp4: Path, case: str) -> None:
    with pytest.raises(BadInput):
        read_audio(mp4, **{**WINDOWS, **SOUND}[case])


@pytest.mark.parametrize("case", [*WINDOWS, *PICTURES])
def test_what_cannot_be_read_of_the_pictures_is_bad_input(
    read_frames: Callable[..., Any], mp4: Path, case: str
) -> None:
    with pytest.raises(BadInput):
        read_frames(mp4, **{**WINDOWS, **PICTURES}[case])


@pytest.mark.parametrize("number", [2, 9, 2**31, 2**40, 10**30])
def test_a_stream_that_is_not_there_is_told(
    read_audio: Callable[..., Any], read_frames: Callable[..., Any], mp4: Path, number: int
) -> None:
    for read in (read_audio, read_frames):
        with pytest.raises(NoSuchStream, match=str(number)):
            read(mp4, stream=number)


@pytest.mark.parametrize("end", [1.0, 1.5, 3.2e7, 1e300])
def test_an_end_past_the_end_is_the_end(read_audio: Callable[..., Any], wav: Path, end: float) -> None:
    assert read_audio(wav, end=end).num_samples == 48_000


@pytest.mark.parametrize("end", [1.0, 1.5, 3.2e7, 1e300])
def test_pictures_up_to_past_the_end_are_all(read_frames: Callable[..., Any], mp4: Path, end: float) -> None:
    assert len(read_frames(mp4, end=end)) == 25


@pytest.mark.parametrize("every", [2.0, 1e9, 1e300])
def test_one_picture_each_more_than_there_is_gives_the_first(
    read_frames: Callable[..., Any], mp4: Path, every: float
) -> None:
    assert read_frames(mp4, every=every).pts.tolist() == [0]


def test_windows_smaller_than_a_sample_hold_none_or_one(read_audio: Callable[..., Any], wav: Path) -> None:
    assert read_audio(wav, start=0.5, end=0.5 + 1 / 48_000).num_samples == 1
    with pytest.raises(BadInput):
        read_audio(wav, start=0.5, end=0.5 + 1e-9)


def test_times_of_a_stream_that_begins_late_count_from_the_start_of_the_file(
    read_audio: Callable[..., Any], made: Callable[..., Path]
) -> None:
    path = made("late-sound.mkv", Pictures(codec="libx264"), Sound(codec="pcm_s16le", seconds=0.5, start=0.5))
    assert read_audio(path).start_seconds == pytest.approx(0.5, abs=0.001)
    assert read_audio(path, start=0.75).num_samples == pytest.approx(12_000, abs=48)
    with pytest.raises(BadInput):
        read_audio(path, end=0.25)


@pytest.mark.parametrize(
    ("suffix", "pictures", "sound"),
    [
        ("mkv", "libx264", "flac"),
        ("webm", "libvpx", "libopus"),
        ("wmv", "wmv2", "wmav2"),
        ("nut", "libx264", "flac"),
        ("flv", "flv", "libmp3lame"),
        ("mp4", "libx264", "aac"),
        ("ts", "mpeg2video", "mp2"),
    ],
)
def test_a_file_that_begins_late_is_whole_and_as_long_as_it_lasts(
    probe: Callable[..., Any],
    read_audio: Callable[..., Any],
    read_frames: Callable[..., Any],
    made: Callable[..., Path],
    suffix: str,
    pictures: str,
    sound: str,
) -> None:
    options = (("b", "64k"),) if sound == "wmav2" else ()
    streams = Pictures(codec=pictures, start=3.0), Sound(codec=sound, rate=rate_of(sound), start=3.0, options=options)
    path = made(f"begins-late.{suffix}", *streams)
    assert probe(path).duration == pytest.approx(1.0, abs=0.11)
    assert len(read_frames(path)) == 25
    assert read_audio(path).duration == pytest.approx(1.0, abs=0.06)


def rate_of(codec: str) -> int:
    return 44_100 if codec == "libmp3lame" else 48_000
