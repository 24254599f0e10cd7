"""What can be asked of a backend: one frozen request per capability.

A request checks its own values, so that a wrong one is told before any file is opened, and names the *features* it
needs, so that a backend which lacks one is passed over with a reason instead of ignoring it.
"""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from mediarack.errors import BadInput
from mediarack.media import CHANNELS_OF_FORMAT, PixelFormat

Capability = Literal[
    "probe", "read_audio", "read_frames", "write_audio", "write_image", "separate", "transcribe", "speak"
]
WRITING: frozenset[Capability] = frozenset({"write_audio", "write_image"})
"""Those whose source is what is to be written; they go at the pace of who feeds them."""
AudioContainer = Literal["wav", "flac", "mp3", "ogg", "opus", "m4a"]
"""ogg holds Vorbis, opus holds Opus in Ogg, m4a holds AAC."""
ImageContainer = Literal["jpeg", "png", "webp"]
SampleEncoding = Literal["s16", "s24", "float32"]
Downmix = Literal["mean", "ffmpeg"]
MAX_SIDE = 16_384
"""Pixels; the scalers of some decoders fail above it."""
Task = Literal["transcribe", "translate"]


def _check_choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BadInput(f"{name}={value!r}: must be one of {', '.join(allowed)}")


def _check_range(name: str, value: float | None, low: float, high: float = math.inf) -> None:
    number = isinstance(value, numbers.Real) and math.isfinite(value)
    if value is not None and not (number and low <= value <= high):
        raise BadInput(f"{name}={value!r}: must be a finite number, {_limits(low, high)}")


def _check_integer(name: str, value: int | None, low: int, high: float = math.inf) -> None:
    if value is not None and not (isinstance(value, numbers.Integral) and low <= value <= high):
        raise BadInput(f"{name}={value!r}: must be a whole number, {_limits(low, high)}")


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str | None):
        raise BadInput(f"{name}={value!r}: must be a str")


def _limits(low: float, high: float) -> str:
    return f"{low} or more" if high == math.inf else f"between {low} and {high}"


def _check_window(start: float, end: float | None) -> None:
    _check_range("start", start, 0)
    _check_range("end", end, 0)
    if end is not None and end <= start:
        raise BadInput(f"start={start!r}, end={end!r}: end must be after start (both in seconds)")


@dataclass(frozen=True, kw_only=True)
class ProbeRequest:
    """What a container holds, without decoding it."""

    capability: ClassVar[Capability] = "probe"
    options: Any = None

    def features(self) -> frozenset[str]:
        return frozenset()


@dataclass(frozen=True, kw_only=True)
class ReadAudioRequest:
    """Samples between ``start`` and ``end`` seconds. None means as the stream has it.

    ``stream`` is a stream's index in the container. ``downmix`` is the law used when ``channels`` is less than the
    stream has: "mean" normalises FFmpeg's mixing weights so that they add up to one (for stereo the mean of both
    channels; what Whisper's own loader does); "ffmpeg" is FFmpeg's law for float samples, whose weights add up to more,
    so that stereo comes out 3.01 dB louder and may exceed 1.0.
    """

    capability: ClassVar[Capability] = "read_audio"
    stream: int | None = None
    start: float = 0.0
    end: float | None = None
    sample_rate: int | None = None
    channels: int | None = None
    downmix: Downmix = "mean"
    options: Any = None

    def __post_init__(self) -> None:
        _check_window(self.start, self.end)
        _check_integer("stream", self.stream, 0)
        _check_integer("sample_rate", self.sample_rate, 1000, 768_000)
        _check_integer("channels", self.channels, 1, 64)
        _check_choice("downmix", self.downmix, ("mean", "ffmpeg"))

    def features(self) -> frozenset[str]:
        wanted = {
            "window": self.start > 0 or self.end is not None,
            "resample": self.sample_rate is not None,
            "channels": self.channels is not None,
        }
        return frozenset(name for name, needed in wanted.items() if needed)


@dataclass(frozen=True, kw_only=True)
class ReadFramesRequest:
    """Pictures: those on screen ``at`` some seconds, with some ``indices``, one ``every`` so many seconds, or all.

    At most one of ``at``, ``indices`` and ``every`` is given; ``start`` and ``end`` (seconds, end excluded) go with
    ``every`` or with all. Results come in the order asked for. ``width`` or ``height`` alone keeps the aspect ratio.
    """

    capability: ClassVar[Capability] = "read_frames"
    stream: int | None = None
    at: tuple[float, ...] | None = None
    indices: tuple[int, ...] | None = None
    every: float | None = None
    start: float = 0.0
    end: float | None = None
    width: int | None = None
    height: int | None = None
    format: PixelFormat = "rgb24"
    options: Any = None

    def __post_init__(self) -> None:
        given = [name for name in ("at", "indices", "every") if getattr(self, name) is not None]
        if len(given) > 1:
            raise BadInput(f"{' and '.join(given)} were given: give one of at, indices, every")
        if given and given != ["every"] and (self.start > 0 or self.end is not None):
            raise BadInput(f"start and end were given with {given[0]}: they go with every, or with all frames")
        _check_window(self.start, self.end)
        for name in ("at", "indices"):
            if getattr(self, name) == ():
                raise BadInput(f"{name} is empty: give at least one, or leave it out for all frames")
        for seconds in self.at or ():
            _check_range("at", seconds, 0)
        for index in self.indices or ():
            _check_integer("indices", index, 0)
        _check_range("every", self.every, 1e-6)
        _check_integer("stream", self.stream, 0)
        _check_integer("width", self.width, 1, MAX_SIDE)
        _check_integer("height", self.height, 1, MAX_SIDE)
        _check_choice("format", self.format, tuple(CHANNELS_OF_FORMAT))

    def features(self) -> frozenset[str]:
        wanted = {
            "at": self.at is not None,
            "indices": self.indices is not None,
            "every": self.every is not None,
            "window": self.start > 0 or self.end is not None,
            "resize": self.width is not None or self.height is not None,
            f"format:{self.format}": self.format != "rgb24",
        }
        return frozenset(name for name, needed in wanted.items() if needed)


@dataclass(frozen=True, kw_only=True)
class WriteAudioRequest:
    """Audio into the file ``target``, which the caller of the backend renames into place when all is well.

    ``encoding`` is how wav and flac store a sample; None is "s16". ``bit_rate`` (bits per second) is for the others;
    None is the encoder's default. An encoder that does not know the sample rate (MP3 above 48 kHz, most rates for
    Opus) gets the nearest one that it knows.
    """

    capability: ClassVar[Capability] = "write_audio"
    target: Path
    container: AudioContainer = "wav"
    encoding: SampleEncoding | None = None
    bit_rate: int | None = None
    options: Any = None

    def __post_init__(self) -> None:
        _check_choice("container", self.container, get_args(AudioContainer))
        lossless = self.container in ("wav", "flac")
        if self.encoding is not None:
            _check_choice("encoding", self.encoding, get_args(SampleEncoding))
            if not lossless:
                raise BadInput(f"encoding={self.encoding!r}: {self.container} has none, it is for wav and flac")
        if self.bit_rate is not None and lossless:
            raise BadInput(f"bit_rate={self.bit_rate!r}: {self.container} keeps every sample, it is for mp3, ogg, ...")
        _check_integer("bit_rate", self.bit_rate, 6000, 1_536_000)
        if lossless and self.encoding is None:
            object.__setattr__(self, "encoding", "s16")

    def features(self) -> frozenset[str]:
        wanted = {
            self.container: True,
            f"{self.container}:{self.encoding}": self.encoding is not None,
            "bit_rate": self.bit_rate is not None,
        }
        return frozenset(name for name, needed in wanted.items() if needed)


@dataclass(frozen=True, kw_only=True)
class WriteImageRequest:
    """One picture into the file ``target``. ``quality`` goes from 1 (worst) to 100 (best) and means nothing to png."""

    capability: ClassVar[Capability] = "write_image"
    target: Path
    container: ImageContainer = "jpeg"
    quality: int = 95
    options: Any = None

    def __post_init__(self) -> None:
        _check_choice("container", self.container, get_args(ImageContainer))
        _check_integer("quality", self.quality, 1, 100)

    def features(self) -> frozenset[str]:
        return frozenset({self.container})


@dataclass(frozen=True, kw_only=True)
class TranscribeRequest:
    """Speech to text.

    ``language`` is a code ("de"), an English name ("German") or None to detect it. ``model`` is a name the backend
    knows, an id on the model hub, or a directory; None is the backend's default. ``vad`` skips what is not speech.
    """

    capability: ClassVar[Capability] = "transcribe"
    language: str | None = None
    task: Task = "transcribe"
    model: str | None = None
    word_times: bool = False
    vad: bool = True
    initial_prompt: str | None = None
    stream: int | None = None
    options: Any = None

    def __post_init__(self) -> None:
        _check_choice("task", self.task, ("transcribe", "translate"))
        for name in ("language", "model", "initial_prompt"):
            _check_text(name, getattr(self, name))
        _check_integer("stream", self.stream, 0)

    def features(self) -> frozenset[str]:
        wanted = {
            "translate": self.task == "translate",
            "word_times": self.word_times,
            "vad": self.vad,
            "initial_prompt": self.initial_prompt is not None,
        }
        return frozenset(name for name, needed in wanted.items() if needed)


@dataclass(frozen=True, kw_only=True)
class SeparateRequest:
    """Sound taken apart into ``stems`` that add up to it.

    The stems say what kind of separation is meant, so that no backend is used for another kind: "speech" and
    "rest" part a voice from noise, "vocals" and its like part music. ``model`` is as in TranscribeRequest.
    """

    capability: ClassVar[Capability] = "separate"
    stems: tuple[str, ...] = ("speech", "rest")
    model: str | None = None
    stream: int | None = None
    options: Any = None

    def __post_init__(self) -> None:
        if not self.stems or len(set(self.stems)) < len(self.stems):
            raise BadInput(f"stems={self.stems!r}: name each wanted stem once, as in ('speech', 'rest')")
        _check_text("model", self.model)
        _check_integer("stream", self.stream, 0)

    def features(self) -> frozenset[str]:
        return frozenset(f"stem:{stem}" for stem in self.stems)


@dataclass(frozen=True, kw_only=True)
class SpeakRequest:
    """Text to speech; the text is the source.

    ``voice`` is a name the backend knows; None is its first one that speaks ``language``. ``speed`` is 1 for the
    voice's own pace, 2 for twice as fast. With a ``seed`` the same text gives the same samples.
    """

    capability: ClassVar[Capability] = "speak"
    voice: str | None = None
    language: str | None = None
    speed: float = 1.0
    seed: int | None = None
    model: str | None = None
    options: Any = None

    def __post_init__(self) -> None:
        for name in ("voice", "language", "model"):
            _check_text(name, getattr(self, name))
        _check_range("speed", self.speed, 0.25, 4)
        _check_integer("seed", self.seed, 0, 2**63 - 1)

    def features(self) -> frozenset[str]:
        wanted = {"speed": self.speed != 1.0, "seed": self.seed is not None}
        return frozenset(name for name, needed in wanted.items() if needed)


ModelRequest = TranscribeRequest | SeparateRequest | SpeakRequest
"""Those that run a model which the caller may name."""
Request = ProbeRequest | ReadAudioRequest | ReadFramesRequest | WriteAudioRequest | WriteImageRequest | ModelRequest
