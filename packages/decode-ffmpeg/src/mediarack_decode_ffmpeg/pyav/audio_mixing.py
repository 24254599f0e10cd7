"""Another sample rate or number of channels, by swresample."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from errno import EAGAIN
from fractions import Fraction
from typing import Literal, cast

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.error import EOFError as EndOfFile
from av.error import FFmpegError
from av.filter import Graph

from mediarack.plugin import BadInput

Samples = npt.NDArray[np.float32]

_MOST_PLANES = 7
"""PyAV counts a frame's planes up to the first null pointer. From 8 on, all that FFmpeg's frame has room for itself,
there is none, and it takes what lies behind for more of them: such frames are interleaved instead."""


class Mixer:
    """Float samples ``[channels, samples]`` in, the same at another rate and with other channels out.

    ``downmix`` "mean" scales swresample's mixing matrix so that no output adds up to more than 1 (its
    ``rematrix_maxval``); "ffmpeg" leaves it as it is for float samples. More channels than there are come out as
    swresample lays them out, whatever the law.
    """

    def __init__(
        self, rate: int, layout: str, to_rate: int, to_channels: int, downmix: Literal["mean", "ffmpeg"]
    ) -> None:
        """Raises BadInput for channels that no layout is known for."""
        self._rate, self._layout = rate, _known_layout(layout)
        self._pushed = 0
        same_channels = len(av.AudioLayout(self._layout).channels) == to_channels
        to_layout = self._layout if same_channels else _default_layout(to_channels)
        self._format = _sample_format(len(av.AudioLayout(self._layout).channels))
        self._graph = Graph()
        nodes = [
            self._graph.add(
                "abuffer",
                sample_rate=str(rate),
                sample_fmt=self._format,
                channel_layout=self._layout,
                time_base=f"1/{rate}",
            ),
            self._graph.add("aresample", **({"rematrix_maxval": "1.0"} if downmix == "mean" else {})),
            self._graph.add(
                "aformat", sample_rates=str(to_rate), sample_fmts=_sample_format(to_channels), channel_layouts=to_layout
            ),
            self._graph.add("abuffersink"),
        ]
        for node, following in itertools.pairwise(nodes):
            node.link_to(following)
        self._graph.configure()

    def push(self, samples: Samples) -> Iterator[Samples]:
        stored = samples if self._format == "fltp" else samples.T.reshape(1, -1)
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(stored), format=self._format, layout=self._layout)
        frame.sample_rate, frame.time_base, frame.pts = self._rate, Fraction(1, self._rate), self._pushed
        self._pushed += frame.samples
        self._graph.push(frame)
        yield from self._pull()

    def finish(self) -> Iterator[Samples]:
        """What the filter still held back."""
        self._graph.push(None)
        yield from self._pull()

    def _pull(self) -> Iterator[Samples]:
        while True:
            try:
                frame = self._graph.pull()
            except EndOfFile:
                return
            except FFmpegError as error:
                if error.errno != EAGAIN:
                    raise
                return
            assert isinstance(frame, AudioFrame)
            stored = cast("Samples", frame.to_ndarray())
            yield stored if frame.format.is_planar else stored.reshape(frame.samples, -1).T


def _sample_format(channels: int) -> str:
    return "fltp" if channels <= _MOST_PLANES else "flt"


def _known_layout(name: str) -> str:
    """The layout itself, or FFmpeg's default for a bare number of channels ("3 channels")."""
    count, _, rest = name.partition(" ")
    return _default_layout(int(count)) if rest == "channels" else name


def _default_layout(channels: int) -> str:
    try:
        return av.AudioLayout(f"{channels}c").name
    except ValueError:
        raise BadInput(
            f"{channels} channels have no usual layout to mix from or to: read all channels (channels=None), "
            f"without changing the rate, and mix them yourself"
        ) from None
