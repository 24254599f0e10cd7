"""Choosing a stream, and its place in time."""

from __future__ import annotations

import ctypes
from fractions import Fraction
from typing import Literal

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.layout import AudioLayout
from av.container import InputContainer
from av.stream import Disposition, Stream

from mediarack.plugin import BackendUnavailable, NoSuchStream
from mediarack_decode_ffmpeg.pyav.opening import OpenMedia
from mediarack_decode_ffmpeg.recognition import length_of


def choose(media: OpenMedia, kind: Literal["audio", "video"], index: int | None) -> Stream:
    """The stream with this index, else the default one, else the first; cover pictures come last.

    Raises NoSuchStream, listing those there are, and BackendUnavailable if this FFmpeg cannot decode it.
    """
    container = media.container
    if index is not None:
        found = [s for s in container.streams if s.index == index]
        if not found or found[0].type != kind:
            wrong = f"stream {index} is {found[0].type}, not {kind}" if found else f"there is no stream {index}"
            raise NoSuchStream(f"{media}: {wrong} (it has {_listed(container)})")
    else:
        found = sorted(
            (s for s in container.streams if s.type == kind), key=lambda s: (is_cover(s), not is_default(s), s.index)
        )
        if not found:
            raise NoSuchStream(f"{media} has no {kind} stream (it has {_listed(container)})")
    chosen = found[0]
    if chosen.codec_context is None:
        raise BackendUnavailable(
            f"this FFmpeg (PyAV {av.__version__}) has no decoder for stream {chosen.index} of {media}"
        )
    return chosen


def is_default(stream: Stream) -> bool:
    return bool(stream.disposition & Disposition.default)


def is_cover(stream: Stream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)


def time_base_of(stream: Stream) -> Fraction:
    # A stream always has one; av's types allow for none in other places that share the attribute.
    return stream.time_base or Fraction(1, av.time_base)


def origin_of(container: InputContainer, stream: Stream) -> int:
    """The container's start in the stream's time base: all our times count from there."""
    start = getattr(container, "start_time", None)
    if start is None:
        return 0
    exact = Fraction(start, av.time_base) / time_base_of(stream)
    own = stream.start_time
    # The container's start is rounded to microseconds: where it is this stream's own, that one is exact.
    if own is not None and abs(own - exact) * time_base_of(stream) <= Fraction(1, av.time_base):
        return own
    return round(exact)


def container_seconds(container: InputContainer) -> float | None:
    """How long the container says it is."""
    if container.duration is None:
        return None
    return length_of(
        container.format.name.split(","), container.duration / av.time_base, (container.start_time or 0) / av.time_base
    )


def stream_seconds(container: InputContainer, stream: Stream) -> float | None:
    """How long the container says this stream is."""
    if stream.duration is None:
        return None
    base = time_base_of(stream)
    families = container.format.name.split(",")
    return length_of(families, float(stream.duration * base), float((stream.start_time or 0) * base))


def _listed(container: InputContainer) -> str:
    return ", ".join(f"{s.index}: {s.type} {codec_name(s)}" for s in container.streams) or "none"


def codec_name(stream: Stream) -> str:
    """The codec as FFmpeg calls it ("h264"), or "unknown"."""
    if stream.codec_context is not None:
        return stream.codec_context.codec.canonical_name
    return getattr(stream, "name", None) or "unknown"


def layout_of(context: AudioCodecContext) -> AudioLayout:
    """The channel layout; ask for it here alone."""
    layout = context.layout
    if has_own_order(layout):
        # PyAV (18.1) shares the list of channels with FFmpeg, and both would free it: this object never goes.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))
    return layout


def has_own_order(layout: AudioLayout) -> bool:
    """Whether it lists its channels one by one, in an order that is not FFmpeg's: "8 channels (FL+FR+...)"."""
    return " channels (" in layout.name
