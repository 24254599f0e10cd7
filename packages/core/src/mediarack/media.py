"""Audio, frames and what a file holds. Plain at import: numpy is only named here, never imported.

All times count in seconds from the start of the container, which is what players show; ``MediaInfo.start_seconds`` is
the timestamp that the container itself gives that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from mediarack.provenance import Provenance

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np
    import numpy.typing as npt
    import torch

PixelFormat = Literal["rgb24", "gray"]
CHANNELS_OF_FORMAT = {"rgb24": 3, "gray": 1}
MAX_PIXELS = 16_384 * 16_384
"""Of one picture, for every decoder. More is no film, but an attempt to fill the memory."""

Header = TypeVar("Header")
Item = TypeVar("Item")


@dataclass(eq=False, slots=True, kw_only=True)
class Audio:
    """Sound. ``samples`` is float32 ``[channels, samples]``, nominally -1..1; the caller's own, writable."""

    samples: npt.NDArray[np.float32]
    sample_rate: int
    start_seconds: float = 0.0
    provenance: Provenance | None = None

    @property
    def num_channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def num_samples(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[1])

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.num_samples / self.sample_rate

    def torch(self) -> torch.Tensor:
        """The samples as a tensor over the same memory. Imports torch."""
        import torch

        return torch.from_numpy(self.samples)


@dataclass(eq=False, slots=True, kw_only=True)
class Stems:
    """Sound taken apart: ``samples`` is float32 ``[stems, channels, samples]``; ``names`` gives the first axis."""

    names: tuple[str, ...]
    samples: npt.NDArray[np.float32]
    sample_rate: int
    start_seconds: float = 0.0
    provenance: Provenance | None = None

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def keys(self) -> tuple[str, ...]:
        """The names: ``dict(stems)`` has each stem as Audio."""
        return self.names

    def __getitem__(self, name: str) -> Audio:
        """One stem as Audio over the same memory. Raises KeyError for a name that is not in ``names``."""
        if name not in self.names:
            raise KeyError(f"no stem {name!r}: there is {', '.join(self.names)}")
        return Audio(
            samples=self.samples[self.names.index(name)],
            sample_rate=self.sample_rate,
            start_seconds=self.start_seconds,
            provenance=self.provenance,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StemsHeader:
    """What is known of stems before their first block; as AudioHeader."""

    names: tuple[str, ...]
    sample_rate: int
    channels: int
    start_seconds: float
    expected_samples: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioHeader:
    """What is known of audio before its first block. ``expected_samples`` is an estimate to allocate by, or None."""

    sample_rate: int
    channels: int
    start_seconds: float
    expected_samples: int | None


@dataclass(eq=False, slots=True, kw_only=True)
class Frame:
    """One picture: ``image`` is uint8 ``[height, width, channels]``.

    ``pts`` and ``duration_pts`` count in the stream's time base from the start of the container. ``position`` is the
    place of this frame in the list of times or indices asked for, or its number in the stream of results.
    """

    image: npt.NDArray[np.uint8]
    pts: int
    duration_pts: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FramesHeader:
    """What is known of frames before the first. ``expected_frames`` is an estimate to allocate by, or None."""

    width: int
    height: int
    format: PixelFormat
    time_base: Fraction
    expected_frames: int | None


@dataclass(eq=False, slots=True, kw_only=True)
class Frames:
    """Pictures. ``images`` is uint8 ``[frames, height, width, channels]``; it belongs to the caller and is writable.

    ``pts`` and ``durations_pts`` are int64 ``[frames]`` in units of ``time_base`` seconds, from the container's start.
    """

    images: npt.NDArray[np.uint8]
    pts: npt.NDArray[np.int64]
    durations_pts: npt.NDArray[np.int64]
    time_base: Fraction
    format: PixelFormat
    provenance: Provenance | None = None

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def seconds(self) -> npt.NDArray[np.float64]:
        """When each frame comes on screen."""
        return self.pts.astype(float) * float(self.time_base)

    @property
    def durations(self) -> npt.NDArray[np.float64]:
        """How long each frame stays on screen, in seconds."""
        return self.durations_pts.astype(float) * float(self.time_base)

    def torch(self) -> torch.Tensor:
        """The images as a tensor ``[frames, height, width, channels]`` over the same memory. Imports torch."""
        import torch

        return torch.from_numpy(self.images)


@dataclass(frozen=True, kw_only=True)
class StreamInfo:
    """What every stream has. ``index`` is its number in the container, ``language`` a code as the file has it."""

    kind: Literal["audio", "video", "subtitle", "data", "attachment"]
    index: int
    codec: str
    duration: float | None
    bit_rate: int | None
    language: str | None
    title: str | None
    default: bool


@dataclass(frozen=True, kw_only=True)
class AudioStreamInfo(StreamInfo):
    sample_rate: int
    channels: int
    channel_layout: str


@dataclass(frozen=True, kw_only=True)
class VideoStreamInfo(StreamInfo):
    """``width`` and ``height`` are of the picture as shown, after ``rotation`` (clockwise degrees) is applied.

    ``fps`` is the average frame rate, None if the container states none. ``num_frames`` is what the container says, not
    a count. ``cover`` marks a still picture attached to an audio file.
    """

    width: int
    height: int
    rotation: int
    fps: float | None
    num_frames: int | None
    pixel_format: str
    cover: bool


@dataclass(frozen=True, kw_only=True)
class MediaInfo:
    """What a container holds. ``duration`` is None where the container does not say (a live or raw stream)."""

    container: str
    duration: float | None
    start_seconds: float
    size_bytes: int | None
    bit_rate: int | None
    streams: tuple[StreamInfo, ...]
    provenance: Provenance | None = None

    @property
    def audio(self) -> AudioStreamInfo | None:
        """The audio stream that is read unless another is asked for: the default one, else the first."""
        streams = [s for s in self.streams if isinstance(s, AudioStreamInfo)]
        return next((s for s in streams if s.default), streams[0] if streams else None)

    @property
    def video(self) -> VideoStreamInfo | None:
        """The video stream that is read unless another is asked for: the default one, else the first; covers last."""
        streams = sorted(
            (s for s in self.streams if isinstance(s, VideoStreamInfo)), key=lambda s: (s.cover, not s.default, s.index)
        )
        return streams[0] if streams else None


class Stream(Generic[Header, Item]):
    """Items that arrive while the work goes on: an iterator, a context manager, and what is known beforehand.

    Closing it, or leaving its ``with`` block, stops the work and frees what it holds. ``provenance`` says what has been
    done so far; after the last item it is complete.
    """

    def __init__(
        self,
        header: Header,
        items: Iterator[Item],
        *,
        provenance: Callable[[], Provenance | None] | None = None,
        close: Callable[[], None] | None = None,
    ) -> None:
        """``close`` is called when the stream is closed, even before its first item; more than once is fine."""
        self.header = header
        self._items = items
        self._provenance = provenance
        self._close = close
        self.started = False
        """Whether an item has been asked for: there is no going back then."""
        self.failure: Exception | None = None
        """What making an item raised: who reads the stream is not at fault."""

    @property
    def provenance(self) -> Provenance | None:
        return self._provenance() if self._provenance is not None else None

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        self.started = True
        try:
            return next(self._items)
        except StopIteration:
            raise
        except Exception as error:
            self.failure = error
            raise

    def close(self) -> None:
        with ExitStack() as stack:  # the second one also if the first one raises
            for close in (self._close, getattr(self._items, "close", None)):
                if close is not None:
                    stack.callback(close)

    def __enter__(self) -> Stream[Header, Item]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
