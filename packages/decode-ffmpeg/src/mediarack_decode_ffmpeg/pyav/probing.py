"""probe: what a container holds."""

from __future__ import annotations

import itertools
import re
from typing import TypedDict

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from mediarack.plugin import AudioStreamInfo, Call, LocalMedia, MediaInfo, StreamInfo, VideoStreamInfo
from mediarack_decode_ffmpeg.pyav.opening import OpenMedia
from mediarack_decode_ffmpeg.pyav.orientation import Orientation, orientation_of
from mediarack_decode_ffmpeg.pyav.png_limits import PNG_CODECS, check_png
from mediarack_decode_ffmpeg.pyav.streams import (
    codec_name,
    container_seconds,
    is_cover,
    is_default,
    layout_of,
    stream_seconds,
    time_base_of,
)
from mediarack_decode_ffmpeg.recognition import length_of

_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_ROTATING = {"mov", "matroska"}
"""Containers that can tell how the picture is to be turned. PyAV says so only with a decoded frame."""
_PACKETS_TO_FIRST_FRAME = 200


def probe(source: LocalMedia, call: Call) -> MediaInfo:
    """Container, duration and streams. Decodes nothing but one picture where it may be rotated."""
    with OpenMedia(source) as media:
        container = media.container
        durations = [d for s in container.streams if (d := _duration(container, s)) is not None]
        stated = container_seconds(container)
        orientations = _orientations(media, call)
        return MediaInfo(
            container=container.format.name,
            duration=max(durations, default=None) if stated is None else stated,
            start_seconds=(container.start_time or 0) / av.time_base,
            size_bytes=container.size if container.size >= 0 else None,
            bit_rate=container.bit_rate or None,
            streams=tuple(
                _described(container, s, orientations.get(s.index, Orientation())) for s in container.streams
            ),
        )


class _OfEveryStream(TypedDict):
    index: int
    codec: str
    duration: float | None
    bit_rate: int | None
    language: str | None
    title: str | None
    default: bool


def _described(container: InputContainer, stream: Stream, orientation: Orientation) -> StreamInfo:
    known = _OfEveryStream(
        index=stream.index,
        codec=codec_name(stream),
        duration=_duration(container, stream),
        bit_rate=getattr(stream.codec_context, "bit_rate", None) or None,
        language=_language(stream),
        title=stream.metadata.get("title"),
        default=is_default(stream),
    )
    if isinstance(stream, AudioStream) and stream.codec_context is not None:
        layout = layout_of(stream.codec_context)
        return AudioStreamInfo(
            kind="audio",
            sample_rate=stream.codec_context.sample_rate or 0,
            channels=layout.nb_channels,
            channel_layout=layout.name,
            **known,
        )
    if isinstance(stream, VideoStream) and stream.codec_context is not None:
        width, height = orientation.size(stream.codec_context.width, stream.codec_context.height)
        return VideoStreamInfo(
            kind="video",
            width=width,
            height=height,
            rotation=orientation.rotation,
            fps=float(stream.average_rate) if stream.average_rate else None,
            num_frames=stream.frames or None,
            pixel_format=stream.codec_context.pix_fmt or "unknown",
            cover=is_cover(stream),
            **known,
        )
    return StreamInfo(kind="data" if stream.type == "unknown" else stream.type, **known)


def _orientations(media: OpenMedia, call: Call) -> dict[int, Orientation]:
    """Of each video stream, by its index, where the container can say so."""
    container = media.container
    found: dict[int, Orientation] = {}
    if not _ROTATING & set(container.format.name.split(",")):
        return found
    wanted = [s for s in container.streams.video if not is_cover(s) and s.codec_context is not None]
    if not wanted:
        return found
    try:
        for packet in itertools.islice(container.demux(wanted), _PACKETS_TO_FIRST_FRAME):
            call.check()
            if packet.stream.index in found:
                continue
            codec = codec_name(packet.stream)
            if codec in PNG_CODECS:
                check_png(media, bytes(packet))
            for frame in packet.decode():
                assert isinstance(frame, VideoFrame)
                found[packet.stream.index] = orientation_of(frame, codec)
            if len(found) == len(wanted):
                break
    except FFmpegError:
        pass  # what can be said of a damaged file is said; reading it will tell the rest
    return found


def _duration(container: InputContainer, stream: Stream) -> float | None:
    seconds = stream_seconds(container, stream)
    if seconds is not None:
        return seconds
    # Matroska has no duration of a stream, but what writes it notes one as a tag, "00:00:44.400000000".
    match = _CLOCK.fullmatch(stream.metadata.get("DURATION", ""))
    if match is None:
        return None
    stated = int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])
    return length_of(container.format.name.split(","), stated, float((stream.start_time or 0) * time_base_of(stream)))


def _language(stream: Stream) -> str | None:
    language = stream.metadata.get("language")
    return None if language in (None, "", "und") else language
