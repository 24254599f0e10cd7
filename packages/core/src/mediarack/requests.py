"""What can be asked of a backend: one frozen request per capability.

A request checks its own values, so that a wrong one is told before any file is opened, and names the *features* it
needs, so that a backend which lacks one is passed over with a reason instead of ignoring it.
"""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from mediarack.errors import BadInput
from mediarack.media import CHANNELS_OF_FORMAT, PixelFormat

Capability = Literal["probe", "read_audio", "read_frames", "write_audio", "write_image", "transcribe"]
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

    ``encoding`` is the sample encoding: "s16" or "float32".
    """

    capability: ClassVar[Capability] = "write_audio"
    target: Path
    container: Literal["wav"] = "wav"
    encoding: Literal["s16", "float32"] = "s16"
    options: Any = None

    def __post_init__(self) -> None:
        _check_choice("container", self.container, ("wav",))
        _check_choice("encoding", self.encoding, ("s16", "float32"))

    def features(self) -> frozenset[str]:
        return frozenset({self.container, f"{self.container}:{self.encoding}"})


@dataclass(frozen=True, kw_only=True)
class WriteImageRequest:
    """One picture into the file ``target``. ``quality`` goes from 1 (worst) to 100 (best) and means nothing to png."""

    capability: ClassVar[Capability] = "write_image"
    target: Path
    container: Literal["jpeg", "png"] = "jpeg"
    quality: int = 95
    options: Any = None

    def __post_init__(self) -> None:
        _check_choice("container", self.container, ("jpeg", "png"))
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
        _check_integer("stream", self.stream, 0)

    def features(self) -> frozenset[str]:
        wanted = {
            "translate": self.task == "translate",
            "word_times": self.word_times,
            "vad": self.vad,
            "initial_prompt": self.initial_prompt is not None,
        }
        return frozenset(name for name, needed in wanted.items() if needed)


Request = (
    ProbeRequest | ReadAudioRequest | ReadFramesRequest | WriteAudioRequest | WriteImageRequest | TranscribeRequest
)
