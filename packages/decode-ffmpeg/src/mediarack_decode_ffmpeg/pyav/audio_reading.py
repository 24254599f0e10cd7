"""read_audio: windows exact to the sample, in blocks."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import cast

from mediarack.plugin import Audio, AudioHeader, Call, Decoded, LocalMedia, ReadAudioRequest, Stream, describe
from mediarack_decode_ffmpeg.audio_memory import MemoryReader
from mediarack_decode_ffmpeg.audio_windows import Extent, Samples, Window, blocks, cut
from mediarack_decode_ffmpeg.pyav.audio_decoding import SampleReader
from mediarack_decode_ffmpeg.pyav.audio_mixing import Mixer
from mediarack_decode_ffmpeg.pyav.opening import OpenMedia

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
        extent = Extent(
            describe(source),
            reader.sample_rate,
            reader.channels,
            reader.start_seconds,
            reader.stated_seconds,
            reader.gaps,
        )
        window = Window(extent, request)
        header = window.header()
        yield header
        if (header.sample_rate, header.channels) == (reader.sample_rate, reader.channels):
            pieces = reader.chunks(window.first)
        else:
            mixer = Mixer(reader.sample_rate, reader.layout, header.sample_rate, header.channels, request.downmix)
            pieces = _mixed(reader, mixer, (reader.sample_rate, header.sample_rate), (window.first, window.last), call)
        yield from window.audio(pieces, call)


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
    for samples in blocks(cut(reader.chunks(begin), begin, end, call), from_rate):
        for mixed in mixer.push(samples):
            yield number, mixed
            number += mixed.shape[1]
    for mixed in mixer.finish():
        yield number, mixed
        number += mixed.shape[1]
