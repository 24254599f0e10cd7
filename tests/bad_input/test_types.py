"""The kinds of file that people upload, by their MIME types: told and read from path, bytes and file object."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from layouts import Pictures, Sound, gray_of

LOSSY_END = 2 * 1152
"""Samples by which lossy formats may end later than what was written: two frames of MP3."""
AUDIO: dict[str, tuple[str, Sound]] = {
    "audio/mpeg": ("a.mpga", Sound(codec="libmp3lame", rate=44_100)),
    "audio/mp3": ("a.mp3", Sound(codec="libmp3lame", channels=2)),
    "audio/wav": ("a.wav", Sound(codec="pcm_s16le")),
    "audio/wave": ("a.wave", Sound(codec="pcm_s24le", channels=2)),
    "audio/x-wav": ("x.wav", Sound(codec="pcm_f32le", rate=22_050)),
    "audio/m4a": ("a.m4a", Sound(codec="aac")),
    "audio/mp4": ("a.mp4", Sound(codec="alac", channels=2)),
    "audio/aac": ("a.aac", Sound(codec="aac", channels=2)),
    "audio/ogg": ("a.ogg", Sound(codec="vorbis", channels=2)),
    "audio/flac": ("a.flac", Sound(codec="flac")),
    "audio/x-flac": ("x.flac", Sound(codec="flac", rate=96_000, channels=2)),
    "audio/opus": ("a.opus", Sound(codec="libopus")),
}
FORMATS = {".mpga": "mp3", ".wave": "wav"}
"""Of suffixes that FFmpeg does not know."""
VIDEO: dict[str, tuple[str, Pictures, Sound]] = {
    "video/mp4": ("v.mp4", Pictures(codec="libx264"), Sound(codec="aac")),
    "video/mpeg": ("v.mpg", Pictures(codec="mpeg1video"), Sound(codec="mp2")),
    "video/quicktime": ("v.mov", Pictures(codec="mjpeg", pixel_format="yuvj420p"), Sound(codec="pcm_s16be")),
    "video/x-msvideo": ("v.avi", Pictures(codec="mpeg4"), Sound(codec="pcm_s16le")),
    "video/webm": ("v.webm", Pictures(codec="libvpx"), Sound(codec="libopus")),
    "video/x-ms-wmv": ("v.wmv", Pictures(codec="wmv2"), Sound(codec="wmav2", options=(("b", "64k"),))),
    "video/x-flv": ("v.flv", Pictures(codec="flv"), Sound(codec="libmp3lame", rate=44_100)),
    "video/3gpp": (
        "v.3gp",
        Pictures(codec="h263", width=176, height=144),
        Sound(codec="libopencore_amrnb", rate=8000),
    ),
    "video/x-matroska": ("v.mkv", Pictures(codec="ffv1"), Sound(codec="flac")),
    "video/ogg": ("v.ogv", Pictures(codec="libvpx"), Sound(codec="libopus")),
}


@pytest.fixture(params=["path", "bytes", "file"])
def given(request: pytest.FixtureRequest) -> Callable[[Path], Any]:
    """A file as each kind of source."""
    if request.param == "path":
        return lambda path: path
    return Path.read_bytes if request.param == "bytes" else lambda path: io.BytesIO(path.read_bytes())


@pytest.mark.parametrize("kind", AUDIO)
def test_sound(
    probe: Callable[..., Any],
    read_audio: Callable[..., Any],
    made: Callable[..., Path],
    given: Callable[[Path], Any],
    kind: str,
) -> None:
    name, sound = AUDIO[kind]
    path = made(name, sound, format=FORMATS.get(Path(name).suffix))
    info = probe(given(path))
    assert info.video is None
    assert (info.audio.sample_rate, info.audio.channels) == (sound.rate, sound.channels)
    assert info.duration == pytest.approx(sound.seconds, abs=LOSSY_END / sound.rate)
    audio = read_audio(given(path))
    assert (audio.sample_rate, audio.num_channels) == (sound.rate, sound.channels)
    assert 0 <= audio.num_samples - sound.num_samples <= LOSSY_END
    heights = abs(audio.samples[:, sound.rate // 4 : sound.rate // 2]).max(axis=1)
    assert heights == pytest.approx(sound.level, abs=0.1)


@pytest.mark.parametrize("kind", VIDEO)
def test_film(
    probe: Callable[..., Any],
    read_audio: Callable[..., Any],
    read_frames: Callable[..., Any],
    made: Callable[..., Path],
    given: Callable[[Path], Any],
    kind: str,
) -> None:
    name, pictures, sound = VIDEO[kind]
    path = made(name, pictures, sound)
    info = probe(given(path))
    assert (info.video.width, info.video.height) == (pictures.width, pictures.height)
    assert (info.audio.sample_rate, info.audio.channels) == (sound.rate, sound.channels)
    assert info.duration == pytest.approx(1.0, abs=0.1)  # the last frame of sound is filled up
    frames = read_frames(given(path))
    assert len(frames) == pictures.count
    assert frames.images[:, 0, 0, 0].tolist() == pytest.approx([gray_of(n) for n in range(25)], abs=6)
    # A container counts from its first stream, which in MPEG, FLV and WMV is the sound, a little before the pictures.
    assert frames.seconds == pytest.approx([frames.seconds[0] + n / 25 for n in range(25)], abs=0.002)
    assert 0 <= frames.seconds[0] < 0.05
    audio = read_audio(given(path), sample_rate=16_000, channels=1)
    assert audio.duration == pytest.approx(1.0, abs=0.1)
    assert abs(audio.samples[:, 4000:8000]).max() == pytest.approx(sound.level, abs=0.1)
