"""Media made for the tests, a few seconds each. A video's pictures carry their own number, so that a test can say
which frame it got."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

import mediarack

WIDTH, HEIGHT = 64, 48
BITS_ACROSS, BITS_DOWN = 8, 2


def numbered_picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> npt.NDArray[np.uint8]:
    """White and black blocks: the bits of the number, from the upper left corner."""
    bits = (number >> np.arange(BITS_ACROSS * BITS_DOWN)) & 1
    rows = np.linspace(0, BITS_DOWN, height, endpoint=False).astype(int)
    columns = np.linspace(0, BITS_ACROSS, width, endpoint=False).astype(int)
    levels = (16 + 224 * bits.reshape(BITS_DOWN, BITS_ACROSS)).astype(np.uint8)
    return np.repeat(levels[rows][:, columns, None], 3, axis=2)


@pytest.fixture(scope="session")
def number_of() -> Callable[[npt.NDArray[np.uint8]], int]:
    """Reads the number back from an upright picture of any size."""

    def read(image: npt.NDArray[np.uint8]) -> int:
        height, width = image.shape[:2]
        rows = ((np.arange(BITS_DOWN) + 0.5) * height / BITS_DOWN).astype(int)
        columns = ((np.arange(BITS_ACROSS) + 0.5) * width / BITS_ACROSS).astype(int)
        bits = image[rows][:, columns].mean(axis=2).ravel() > 128
        return int((bits << np.arange(bits.size)).sum())

    return read


@pytest.fixture(scope="session", params=["pyav", "ffmpeg"])
def backend(request: pytest.FixtureRequest) -> str:
    """Every test that takes a rack runs once for each."""
    return str(request.param)


@pytest.fixture(scope="session")
def rack(backend: str) -> Iterator[mediarack.Rack]:
    """A rack with this backend alone, so that no test is passed by the other one."""
    others = [name for name in ("pyav", "ffmpeg") if name != backend]
    with mediarack.Rack(mediarack.Config(disabled=frozenset(others))) as made:
        yield made


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def make_video(media: Path) -> Callable[..., Path]:
    """``make(name, times of the frames, sound=also a tone, **options of libx264)``; the suffix is the container."""

    def make(
        name: str,
        times: Sequence[float],
        *,
        size: tuple[int, int] = (WIDTH, HEIGHT),
        sound: bool = False,
        **options: Any,
    ) -> Path:
        path = media / name
        if path.exists():
            return path
        base = Fraction(1, 25 if path.suffix == ".avi" else 90_000)  # AVI counts frames
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=25, options={k: str(v) for k, v in options.items()})
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.codec_context.time_base = base
            audio = container.add_stream("aac", rate=48_000, layout="mono") if sound else None
            for number, seconds in enumerate(times):
                frame = av.VideoFrame.from_ndarray(numbered_picture(number, *size), format="rgb24")
                frame.pts, frame.time_base = round(seconds / base), base
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if audio is not None:
                sine = np.sin(np.arange(int(48_000 * (times[-1] + 0.04))) / 20)[None].astype(np.float32)
                tone = av.AudioFrame.from_ndarray(sine, format="fltp", layout="mono")
                tone.sample_rate, tone.pts = 48_000, 0
                container.mux(audio.encode(tone))
                container.mux(audio.encode(None))
        return path

    return make


@pytest.fixture(scope="session")
def steady(make_video: Callable[..., Path]) -> Path:
    """25 fps, 12 s, B-frames, a keyframe every 2 s, with sound."""
    return make_video("steady.mp4", [n / 25 for n in range(300)], sound=True, bf=3, g=50)


@pytest.fixture(scope="session")
def uneven_times() -> list[float]:
    """When the frames of ``uneven`` come: 5 ms to 300 ms apart, on ticks of a millisecond."""
    gaps = np.random.default_rng(7).integers(5, 300, 149)
    return [0.0, *(np.cumsum(gaps) / 1000).tolist()]


@pytest.fixture(scope="session", params=["mp4", "mkv"])
def uneven(make_video: Callable[..., Path], uneven_times: list[float], request: pytest.FixtureRequest) -> Path:
    """A variable frame rate with B-frames."""
    return make_video(f"uneven.{request.param}", uneven_times, bf=3, g=40)


@pytest.fixture(scope="session")
def sound() -> npt.NDArray[np.float32]:
    """Stereo at 44.1 kHz, 12 s, exact in 16 bits: a sweep on the left, noise on the right."""
    seconds = np.arange(12 * 44_100) / 44_100
    sweep = 0.5 * np.sin(2 * np.pi * (100 + 150 * seconds) * seconds)
    noise = np.random.default_rng(3).uniform(-0.4, 0.4, seconds.size)
    whole = np.rint(np.stack([sweep, noise]) * 32768).astype(np.float32)
    return whole / np.float32(32768)


@pytest.fixture(scope="session")
def make_sound(media: Path, sound: npt.NDArray[np.float32]) -> Callable[..., Path]:
    """``make("a.flac", codec)``: ``sound``, or other samples, in another format."""

    def make(
        name: str, codec: str, samples: npt.NDArray[np.float32] = sound, layout: str = "stereo", **options: str
    ) -> Path:
        path = media / name
        if path.exists():
            return path
        with av.open(str(path), "w") as container:
            rate = int(options.pop("rate", 44_100))
            stream = container.add_stream(codec, rate=rate, layout=layout, options=options)
            resampler = av.AudioResampler(stream.format.name, layout, rate)
            for begin in range(0, samples.shape[1], 44_100):
                block = np.ascontiguousarray(samples[:, begin : begin + 44_100])
                frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
                frame.sample_rate, frame.pts = 44_100, begin
                container.mux(itertools.chain.from_iterable(map(stream.encode, resampler.resample(frame))))
            container.mux(stream.encode(None))
        return path

    return make


@pytest.fixture(scope="session")
def wav(make_sound: Callable[..., Path]) -> Path:
    return make_sound("sound.wav", "pcm_s16le")
