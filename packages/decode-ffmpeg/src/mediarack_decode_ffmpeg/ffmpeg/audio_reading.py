"""read_audio: decoded from the beginning by one run of the program, and cut to the sample."""

from __future__ import annotations

import queue
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np

from mediarack.plugin import (
    Audio,
    AudioHeader,
    BackendUnavailable,
    BadInput,
    Call,
    CorruptMedia,
    Decoded,
    LocalMedia,
    MediarackError,
    ReadAudioRequest,
    Stream,
    Url,
    describe,
)
from mediarack_decode_ffmpeg.audio_memory import MemoryReader
from mediarack_decode_ffmpeg.audio_windows import Extent, Samples, Window
from mediarack_decode_ffmpeg.ffmpeg.banner import Listed, described
from mediarack_decode_ffmpeg.ffmpeg.binary import Binary, find_binary
from mediarack_decode_ffmpeg.ffmpeg.commands import Node, compiled, media_input, samples_input, to_pipe
from mediarack_decode_ffmpeg.ffmpeg.endings import check_end, states_duration
from mediarack_decode_ffmpeg.ffmpeg.probing import Contents, failure, look_into
from mediarack_decode_ffmpeg.ffmpeg.process import Run
from mediarack_decode_ffmpeg.ffmpeg.sources import opened
from mediarack_decode_ffmpeg.ffmpeg.watching import (
    FRAMES_IN_FLIGHT,
    Damage,
    SoundFrame,
    Watcher,
    damage_error,
    undecodable,
)

_GAP_SECONDS = 0.1
_COUNTED_BY_SAMPLE = frozenset({"wav", "w64", "aiff", "caf", "au"})
"""Containers of uncompressed sound: the place of each sample follows from its number."""
_RESAMPLER_SECONDS = 2
"""Before a window: more than the resampler's filter reaches at any rate."""
_FAR_SECONDS = 2.0
"""Damage so much before what is wanted does not reach it: decoders carry over a fraction of a second."""


def read_audio(source: LocalMedia | Url | Decoded, request: ReadAudioRequest, call: Call) -> Stream[AudioHeader, Audio]:
    """Blocks of one second. Sample ``n`` of the whole stream lies at ``start_seconds + n / sample_rate``.

    A window is cut out of the whole, which is decoded from its beginning: exact in every format, and the later it
    begins the longer it takes; uncompressed sound alone is entered shortly before it. As for pyav, a jump of timestamps
    leaves no silence but is noted as ``gaps``.
    """
    parts = _of_memory(source, request, call) if isinstance(source, Audio | Stream) else _of_file(source, request, call)
    header = cast("AudioHeader", next(parts))
    return Stream(header, cast("Iterator[Audio]", parts))


def _of_memory(source: Decoded, request: ReadAudioRequest, call: Call) -> Generator[AudioHeader | Audio, None, None]:
    reader = MemoryReader(source)
    extent = Extent(describe(source), reader.sample_rate, reader.channels, reader.start_seconds, reader.stated_seconds)
    window = Window(extent, request)
    header = window.header()
    yield header
    if (header.sample_rate, header.channels) == (reader.sample_rate, reader.channels):
        yield from window.audio(reader.chunks(window.first), call)
        return
    binary = find_binary(call)
    node = samples_input("f32le", reader.sample_rate, reader.channels)
    mixed = _mixed(node["0"], reader.channels, request, binary)
    feed = (np.ascontiguousarray(samples.T).data for _, samples in reader.chunks(0))
    with (
        compiled(binary, to_pipe(mixed, f="f32le"), loglevel="error") as argv,
        Run(argv, call, feed=(data.cast("B") for data in feed)) as run,
    ):
        yield from window.audio(_whole(run, header), call)


def _whole(run: Run, header: AudioHeader) -> Iterator[tuple[int, Samples]]:
    yield from _pieces(run, header)
    if run.finish() != 0:
        raise failure(run, None, "read_audio")


def _of_file(
    source: LocalMedia | Url, request: ReadAudioRequest, call: Call
) -> Generator[AudioHeader | Audio, None, None]:
    """One generator does it all, so that closing it ends the program wherever it stands."""
    binary = find_binary(call)
    with opened(source, call) as file:
        contents = look_into(file, binary, call)
        listed = contents.choose("audio", request.stream)
        with _decoding(contents, listed, request, call) as (run, watcher):
            sound = _Sound(contents, listed, run, watcher, request=request)
            window = Window(sound.extent, request)
            header = window.header()
            yield header
            yield from window.audio(sound.pieces(header, call), call)


def _entry(contents: Contents, listed: Listed, request: ReadAudioRequest) -> int:
    """Whole seconds of the sound to leave out before a window: at every rate that is a whole number of samples."""
    exact = contents.families & _COUNTED_BY_SAMPLE and listed.codec.startswith("pcm_")
    # Inside the file, so that also a window past its end is told where it ends.
    begin = int(min(request.start, contents.banner.duration or 0.0) - _RESAMPLER_SECONDS)
    return begin if exact and begin > 0 and contents.banner.start_seconds == 0 else 0


@contextmanager
def _decoding(
    contents: Contents, listed: Listed, request: ReadAudioRequest, call: Call
) -> Iterator[tuple[Run, Watcher]]:
    watcher = Watcher()
    options: dict[str, Any] = {"threads": min(call.threads, 16)}
    if begin := _entry(contents, listed, request):
        options["ss"] = begin
    if listed.codec == "flac":
        options["err_detect"] = "crccheck+explode"  # else noise in a frame may be decoded without a word (FFmpeg 5)
    source = media_input(contents.binary, contents.opened, contents.demuxer, **options)
    node = source[str(listed.index)].filter(watcher.sound)
    channels = getattr(described(listed, 0, contents.binary.layouts, None), "channels", 0)
    if request.sample_rate is not None or request.channels not in (None, channels):
        node = _mixed(node, channels, request, contents.binary)
    output = to_pipe(node, f="f32le")
    with (
        compiled(contents.binary, output, opened=contents.opened, further=("-copyts",)) as argv,
        Run(argv, call, keep=watcher.keeps, pass_fds=contents.opened.descriptors) as run,
    ):
        yield run, watcher


def _mixed(node: Node, channels: int, request: ReadAudioRequest, binary: Binary) -> Node:
    """The filters for another rate or number of channels; they mix floats, as pyav does."""
    formats: dict[str, Any] = {"sample_fmts": "flt"}
    if request.sample_rate is not None:
        formats["sample_rates"] = request.sample_rate
    if request.channels not in (None, channels):
        for count in (request.channels, channels):
            if count not in binary.layouts.values():
                raise BadInput(
                    f"{count} channels have no usual layout to mix from or to: read all channels (channels=None), "
                    f"without changing the rate, and mix them yourself"
                )
        formats["channel_layouts"] = f"{request.channels}c"
    law = {"rematrix_maxval": "1.0"} if request.downmix == "mean" else {}
    return node.filter("aformat", sample_fmts="fltp").filter("aresample", **law).filter("aformat", **formats)


def _pieces(run: Run, header: AudioHeader) -> Iterator[tuple[int, Samples]]:
    """Float32 ``[channels, samples]`` of a second, with the number of their first sample."""
    number = 0
    frame = 4 * header.channels
    while True:
        block = np.empty((header.sample_rate, header.channels), np.float32)
        count = run.read_into(block.data.cast("B")) // frame
        if count:
            yield number, block[:count].T
            number += count
        if count < len(block):
            return


class _Sound:
    """The samples of one stream, and what the program tells about them meanwhile."""

    def __init__(
        self, contents: Contents, listed: Listed, run: Run, watcher: Watcher, request: ReadAudioRequest
    ) -> None:
        self._contents, self._listed, self._run, self._watcher = contents, listed, run, watcher
        self._patient = request.end is None or not states_duration(contents)
        self._wanted_from = request.start
        self._left_out = _entry(contents, listed, request)
        """Seconds before the first sample."""
        self._shifts: list[tuple[float, float]] = []
        """Where samples were lost to damage before what is wanted, and how many seconds of them."""
        self._damaged = False
        self._frames_after_damage = 0
        self._error: tuple[float, MediarackError] | None = None
        """What is to be raised, and at which second of the sound."""
        self._first: SoundFrame | None = None
        self._next_pts: int | None = None
        self._seconds = 0.0
        """Length of the frames told so far."""
        while self._first is None and (line := run.events.get()) is not None:
            self._take(line)
        self.extent = self._extent()

    def pieces(self, header: AudioHeader, call: Call) -> Iterator[tuple[int, Samples]]:
        for counted, samples in _pieces(self._run, header):
            self._take_all()
            lost = sum(missing for where, missing in self._shifts if where * header.sample_rate < counted)
            number = counted + round(lost * header.sample_rate)
            place = number + self._left_out * header.sample_rate
            if self._error is None:
                yield place, samples
                continue
            left = round(self._error[0] * header.sample_rate) - number
            if left > 0:
                yield place, samples[:, :left]
            if left < samples.shape[1]:
                raise self._error[1]
        status = self._run.finish()
        self._take_all()
        if self._error is not None:
            raise self._error[1]
        self._check_end(status, call)

    def _check_end(self, status: int, call: Call) -> None:
        name, index = str(self._contents.opened), self._listed.index
        if self._first is None and self._damaged:
            raise undecodable(name, "audio", index)
        if self._first is None and status != 0:
            raise failure(self._run, self._contents.opened, "read_audio")
        check_end(self._contents, self._now(), call)
        # Junk after the last frame is common where packets are found by their looks (tags at the end of an mp3).
        if self._damaged and states_duration(self._contents):
            raise damage_error(name, "audio", index, self._now())

    def _extent(self) -> Extent:
        contents, listed = self._contents, self._listed
        first = self._first
        stated = contents.banner.duration
        if first is None:
            self._run.finish()
            if any("ecoder" in line and "not found" in line for line in self._run.said):
                raise BackendUnavailable(
                    f"this ffmpeg program has no decoder for stream {listed.index} of {contents.opened}"
                )
            about = described(listed, 0, contents.binary.layouts, None)
            rate, channels = getattr(about, "sample_rate", 0), getattr(about, "channels", 0)
            if not rate:
                raise CorruptMedia(f"{contents.opened}: audio stream {listed.index} holds nothing that can be decoded")
            return Extent(str(contents.opened), rate, channels, 0.0, stated)
        begin = 0.0 if first.pts is None else (first.pts - self._origin(first)) / first.sample_rate
        begin = max(0.0, begin - self._left_out)
        return Extent(str(contents.opened), first.sample_rate, first.channels, begin, stated)

    def _origin(self, frame: SoundFrame) -> int:
        """The container's start, by which all times count, in samples."""
        return round(self._contents.banner.start_seconds * frame.sample_rate)

    def _take_all(self) -> None:
        while True:
            try:
                line = self._run.events.get_nowait()
            except queue.Empty:
                return
            if line is not None:
                self._take(line)

    def _take(self, line: str) -> None:
        told = self._watcher.parsed(line)
        if isinstance(told, Damage):
            self._damaged = self._damaged or self._first is not None or states_duration(self._contents)
        elif isinstance(told, SoundFrame):
            self._take_frame(told)

    def _take_frame(self, frame: SoundFrame) -> None:
        first = self._first
        if first is None:
            self._first = first = frame
        if self._error is None:
            self._error = self._wrong(frame, first)
        if frame.pts is not None:
            self._next_pts = frame.pts + frame.samples
        self._seconds += frame.samples / frame.sample_rate

    def _wrong(self, frame: SoundFrame, first: SoundFrame) -> tuple[float, MediarackError] | None:
        """What makes this frame one that cannot follow those before it."""
        contents = self._contents
        self._frames_after_damage += self._damaged
        if self._damaged and self._now() + _FAR_SECONDS < self._wanted_from and frame.pts and self._next_pts:
            # It lies well before what is wanted: only the numbers of the samples after it have to be right.
            self._shifts.append((self._seconds, (frame.pts - self._next_pts) / frame.sample_rate))
            self._damaged = False
        elif self._damaged and (not self._patient or self._frames_after_damage > FRAMES_IN_FLIGHT):
            return self._seconds, damage_error(str(contents.opened), "audio", self._listed.index, self._now())
        if (frame.sample_rate, frame.layout) != (first.sample_rate, first.layout):
            return self._seconds, BadInput(
                f"{contents.opened}: the audio changes from {first.layout} at {first.sample_rate} Hz to "
                f"{frame.layout} at {frame.sample_rate} Hz after {self._seconds:.1f} s: "
                f"read it in parts, with end before and start after that"
            )
        if frame.pts is None or self._next_pts is None:
            return None
        missing = (frame.pts - self._next_pts) / frame.sample_rate
        if missing <= _GAP_SECONDS:
            return None
        if "flac" in contents.families:  # which has no gaps: FFmpeg skips what does not match its checksum
            return self._seconds, CorruptMedia(
                f"{contents.opened} is damaged: {missing:.2f} s are missing at {self._now():.2f} s; fetch it again"
            )
        self.extent.gaps.append((self._now(), missing))
        return None

    def _now(self) -> float:
        """When the frames told so far end."""
        if self._first is None or self._next_pts is None:
            return self._seconds
        return (self._next_pts - self._origin(self._first)) / self._first.sample_rate
