"""write_audio: through FFmpeg's encoders and muxers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.error import FFmpegError

from mediarack.plugin import BackendUnavailable, Call, Decoded, OutputError, WriteAudioRequest
from mediarack_decode_ffmpeg.audio_formats import MUXER_OPTIONS, SAMPLE_FORMATS, about, audio_format, packed, pieces


def write_audio(source: Decoded, request: WriteAudioRequest, call: Call) -> None:
    """Samples into a file.

    wav and flac: "s16" is ``rint(x * 32768)`` clipped to -32768..32767, which gives back exactly what was read from 16
    bits, "s24" the same with 24; "float32" is written as it is. The others are given the samples as they are, at the
    nearest rate that their encoder knows. Raises BadInput for samples that are not finite and for more channels than
    the format has, OutputError if writing fails, BackendUnavailable if PyAV was built without the encoder.
    """
    rate, channels, total = about(source)
    format = audio_format(request, channels)
    if format.codec not in av.codecs_available:
        raise BackendUnavailable(f"PyAV {av.__version__} was built without the encoder {format.codec}")
    layout = _layout(channels)
    # Without bitexact the file names the version of FFmpeg that wrote it.
    options = {"fflags": "+bitexact", **MUXER_OPTIONS.get(format.muxer, {})}
    done = 0
    with (
        _failures_of(request),
        av.open(f"file:{request.target}", "w", format=format.muxer, options=options) as container,
    ):
        stream = container.add_stream(format.codec, rate=format.rate_for(rate), layout=layout)
        assert isinstance(stream, AudioStream)
        if request.encoding is not None:
            stream.codec_context.format = SAMPLE_FORMATS[request.encoding]
        if request.bit_rate is not None:
            stream.bit_rate = request.bit_rate
        container.start_encoding()  # so that no samples at all still make a whole file
        for samples in pieces(source):
            frame = AudioFrame.from_ndarray(
                packed(samples, request.encoding), format=SAMPLE_FORMATS[request.encoding], layout=layout
            )
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), done
            container.mux(stream.encode(frame))
            done += samples.shape[1]
            call.report(done / rate, None if total is None else max(total, done) / rate, "seconds")
        container.mux(stream.encode(None))
    call.note(codec=format.codec)


@contextmanager
def _failures_of(request: WriteAudioRequest) -> Iterator[None]:
    try:
        yield
    except FFmpegError as error:
        raise OutputError(f"cannot write {str(request.target)!r}: {error.strerror}") from error


def _layout(channels: int) -> str:
    """FFmpeg's usual layout, or none in particular for numbers that have none."""
    try:
        return av.AudioLayout(f"{channels}c").name
    except ValueError:
        return f"{channels} channels"
