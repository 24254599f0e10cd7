"""Which stream is read: none of the kind, several with languages, a cover instead of a film."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition
from layouts import Pictures, Sound

from mediarack import NoSuchStream

LANGUAGES = {1: ("ger", 0.1), 2: ("fra", 0.4), 3: ("jpn", 0.8)}


@pytest.fixture(params=["mp4", "mkv", "mov", "ts"])
def languages(made: Callable[..., Path], request: pytest.FixtureRequest) -> Path:
    """A film with three sounds of their own loudness."""
    codec = "mp2" if request.param == "ts" else "aac"
    sounds = [Sound(codec=codec, level=level, language=language) for language, level in LANGUAGES.values()]
    return made(f"languages.{request.param}", Pictures(codec="libx264"), *sounds)


def test_every_sound_has_its_language_and_is_had_by_its_index(
    probe: Callable[..., Any], read_audio: Callable[..., Any], languages: Path
) -> None:
    info = probe(languages)
    assert {s.index: s.language for s in info.streams if s.kind == "audio"} == {
        index: language for index, (language, _) in LANGUAGES.items()
    }
    for index, (_, level) in LANGUAGES.items():
        samples = read_audio(languages, stream=index).samples
        assert abs(samples[:, 12_000:36_000]).max() == pytest.approx(level, rel=0.2), f"stream {index}"


def test_unless_told_otherwise_the_first_is_read(
    probe: Callable[..., Any], read_audio: Callable[..., Any], languages: Path
) -> None:
    index = probe(languages).audio.index
    assert np.array_equal(read_audio(languages).samples, read_audio(languages, stream=index).samples)
    assert index == 1


def test_the_one_marked_as_default_comes_before_the_first(
    probe: Callable[..., Any], read_audio: Callable[..., Any], languages: Path, tmp_path: Path
) -> None:
    if languages.suffix == ".ts":
        pytest.skip("MPEG-TS has no mark of a default stream")
    path = tmp_path / f"default{languages.suffix}"
    with av.open(str(languages)) as source, av.open(str(path), "w") as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for index, stream in streams.items():
            stream.disposition = Disposition.default if index in (0, 3) else Disposition(0)
            stream.metadata.update(source.streams[index].metadata)
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    assert probe(path).audio.index == 3
    assert abs(read_audio(path).samples[:, 12_000:36_000]).max() == pytest.approx(0.8, rel=0.2)


def test_a_film_without_sound_has_no_sound_to_read(
    probe: Callable[..., Any], read_audio: Callable[..., Any], made: Callable[..., Path]
) -> None:
    silent = made("silent.mp4", Pictures(codec="libx264"))
    assert probe(silent).audio is None
    for asked in ({}, {"stream": 0}, {"stream": 1}):
        with pytest.raises(NoSuchStream):
            read_audio(silent, **asked)


def test_a_sound_without_pictures_has_none_to_read(
    probe: Callable[..., Any], read_frames: Callable[..., Any], wav: Path
) -> None:
    assert probe(wav).video is None
    for asked in ({}, {"stream": 0}, {"stream": 1}, {"at": [0.0]}, {"indices": [0]}):
        with pytest.raises(NoSuchStream):
            read_frames(wav, **asked)


def test_subtitles_alone_are_neither(
    probe: Callable[..., Any], read_audio: Callable[..., Any], read_frames: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "a.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    assert [stream.kind for stream in probe(path).streams] == ["subtitle"]
    for read in (read_audio, read_frames):
        with pytest.raises(NoSuchStream):
            read(path)


@pytest.fixture(params=[("mp3", "libmp3lame"), ("m4a", "aac"), ("flac", "flac")], ids=lambda p: p[0])
def song(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A second of sound with a red cover of 30x20."""
    suffix, codec = request.param
    path = tmp_path / f"song.{suffix}"
    red = np.zeros((20, 30, 3), np.uint8)
    red[..., 0] = 200
    with av.open(str(path), "w", format="mp4" if suffix == "m4a" else None) as container:
        sound = container.add_stream(codec, rate=48_000, layout="mono")
        cover = container.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = 30, 20, "rgb24"
        cover.disposition = Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(red, format="rgb24")
        picture.pts, picture.time_base = 0, Fraction(1, 1)
        covers = [*cover.encode(picture), *cover.encode(None)]
        sine = 0.5 * np.sin(np.arange(48_000) / 20)[None].astype(np.float32)
        frame = av.AudioFrame.from_ndarray(sine, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
        container.start_encoding()
        container.mux(covers)
        for converted in av.AudioResampler(sound.format.name, "mono", 48_000).resample(frame):
            container.mux(sound.encode(converted))
        container.mux(sound.encode(None))
    return path


def test_a_cover_is_told_from_a_film(
    probe: Callable[..., Any], read_audio: Callable[..., Any], read_frames: Callable[..., Any], song: Path
) -> None:
    video = probe(song).video
    assert (video.cover, video.width, video.height) == (True, 30, 20)
    assert read_audio(song).duration == pytest.approx(1.0, abs=0.05)
    for asked in ({}, {"indices": [0]}, {"at": [0.0]}):
        frames = read_frames(song, **asked)
        assert frames.images.shape == (1, 20, 30, 3)
        assert (frames.images[0] == (200, 0, 0)).all()
