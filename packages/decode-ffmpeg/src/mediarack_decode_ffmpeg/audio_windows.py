"""Which samples of a source are wanted, cut out of the pieces in which a decoder gives them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mediarack.plugin import Audio, AudioHeader, BadInput, Call, ReadAudioRequest

Samples = npt.NDArray[np.float32]


@dataclass
class Extent:
    """What is known of the sound of a source: its own rate and channels, when it begins, how long it says it is.

    ``gaps`` are the jumps of timestamps met on the way: when, and how many seconds are missing.
    """

    name: str
    sample_rate: int
    channels: int
    start_seconds: float
    stated_seconds: float | None
    gaps: list[tuple[float, float]] = field(default_factory=list)


class Window:
    """``first`` wanted sample and the one after the ``last`` (None: to the end), at the rate asked for."""

    def __init__(self, extent: Extent, request: ReadAudioRequest) -> None:
        self._extent, self._request = extent, request
        self.sample_rate = rate = request.sample_rate or extent.sample_rate
        self.first = max(0, round((request.start - extent.start_seconds) * rate))
        self.last = None if request.end is None else round((request.end - extent.start_seconds) * rate)
        self._start_seconds = extent.start_seconds + self.first / rate
        expected = None if extent.stated_seconds is None else max(0, round(extent.stated_seconds * rate) - self.first)
        if self.last is not None:
            most = max(0, self.last - self.first)
            expected = most if expected is None else min(expected, most)
        self._expected = expected

    def header(self) -> AudioHeader:
        return AudioHeader(
            sample_rate=self.sample_rate,
            channels=self._request.channels or self._extent.channels,
            start_seconds=self._start_seconds,
            expected_samples=self._expected,
        )

    def audio(self, pieces: Iterator[tuple[int, Samples]], call: Call) -> Generator[Audio, None, None]:
        """Blocks of a second, out of pieces with the number of their first sample. Raises BadInput if there are none.

        Gaps met on the way are noted in the provenance.
        """
        rate, expected, done = self.sample_rate, self._expected, 0
        for block in blocks(cut(pieces, self.first, self.last, call), rate):
            yield Audio(samples=block, sample_rate=rate, start_seconds=self._start_seconds + done / rate)
            done += block.shape[1]
            call.report(done / rate, None if expected is None else max(expected, done) / rate, "seconds")
        if gaps := self._extent.gaps:
            seconds = sum(missing for _, missing in gaps)
            call.note(gaps=f"{len(gaps)}, {seconds:.2f} s in all, the first at {gaps[0][0]:.2f} s")
        if not done and (self.first or self._request.end is not None):
            raise self._nothing_there()

    def _nothing_there(self) -> BadInput:
        end = self._request.end
        window = f"from {self._request.start:g} s to {'the end' if end is None else f'{end:g} s'}"
        extent = f"its audio begins at {self._extent.start_seconds:.3f} s"
        if self._extent.stated_seconds is not None:
            extent += f" and lasts {self._extent.stated_seconds:.3f} s"
        return BadInput(f"{self._extent.name} has no audio {window}: {extent}")


def cut(
    pieces: Iterator[tuple[int, Samples]], first: int, last: int | None, call: Call
) -> Generator[Samples, None, None]:
    """What of the numbered pieces lies from ``first`` up to but without ``last``; stops reading there."""
    for number, samples in pieces:
        call.check()
        if last is not None and number >= last:
            return
        begin = max(0, first - number)
        end = samples.shape[1] if last is None else min(samples.shape[1], last - number)
        if begin < end:
            yield samples[:, begin:end]
        if last is not None and number + samples.shape[1] >= last:
            return


def blocks(pieces: Iterator[Samples], length: int) -> Generator[Samples, None, None]:
    """The pieces as contiguous arrays of ``length`` samples, the last one shorter."""
    block, filled = None, 0
    for piece in pieces:
        taken = 0
        while taken < piece.shape[1]:
            if block is None:
                block = np.empty((piece.shape[0], length), np.float32)
            count = min(length - filled, piece.shape[1] - taken)
            block[:, filled : filled + count] = piece[:, taken : taken + count]
            filled, taken = filled + count, taken + count
            if filled == length:
                yield block
                block, filled = None, 0
    if block is not None:
        yield np.ascontiguousarray(block[:, :filled])
