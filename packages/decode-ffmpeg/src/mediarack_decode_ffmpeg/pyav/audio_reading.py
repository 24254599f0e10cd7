"""read_audio: windows exact to the sample, in blocks."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import cast

import numpy as np
import numpy.typing as npt

from mediarack.plugin import (
    Audio,
    AudioHeader,
    BadInput,
    Call,
    Decoded,
    LocalMedia,
    ReadAudioRequest,
    Stream,
    describe,
)
from mediarack_decode_ffmpeg.pyav.audio_decoding import SampleReader
from mediarack_decode_ffmpeg.pyav.audio_memory import MemoryReader
from mediarack_decode_ffmpeg.pyav.audio_mixing import Mixer
from mediarack_decode_ffmpeg.pyav.opening import OpenMedia

Samples = npt.NDArray[np.float32]

_FILTER_REACH = 64
"""Input samples around an output sample that the resampler's filter can reach, per unit of reduction (it uses 32)."""


def read_audio(source: LocalMedia | Decoded, request: ReadAudioRequest, call: Call) -> Stream[AudioHeader, Audio]:
    """Blocks of one second. Sample ``n`` of the whole stream lies at ``start_seconds + n / sample_rate``.

    A window holds exactly the samples of that whole from ``round((start - start_seconds) * sample_rate)`` on, up to but
    without the same for ``end``. Samples follow each other as they are decoded, as in FFmpeg's own raw output: a jump
    of timestamps inside the file leaves no silence, but is noted in the provenance as ``gaps``.
    """
    blocks = _header_then_blocks(source, request, call)
    header = cast("AudioHeader", next(blocks))
    return Stream(header, cast("Iterator[Audio]", blocks))


def _header_then_blocks(
    source: LocalMedia | Decoded, request: ReadAudioRequest, call: Call
) -> Generator[AudioHeader | Audio, None, None]:
    """One generator does it all, so that closing it closes the file wherever it stands."""
    with _opened(source, request.stream) as reader:
        rate = request.sample_rate or reader.sample_rate
        channels = request.channels or reader.channels
        first = max(0, round((request.start - reader.start_seconds) * rate))
        last = None if request.end is None else round((request.end - reader.start_seconds) * rate)
        start_seconds = reader.start_seconds + first / rate
        expected = None if reader.stated_seconds is None else max(0, round(reader.stated_seconds * rate) - first)
        if last is not None:
            expected = max(0, last - first) if expected is None else max(0, min(expected, last - first))
        yield AudioHeader(sample_rate=rate, channels=channels, start_seconds=start_seconds, expected_samples=expected)

        if rate == reader.sample_rate and channels == reader.channels:
            pieces = reader.chunks(first)
        else:
            mixer = Mixer(reader.sample_rate, reader.layout, rate, channels, request.downmix)
            pieces = _mixed(reader, mixer, (reader.sample_rate, rate), (first, last), call)
        done = 0
        for block in _blocks(_window(pieces, first, last, call), rate):
            yield Audio(samples=block, sample_rate=rate, start_seconds=start_seconds + done / rate)
            done += block.shape[1]
            call.report(done / rate, None if expected is None else max(expected, done) / rate, "seconds")
        if reader.gaps:
            seconds = sum(missing for _, missing in reader.gaps)
            call.note(gaps=f"{len(reader.gaps)}, {seconds:.2f} s in all, the first at {reader.gaps[0][0]:.2f} s")
        if not done and (first or request.end is not None):
            raise _nothing_there(source, reader, request)


@contextmanager
def _opened(source: LocalMedia | Decoded, stream: int | None) -> Iterator[SampleReader | MemoryReader]:
    if isinstance(source, Audio | Stream):
        yield MemoryReader(source)
    else:
        with OpenMedia(source) as media:
            yield SampleReader(media, stream)


def _mixed(
    reader: SampleReader | MemoryReader,
    mixer: Mixer,
    rates: tuple[int, int],
    window: tuple[int, int | None],
    call: Call,
) -> Iterator[tuple[int, Samples]]:
    """Numbered pieces at the new rate. The mixer is fed from a sample that has an exact counterpart in its output.

    ``rates``: before and after. ``window``: the first sample wanted, and the one after the last, at the new rate.
    """
    (from_rate, to_rate), (first, last) = rates, window
    common = math.gcd(from_rate, to_rate)
    step_in, step_out = from_rate // common, to_rate // common
    reach = math.ceil(_FILTER_REACH * max(1.0, from_rate / to_rate))
    steps = max(0, first * step_in // step_out - reach) // step_in
    begin, number = steps * step_in, steps * step_out
    end = None if last is None else last * step_in // step_out + reach
    # A second at a time: the filter's price is by the frame, and decoders give some 20 ms.
    for samples in _blocks(_window(reader.chunks(begin), begin, end, call), from_rate):
        for mixed in mixer.push(samples):
            yield number, mixed
            number += mixed.shape[1]
    for mixed in mixer.finish():
        yield number, mixed
        number += mixed.shape[1]


def _window(
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


def _blocks(pieces: Iterator[Samples], length: int) -> Generator[Samples, None, None]:
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


def _nothing_there(
    source: LocalMedia | Decoded, reader: SampleReader | MemoryReader, request: ReadAudioRequest
) -> BadInput:
    window = f"from {request.start:g} s to {'the end' if request.end is None else f'{request.end:g} s'}"
    extent = f"its audio begins at {reader.start_seconds:.3f} s"
    if reader.stated_seconds is not None:
        extent += f" and lasts {reader.stated_seconds:.3f} s"
    return BadInput(f"{describe(source)} has no audio {window}: {extent}")
