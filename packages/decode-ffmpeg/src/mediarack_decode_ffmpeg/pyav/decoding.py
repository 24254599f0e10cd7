"""Packets into frames, with what is wrong with them told instead of skipped."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TypeVar

import av
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.error import EOFError as EndOfFile
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from mediarack.plugin import MAX_PIXELS, CorruptMedia
from mediarack_decode_ffmpeg.pyav.opening import OpenMedia
from mediarack_decode_ffmpeg.pyav.png_limits import PNG_CODECS, check_png
from mediarack_decode_ffmpeg.pyav.streams import codec_name, container_seconds, is_cover, origin_of, time_base_of
from mediarack_decode_ffmpeg.recognition import (
    STATE_EACH_STREAM,
    STATE_THE_WHOLE,
    cut_off,
    is_cut_off,
    riff_bytes_missing,
)

AnyFrame = TypeVar("AnyFrame", AudioFrame, VideoFrame)


def decode(
    media: OpenMedia, stream: Stream, frame_type: type[AnyFrame], *, mid_stream: bool = False
) -> Generator[AnyFrame, None, None]:
    """The frames of a stream from where the container stands, as they are shown, to the end of the file.

    ``mid_stream``: after a seek. Begins with the first keyframe; frames shown before it need what was not read.
    Raises CorruptMedia at a packet that cannot be decoded (if anything can be after it) and at the end of a file that
    stops well before the duration stated in its header, BadInput at a picture that would fill the memory.
    """
    watch = _Watch(media, stream, mid_stream=mid_stream)
    png = codec_name(stream) in PNG_CODECS
    if png:
        check_png(media, stream.codec_context.extradata or b"")
    for packet in watch.packets():
        if png:
            check_png(media, bytes(packet))
        try:
            frames = packet.decode()
        except EndOfFile:
            return  # flushed before: nothing is left
        except FFmpegError:
            watch.damaged(packet)
            continue
        for frame in frames:
            assert isinstance(frame, frame_type)
            if watch.decoding_times_alone:
                frame.pts = frame.dts
            if frame.is_corrupt:  # parts of it are guessed
                watch.damaged(packet)
            elif watch.accepts(frame.pts):
                yield frame
    watch.check_end()


class _Watch:
    """What has been seen of a stream: how far it went, and what could not be decoded."""

    def __init__(self, media: OpenMedia, stream: Stream, *, mid_stream: bool) -> None:
        self._media, self._stream = media, stream
        families = media.families
        self.decoding_times_alone = "avi" in families
        """The times of showing that FFmpeg gives then are its parsers' guesses, and lie a picture late."""
        self._whole = bool(families & STATE_THE_WHOLE)
        # Without an index a stream begins where its first whole frame does.
        self._lenient = mid_stream or not (self._whole or families & STATE_EACH_STREAM)
        self._await_keyframe = mid_stream
        self._first_pts: int | None = None
        self._any_frame = False
        self._damaged_pts: float | None = None
        self._incomplete_pts: float | None = None
        self._ends = {stream.index: origin_of(media.container, stream)}

    def packets(self) -> Iterator[Packet[Stream]]:
        """Packets of the stream, an empty one at the end to flush the decoder."""
        container, index = self._media.container, self._stream.index
        if not self._whole:
            skip_others(container, self._stream)
        flushed = False
        try:
            for packet in container.demux() if self._whole else container.demux(self._stream):
                pts, of = packet.dts if self.decoding_times_alone else packet.pts, packet.stream.index
                if packet.is_corrupt:
                    if of == index and self._incomplete_pts is None:
                        self._incomplete_pts = self._pts_of(packet)
                elif pts is not None:
                    self._ends[of] = max(self._ends.get(of, pts), pts + (packet.duration or 0))
                if of != index:
                    continue
                flushed = packet.size == 0
                if self._await_keyframe:
                    if not packet.is_keyframe:
                        continue
                    self._await_keyframe, self._first_pts = False, pts
                yield packet
        except IndexError:
            # At the end PyAV (18.1) flushes streams that came up on the way too, which it does not know: ours, being
            # older, was flushed before them.
            if not flushed:
                raise
        except FFmpegError as error:
            raise CorruptMedia(
                f"{self._media} cannot be read beyond {self._end():.1f} s ({error.strerror}): it is damaged"
            ) from error

    def damaged(self, packet: Packet[Stream]) -> None:
        """Notes a packet that did not give whole frames; it matters if a whole frame is shown after it."""
        if self._damaged_pts is None:
            self._damaged_pts = self._pts_of(packet)

    def accepts(self, pts: int | None) -> bool:
        """Whether a whole frame is to be handed on. Raises if something damaged was to be shown before it."""
        if self._first_pts is not None and pts is not None and pts < self._first_pts:
            return False
        for damage in (self._damaged_pts, self._incomplete_pts):
            if damage is not None and (pts is None or pts > damage) and (self._any_frame or not self._lenient):
                raise self._damage_error(damage)
        if not self._any_frame:
            self._damaged_pts, self._incomplete_pts, self._any_frame = None, None, True
        return True

    def check_end(self) -> None:
        if self._await_keyframe:
            return  # the seek went past all there is
        stated, end = self._stated_end(), self._end()
        if stated is not None and is_cut_off(end, stated):
            raise cut_off(str(self._media), end, stated)
        if self._damaged_pts is None:
            return
        if not self._any_frame:
            raise CorruptMedia(
                f"{self._media}: nothing of its {self._stream.type} stream {self._stream.index} can be decoded: "
                f"it is no media, damaged from the beginning{self._or_too_large()}; give another file"
            )
        # Junk after the last frame is common where packets are found by their looks (tags at the end of an mp3).
        if not self._lenient:
            raise self._damage_error(self._damaged_pts)

    def _or_too_large(self) -> str:
        """FFmpeg keeps the size of a picture to itself that is beyond the limit."""
        size_unknown = isinstance(self._stream, VideoStream) and not self._stream.codec_context.width
        return f", or its pictures have more than {MAX_PIXELS} pixels" if size_unknown else ""

    def _damage_error(self, pts: float) -> CorruptMedia:
        seconds = self._seconds(self._stream, pts)
        return CorruptMedia(
            f"{self._media} is damaged at {seconds:.2f} s: {self._stream.type} stream "
            f"{self._stream.index} cannot be decoded there; fetch it again, or read around it with start and end"
        )

    def _pts_of(self, packet: Packet[Stream]) -> int:
        stamp = packet.pts if packet.pts is not None else packet.dts
        return self._ends[self._stream.index] if stamp is None else stamp

    def _end(self) -> float:
        """Of what was read, in seconds: of the stream, or of the last of all where only the whole is stated."""
        streams = self._media.container.streams
        return max(self._seconds(streams[index], pts) for index, pts in self._ends.items())

    def _seconds(self, stream: Stream, pts: float) -> float:
        return float((pts - origin_of(self._media.container, stream)) * time_base_of(stream))

    def _stated_end(self) -> float | None:
        stream, container = self._stream, self._media.container
        if is_cover(stream):
            return None  # one picture, with the duration of the sound
        if "wav" in self._media.families:
            return self._stated_by_riff()
        if self._whole:
            return container_seconds(container)
        if self._media.families & STATE_EACH_STREAM and stream.duration is not None:
            return self._seconds(stream, (stream.start_time or 0) + stream.duration)
        return None

    def _stated_by_riff(self) -> float | None:
        """The size of the RIFF chunk tells: FFmpeg gives the duration of the file as it is."""
        container = self._media.container
        missing = riff_bytes_missing(self._media.beginning(), container.size)
        if missing is None:
            return None
        if container.duration is None or not container.bit_rate:
            return None
        return container.duration / av.time_base + missing * 8 / container.bit_rate


def skip_others(container: InputContainer, stream: Stream) -> None:
    """Let the demuxer leave out the other streams' data, where this PyAV can say so."""
    for other in container.streams:
        if other.index != stream.index and hasattr(other, "discard"):
            from av.stream import Discard

            other.discard = Discard.all
