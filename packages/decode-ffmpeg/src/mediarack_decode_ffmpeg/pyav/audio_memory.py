"""Audio that is in memory already, read as a stream is: for another rate, other channels or a part of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mediarack.plugin import Audio


class MemoryReader:
    """What SampleReader is for a file. The audio has no layout, so FFmpeg's usual one for its channels is taken."""

    def __init__(self, audio: Audio) -> None:
        self._samples = audio.samples
        self.sample_rate = audio.sample_rate
        self.channels = audio.num_channels
        self.layout = f"{self.channels} channels"
        self.start_seconds = audio.start_seconds
        self.stated_seconds = audio.duration
        self.gaps: list[tuple[float, float]] = []

    def chunks(self, wanted: int) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        """A second at a time from ``wanted`` on, each with the number of its first sample."""
        for number in range(wanted, self._samples.shape[1], self.sample_rate):
            yield number, self._samples[:, number : number + self.sample_rate]
