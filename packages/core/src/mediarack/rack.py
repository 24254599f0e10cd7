"""The verbs, as users call them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Unpack

from mediarack.calls import Calls, How
from mediarack.config import Config
from mediarack.dispatch import Dispatcher
from mediarack.errors import BadInput, MediarackError
from mediarack.media import Audio, AudioHeader, Frame, Frames, FramesHeader, MediaInfo, PixelFormat, Stream
from mediarack.output import check_not_source, check_target, replacing
from mediarack.registry import Registry
from mediarack.requests import (
    Downmix,
    ProbeRequest,
    ReadAudioRequest,
    ReadFramesRequest,
    Task,
    TranscribeRequest,
    WriteAudioRequest,
    WriteImageRequest,
)
from mediarack.sources import Source, check_audio
from mediarack.transcript import Segment, SpeechInfo, Transcript
from mediarack.weights import WeightsStore

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Target = str | os.PathLike[str]
_IMAGE_CONTAINERS: dict[str, Literal["jpeg", "png"]] = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one source of several: ``transcript`` or ``error``, the other being None."""

    source: Source
    transcript: Transcript | None
    error: MediarackError | None


class Rack:
    """Backends, found and kept: models stay loaded from call to call until the Rack is closed.

    Every verb takes, beside its own arguments, those of ``How``: backend, device, threads, progress, cancel, deadline.
    Every verb may raise BadInput (and its kinds), BackendUnavailable, BackendFailed, Cancelled and DeadlineExceeded.
    Threads may share a Rack. ``weights`` is the store of model files: what there is, where it is, fetching, checking.
    """

    def __init__(self, config: Config | None = None, *, plugins: Iterable[object] | None = None) -> None:
        """``config`` is taken as it is; None reads file and environment (Config.load).

        ``plugins`` are used instead of those installed.
        """
        self.config = config if config is not None else Config.load()
        self.registry = Registry(plugins)
        self.weights = WeightsStore(self.config, self.registry.weights)
        self._dispatcher = Dispatcher(self.config, self.registry, self.weights)
        self.calls: Calls = self._dispatcher

    def close(self) -> None:
        """Free what the backends hold. Idempotent; later calls raise BadInput."""
        self._dispatcher.close()

    def __enter__(self) -> Rack:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def probe(self, source: Source, *, options: Any = None, **how: Unpack[How]) -> MediaInfo:
        """Container, duration and streams, without decoding."""
        return self.calls.perform(ProbeRequest(options=options), source, how)

    def iter_audio(
        self,
        source: Source,
        *,
        start: float = 0.0,
        end: float | None = None,
        sample_rate: int | None = None,
        channels: int | None = None,
        downmix: Downmix = "mean",
        stream: int | None = None,
        options: Any = None,
        **how: Unpack[How],
    ) -> Stream[AudioHeader, Audio]:
        """Like read_audio, in blocks of a second or more as they are decoded, in bounded memory."""
        request = ReadAudioRequest(
            start=start,
            end=end,
            sample_rate=sample_rate,
            channels=channels,
            downmix=downmix,
            stream=stream,
            options=options,
        )
        return self.calls.perform(request, source, how)

    def read_audio(
        self,
        source: Source,
        *,
        start: float = 0.0,
        end: float | None = None,
        sample_rate: int | None = None,
        channels: int | None = None,
        downmix: Downmix = "mean",
        stream: int | None = None,
        options: Any = None,
        **how: Unpack[How],
    ) -> Audio:
        """Samples as float32 ``[channels, samples]``.

        start, end: seconds. sample_rate (Hz), channels: None keeps the stream's own. downmix: see ReadAudioRequest.
        stream: index in the container; None takes the default audio stream.
        """
        from mediarack.collect import collect_audio

        return collect_audio(
            self.iter_audio(
                source,
                start=start,
                end=end,
                sample_rate=sample_rate,
                channels=channels,
                downmix=downmix,
                stream=stream,
                options=options,
                **how,
            )
        )

    def iter_frames(
        self,
        source: Source,
        *,
        at: Sequence[float] | None = None,
        indices: Sequence[int] | None = None,
        every: float | None = None,
        start: float = 0.0,
        end: float | None = None,
        width: int | None = None,
        height: int | None = None,
        format: PixelFormat = "rgb24",
        stream: int | None = None,
        options: Any = None,
        **how: Unpack[How],
    ) -> Stream[FramesHeader, Frame]:
        """Like read_frames, one by one in the order they come on screen; ``position`` says which was asked for."""
        request = ReadFramesRequest(
            at=None if at is None else tuple(at),
            indices=None if indices is None else tuple(indices),
            every=every,
            start=start,
            end=end,
            width=width,
            height=height,
            format=format,
            stream=stream,
            options=options,
        )
        return self.calls.perform(request, source, how)

    def read_frames(
        self,
        source: Source,
        *,
        at: Sequence[float] | None = None,
        indices: Sequence[int] | None = None,
        every: float | None = None,
        start: float = 0.0,
        end: float | None = None,
        width: int | None = None,
        height: int | None = None,
        format: PixelFormat = "rgb24",
        stream: int | None = None,
        options: Any = None,
        **how: Unpack[How],
    ) -> Frames:
        """Pictures as uint8 ``[frames, height, width, channels]``, turned upright as players show them.

        at: those on screen at these seconds. indices: by number, from 0. every: one each so many seconds. None of
        these: all. start, end: seconds, for every and for all. width, height: one alone keeps the aspect ratio.
        format: "rgb24" (3 channels) or "gray" (1).
        """
        from mediarack.collect import collect_frames

        return collect_frames(
            self.iter_frames(
                source,
                at=at,
                indices=indices,
                every=every,
                start=start,
                end=end,
                width=width,
                height=height,
                format=format,
                stream=stream,
                options=options,
                **how,
            )
        )

    def write_audio(self, audio: Audio, target: Target, *, encoding: str = "s16", **how: Unpack[How]) -> Path:
        """Audio into a WAV file: 16-bit integers (values beyond -1..1 are clipped) or, with "float32", as they are."""
        path = _wav(target)
        with replacing(path) as aside:
            request = WriteAudioRequest(target=aside, encoding=encoding)  # type: ignore[arg-type]
            self.calls.perform(request, check_audio(audio), how)
        return path

    def write_image(
        self, image: npt.NDArray[np.uint8], target: Target, *, quality: int = 95, **how: Unpack[How]
    ) -> Path:
        """A picture ``[height, width, 3 or 1]`` into a .jpg or .png file; quality 1..100 is for JPEG."""
        path = Path(target)
        with replacing(path) as aside:
            self.calls.perform(_image_request(path, aside, quality), image, how)
        return path

    def extract_audio(
        self,
        source: Source,
        target: Target,
        *,
        sample_rate: int | None = 16_000,
        channels: int | None = 1,
        start: float = 0.0,
        end: float | None = None,
        downmix: Downmix = "mean",
        encoding: str = "s16",
        stream: int | None = None,
        **how: Unpack[How],
    ) -> Path:
        """The sound of a media file as WAV, by default as speech engines take it: 16 kHz, mono, 16 bits.

        Memory is bounded on any length. An existing target is replaced once the new file is whole.
        """
        path = _wav(target)
        check_not_source(source, path)
        # ``backend`` names who decodes; whoever writes is chosen by the encoding.
        writing: How = {key: value for key, value in how.items() if key != "backend"}  # type: ignore[assignment]
        with replacing(path) as aside:
            request = WriteAudioRequest(target=aside, encoding=encoding)  # type: ignore[arg-type]
            with self.iter_audio(
                source,
                start=start,
                end=end,
                sample_rate=sample_rate,
                channels=channels,
                downmix=downmix,
                stream=stream,
                **how,
            ) as blocks:
                writing.pop("progress", None)
                self.calls.perform(request, blocks, writing)
        return path

    def extract_frame(
        self,
        source: Source,
        seconds: float,
        target: Target,
        *,
        width: int | None = None,
        quality: int = 95,
        stream: int | None = None,
        **how: Unpack[How],
    ) -> Path:
        """The picture on screen at ``seconds`` as .jpg or .png; ``width`` keeps the aspect ratio."""
        path = Path(target)
        check_not_source(source, path)
        check_target(path)
        _image_request(path, path, quality)  # what is wrong with it is told before the work
        frames = self.read_frames(source, at=[seconds], width=width, stream=stream, **how)
        return self.write_image(frames.images[0], path, quality=quality)

    def iter_segments(
        self,
        source: Source,
        *,
        language: str | None = None,
        task: Task = "transcribe",
        model: Target | None = None,
        word_times: bool = False,
        vad: bool = True,
        initial_prompt: str | None = None,
        stream: int | None = None,
        options: Any = None,
        **how: Unpack[How],
    ) -> Stream[SpeechInfo, Segment]:
        """Like transcribe, segment by segment while recognition goes on, in bounded memory."""
        request = TranscribeRequest(
            language=language,
            task=task,
            model=None if model is None else os.fspath(model),
            word_times=word_times,
            vad=vad,
            initial_prompt=initial_prompt,
            stream=stream,
            options=options,
        )
        return self.calls.perform(request, source, how)

    def transcribe(
        self,
        source: Source,
        *,
        language: str | None = None,
        task: Task = "transcribe",
        model: Target | None = None,
        word_times: bool = False,
        vad: bool = True,
        initial_prompt: str | None = None,
        stream: int | None = None,
        options: Any = None,
        **how: Unpack[How],
    ) -> Transcript:
        """What is said in a media file or in Audio.

        language: "de", "German" or None (or "auto") to detect it. task: "translate" gives English. model: a name, a hub
        id or a directory. word_times: times of each word. vad: skip what is not speech. initial_prompt: text that
        steers spelling and style. options: the engine's own.
        """
        with self.iter_segments(
            source,
            language=language,
            task=task,
            model=model,
            word_times=word_times,
            vad=vad,
            initial_prompt=initial_prompt,
            stream=stream,
            options=options,
            **how,
        ) as segments:
            found = tuple(segments)
        assert segments.provenance is not None
        return Transcript(info=segments.header, segments=found, provenance=segments.provenance)

    def transcribe_each(self, sources: Iterable[Source], **arguments: Any) -> Iterator[Outcome]:
        """Transcribe several sources with one loaded model; what is wrong with one does not stop the others.

        Takes the arguments of transcribe. Cancelled and DeadlineExceeded (which counts per source) are outcomes too.
        """
        for source in sources:
            try:
                yield Outcome(source=source, transcript=self.transcribe(source, **arguments), error=None)
            except MediarackError as error:
                yield Outcome(source=source, transcript=None, error=error)


def _wav(target: Target) -> Path:
    path = Path(target)
    if path.suffix.lower() not in (".wav", ".wave"):
        raise BadInput(f"cannot write {path.name!r}: sound is written as WAV, so the name must end in .wav")
    return path


def _image_request(named: Path, target: Path, quality: int) -> WriteImageRequest:
    container = _IMAGE_CONTAINERS.get(named.suffix.lower())
    if container is None:
        raise BadInput(f"cannot write {named.name!r}: the name must end in {', '.join(_IMAGE_CONTAINERS)}")
    return WriteImageRequest(target=target, container=container, quality=quality)
