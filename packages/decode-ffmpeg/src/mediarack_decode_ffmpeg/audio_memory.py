"""Sound that is decoded already, read as a file is: for another rate, other channels or a part of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mediarack.plugin import Audio, Decoded


class MemoryReader:
    """Samples by their number, as from a file. There is no layout, so FFmpeg's usual one for the channels is taken."""

    def __init__(self, source: Decoded) -> None:
        self._source = source
        about = source if isinstance(source, Audio) else source.header
        self.sample_rate = about.sample_rate
        self.channels = source.num_channels if isinstance(source, Audio) else source.header.channels
        self.layout = f"{self.channels} channels"
        self.start_seconds = about.start_seconds
        expected = source.num_samples if isinstance(source, Audio) else source.header.expected_samples
        self.stated_seconds = None if expected is None else expected / self.sample_rate
        self.gaps: list[tuple[float, float]] = []

    def chunks(self, wanted: int) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        """Pieces from ``wanted`` on or a little before, each with the number of its first sample."""
        if isinstance(self._source, Audio):
            for number in range(wanted, self._source.num_samples, self.sample_rate):
                yield number, self._source.samples[:, number : number + self.sample_rate]
            return
        number = 0
        with self._source:
            for block in self._source:
                if number + block.num_samples > wanted:
                    yield number, block.samples
                number += block.num_samples
