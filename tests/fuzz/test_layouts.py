"""Whatever streams FFmpeg writes, in whichever container: probe says what was written, and reading gives it back.

``hatch run fuzz:layouts`` tries other layouts each time, and many more of them.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st
from layouts import Pictures, Sound, gray_of, write

import mediarack as mr
from mediarack.plugin import AudioStreamInfo, VideoStreamInfo

ANY_RATE = (8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000)
AAC_RATES = tuple(rate for rate in ANY_RATE if rate > 8000)
MPEG_RATES = (32_000, 44_100, 48_000)
EXACT = {"pcm_s16le", "pcm_s16be", "pcm_f32le", "pcm_s24le", "flac", "alac"}


@dataclass(frozen=True)
class Container:
    """Which codecs it takes, and the rates and numbers of channels of each for sound."""

    pictures: tuple[str, ...]
    sounds: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
    most_sounds: int = 3
    begins_anywhen: bool = True
    """Whether timestamps are kept that do not begin at 0."""


ANY = tuple(range(1, 9))
AAC = (AAC_RATES, (1, 2, 3, 4, 5, 6))
OPUS = ((48_000,), (1, 2, 5, 6, 7, 8))
CONTAINERS = {
    "mp4": Container(
        ("libx264", "mpeg4"), {"aac": AAC, "alac": (ANY_RATE, (1, 2, 4, 5, 6)), "libmp3lame": (MPEG_RATES, (1, 2))}
    ),
    "mov": Container(("libx264", "qtrle", "prores"), {"pcm_s16be": (ANY_RATE, ANY), "aac": AAC}),
    "mkv": Container(
        ("libx264", "ffv1", "libvpx", "mpeg2video"),
        {"flac": (ANY_RATE, ANY), "pcm_f32le": (ANY_RATE, ANY), "aac": AAC, "libopus": OPUS},
    ),
    "webm": Container(("libvpx", "libvpx-vp9"), {"libopus": OPUS}),
    "avi": Container(("mpeg4", "mjpeg"), {"pcm_s16le": (ANY_RATE, (1, 2))}, begins_anywhen=False),
    "ts": Container(("libx264", "mpeg2video"), {"mp2": (MPEG_RATES, (1, 2)), "aac": AAC}),
    "nut": Container(("libx264", "ffv1"), {"pcm_s16le": (ANY_RATE, ANY), "flac": (ANY_RATE, ANY)}),
    "wav": Container(
        (), {"pcm_s16le": (ANY_RATE, ANY), "pcm_s24le": (ANY_RATE, ANY), "pcm_f32le": (ANY_RATE, ANY)}, 1, False
    ),
    "flac": Container((), {"flac": (ANY_RATE, ANY)}, 1, False),
    "aiff": Container((), {"pcm_s16be": (ANY_RATE, ANY[:-1])}, 1, False),
    "mp3": Container((), {"libmp3lame": (MPEG_RATES, (1, 2))}, 1, False),
    "opus": Container((), {"libopus": OPUS}, 1, False),
}
FRAME_RATES = (24, 25, 30, 50)  # those that MPEG-2 knows too
CODEC_NAMES = {
    "libx264": "h264",
    "libvpx": "vp8",
    "libvpx-vp9": "vp9",
    "libmp3lame": "mp3",
    "libopus": "opus",
    "flv": "flv1",
}
PIXEL_FORMATS = {"mjpeg": "yuvj420p", "qtrle": "rgb24", "prores": "yuv422p10le"}


@dataclass(frozen=True)
class Layout:
    suffix: str
    pictures: Pictures | None
    sounds: tuple[Sound, ...]

    @property
    def streams(self) -> tuple[Sound | Pictures, ...]:
        return (*([self.pictures] if self.pictures else []), *self.sounds)


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    suffix = draw(st.sampled_from(sorted(CONTAINERS)))
    container = CONTAINERS[suffix]
    # A multiple of all frame rates' periods, so that no timestamp is rounded.
    start = float(draw(st.integers(0, 4))) if container.begins_anywhen else 0.0
    pictures = None
    if container.pictures and draw(st.integers(0, 3)):
        codec = draw(st.sampled_from(container.pictures))
        pictures = Pictures(
            codec=codec,
            width=2 * draw(st.integers(8, 100)),
            height=2 * draw(st.integers(8, 100)),
            fps=draw(st.sampled_from(FRAME_RATES)),
            count=draw(st.integers(10, 40)),  # of a few, FFmpeg cannot tell when they begin, nor that it is MPEG-TS
            start=start,
            pixel_format=PIXEL_FORMATS.get(codec),
        )
    sounds = []
    for _ in range(draw(st.integers(0 if pictures else 1, container.most_sounds))):
        codec = draw(st.sampled_from(sorted(container.sounds)))
        rates, channels = container.sounds[codec]
        count = draw(st.sampled_from(channels))
        sounds.append(
            Sound(
                codec=codec,
                rate=draw(st.sampled_from(rates)),
                channels=count,
                options=(("b", f"{128 * count}k"),) if codec == "aac" else (),
                seconds=draw(st.integers(5, 15)) / 10,
                level=draw(st.sampled_from((0.2, 0.5, 0.8))),
                start=start,
            )
        )
    return Layout(suffix, pictures, tuple(sounds))


def backends() -> list[str]:
    """Those that read both sound and pictures."""
    with mr.Rack() as rack:
        usable = [b.spec for b in rack.registry.backends if not b.unmet_requirements]
    names = [{spec.name for spec in usable if spec.capability == c} for c in ("probe", "read_audio", "read_frames")]
    return sorted(set.intersection(*names))


LONG = settings.default is settings.get_profile("long")


@pytest.mark.parametrize("backend", backends())
@settings(
    max_examples=settings.default.max_examples if LONG else 15,
    derandomize=not LONG,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(layout=layouts())
def test_what_was_written_is_read(rack: mr.Rack, backend: str, layout: Layout) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"a.{layout.suffix}"
        write(path, *layout.streams)
        note(f"{path.stat().st_size} bytes")
        event(layout.suffix)
        info = rack.probe(path, backend=backend)
        check_info(info, layout)
        for stream, sound in zip((s for s in info.streams if s.kind == "audio"), layout.sounds, strict=True):
            check_sound(rack.read_audio(path, stream=stream.index, backend=backend), sound)
        if layout.pictures is not None:
            check_pictures(rack.read_frames(path, backend=backend), layout.pictures)


def check_info(info: mr.MediaInfo, layout: Layout) -> None:
    assert [s.kind for s in info.streams] == [
        "video" if isinstance(stream, Pictures) else "audio" for stream in layout.streams
    ]
    for found, stream in zip(info.streams, layout.streams, strict=True):
        name = CODEC_NAMES.get(stream.codec, stream.codec)
        # MPEG-TS does not tell the layers of MPEG audio apart: FFmpeg does, after enough of it.
        assert found.codec == name or (found.codec, name) == ("mp3", "mp2")
        if isinstance(found, VideoStreamInfo):
            assert isinstance(stream, Pictures)
            assert (found.width, found.height, found.rotation) == (stream.width, stream.height, 0)
        elif isinstance(found, AudioStreamInfo):
            assert isinstance(stream, Sound)
            assert (found.sample_rate, found.channels) == (stream.rate, stream.channels)
    if layout.suffix in ("avi", "nut"):
        return  # which state the length of the pictures, and when the last packet begins
    longest = max(s.seconds if isinstance(s, Sound) else s.count / s.fps for s in layout.streams)
    # The last frame of lossy sound is filled up (2048 samples of AAC's priming and end at the least rate).
    assert info.duration == pytest.approx(longest, abs=0.2)


def check_sound(audio: mr.Audio, sound: Sound) -> None:
    assert (audio.sample_rate, audio.num_channels) == (sound.rate, sound.channels)
    more = audio.num_samples - sound.num_samples
    assert more == 0 if sound.codec in EXACT else 0 <= more <= 2 * 1152 + 1024
    assert audio.start_seconds == pytest.approx(0.0, abs=0.1)
    middle = audio.samples[0, sound.num_samples // 4 : sound.num_samples * 3 // 4]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(sound.level * 0.5**0.5, rel=0.2)  # of a sine


def check_pictures(frames: mr.Frames, pictures: Pictures) -> None:
    assert frames.images.shape == (pictures.count, pictures.height, pictures.width, 3)
    middle = frames.images[:, pictures.height // 2, pictures.width // 2, 1]
    assert middle.tolist() == pytest.approx([gray_of(number) for number in range(pictures.count)], abs=7)
    assert 0 <= frames.seconds[0] < 0.1
    assert frames.seconds - frames.seconds[0] == pytest.approx(
        [number / pictures.fps for number in range(pictures.count)], abs=0.002
    )
