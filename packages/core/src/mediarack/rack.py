"""The verbs, as users call them."""

from __future__ import annotations

import difflib
import functools
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Unpack

from mediarack.calls import Calls, How
from mediarack.config import Config
from mediarack.dispatch import Dispatcher
from mediarack.errors import BadInput, MediarackError
from mediarack.media import (
    Audio,
    AudioHeader,
    Frame,
    Frames,
    FramesHeader,
    MediaInfo,
    PixelFormat,
    Stems,
    StemsHeader,
    Stream,
)
from mediarack.output import check_apart, check_not_source, check_target, replacing
from mediarack.registry import Registry
from mediarack.requests import (
    Downmix,
    ProbeRequest,
    ReadAudioRequest,
    ReadFramesRequest,
    SampleEncoding,
    SeparateRequest,
    SpeakRequest,
    Task,
    TranscribeRequest,
)
from mediarack.sources import Source, check_audio
from mediarack.transcript import Segment, Speech, SpeechHeader, SpeechInfo, Spoken, Transcript
from mediarack.weights import WeightsStore
from mediarack.writing import audio_request, image_request, one_stem, without_backend, write_stems

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mediarack.aio import AsyncRack

Target = str | os.PathLike[str]


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
        self._plugins_given = plugins is not None
        self.registry = Registry(plugins)
        self.weights = WeightsStore(self.config, self.registry.weights)
        self._dispatcher = Dispatcher(self.config, self.registry, self.weights)
        self.calls: Calls = self._dispatcher
        self._aio: AsyncRack | None = None
        self._making_aio = threading.Lock()
        _ = self.registry.backends  # asked for once, before threads do

    @property
    def aio(self) -> AsyncRack:
        """The same verbs for asyncio."""
        from mediarack.aio import AsyncRack

        with self._making_aio:
            self._aio = self._aio or AsyncRack(self)
            return self._aio

    def close(self) -> None:
        """Free what the backends hold. Running calls end with Cancelled at their next step. Idempotent."""
        self._dispatcher.close()
        if self._aio is not None:
            self._aio.close()

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy in another process (multiprocessing's spawn) is a new Rack with the same settings."""
        if self._plugins_given:
            raise TypeError("a Rack made with plugins= cannot be sent to another process: make one there")
        return Rack, (self.config,)

    def __enter__(self) -> Rack:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def command(self, name: str) -> Callable[..., Any]:
        """A verb that a plugin brings, as a function: ``rack.command("loudness")("talk.mp4")``.

        Raises BadInput for a name that no plugin has, BackendUnavailable if the plugin's module cannot be imported.
        """
        commands = {command.spec.name: command for command in self.registry.commands}
        if name not in commands:
            close = difflib.get_close_matches(name, commands, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise BadInput(f"no plugin has a command {name!r} (there is {', '.join(commands) or 'none'}){hint}")
        return functools.partial(commands[name].load(), self.calls)

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

    def write_audio(
        self,
        audio: Audio,
        target: Target,
        *,
        encoding: SampleEncoding | None = None,
        bit_rate: int | None = None,
        **how: Unpack[How],
    ) -> Path:
        """Audio into a .wav, .flac, .mp3, .ogg (Vorbis), .opus or .m4a (AAC) file.

        encoding: of wav and flac: "s16" (the default; values beyond -1..1 are clipped), "s24", or "float32" (wav),
        which keeps samples as they are. bit_rate: bits per second, for the others.
        """
        path = Path(target)
        check_audio(audio)
        audio_request(path, path, encoding, bit_rate)  # what is wrong with it is told before anything is touched
        with replacing(path) as aside:
            self.calls.perform(audio_request(path, aside, encoding, bit_rate), audio, how)
        return path

    def write_image(
        self, image: npt.NDArray[np.uint8], target: Target, *, quality: int = 95, **how: Unpack[How]
    ) -> Path:
        """A picture ``[height, width, 3 or 1]`` into a .jpg, .png or .webp file; quality 1..100 is not for png."""
        path = Path(target)
        image_request(path, path, quality)
        with replacing(path) as aside:
            self.calls.perform(image_request(path, aside, quality), image, how)
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
        encoding: SampleEncoding | None = None,
        bit_rate: int | None = None,
        stream: int | None = None,
        **how: Unpack[How],
    ) -> Path:
        """The sound of a media file as a file of its own, by default as speech engines take it: 16 kHz, mono.

        The target's suffix, ``encoding`` and ``bit_rate`` are as in write_audio; ``backend`` names who decodes. Memory
        is bounded on any length. An existing target is replaced once the new file is whole.
        """
        path = Path(target)
        check_not_source(source, path)
        audio_request(path, path, encoding, bit_rate)
        with replacing(path) as aside:
            request = audio_request(path, aside, encoding, bit_rate)
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
                self.calls.perform(request, blocks, without_backend(how))
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
        """The picture on screen at ``seconds`` as .jpg, .png or .webp; ``width`` keeps the aspect ratio."""
        path = Path(target)
        check_not_source(source, path)
        check_target(path)
        image_request(path, path, quality)  # what is wrong with it is told before the work
        frames = self.read_frames(source, at=[seconds], width=width, stream=stream, **how)
        return self.write_image(frames.images[0], path, quality=quality, **without_backend(how))

    def iter_stems(
        self,
        source: Source,
        *,
        stems: Sequence[str] = ("speech", "rest"),
        model: Target | None = None,
        stream: int | None = None,
        options: Any = None,
        **how: Unpack[How],
    ) -> Stream[StemsHeader, Stems]:
        """Like separate, in blocks of a second or more, in bounded memory."""
        request = SeparateRequest(stems=tuple(stems), model=_text(model), stream=stream, options=options)
        return self.calls.perform(request, source, how)

    def separate(
        self,
        source: Source,
        *,
        stems: Sequence[str] = ("speech", "rest"),
        model: Target | None = None,
        stream: int | None = None,
        options: Any = None,
        **how: Unpack[How],
    ) -> Stems:
        """The sound of a media file, or Audio, taken apart into stems that add up to it.

        stems: which ones; they say what kind of separation is meant: ("speech", "rest") parts a voice from noise. Rate
        and channels stay the source's own. ``stems["speech"]`` of the result is Audio.
        """
        from mediarack.collect import collect_stems

        return collect_stems(self.iter_stems(source, stems=stems, model=model, stream=stream, options=options, **how))

    def extract_stems(
        self,
        source: Source,
        targets: Mapping[str, Target],
        *,
        model: Target | None = None,
        encoding: SampleEncoding | None = None,
        bit_rate: int | None = None,
        stream: int | None = None,
        options: Any = None,
        **how: Unpack[How],
    ) -> dict[str, Path]:
        """Separate into files, in bounded memory: ``targets`` gives each wanted stem its file, as in write_audio."""
        paths = {stem: Path(target) for stem, target in targets.items()}
        check_apart(paths.values())
        for path in paths.values():
            check_not_source(source, path)
            check_target(path)
            audio_request(path, path, encoding, bit_rate)
        stems = self.iter_stems(source, stems=tuple(paths), model=model, stream=stream, options=options, **how)
        write_stems(self.calls, stems, paths, without_backend(how), encoding=encoding, bit_rate=bit_rate)
        return paths

    def iter_speech(
        self,
        text: str,
        *,
        voice: str | None = None,
        language: str | None = None,
        speed: float = 1.0,
        seed: int | None = None,
        model: Target | None = None,
        options: Any = None,
        **how: Unpack[How],
    ) -> Stream[SpeechHeader, Spoken]:
        """Like speak, part by part (usually sentences) as each is ready."""
        request = SpeakRequest(
            voice=voice, language=language, speed=speed, seed=seed, model=_text(model), options=options
        )
        return self.calls.perform(request, text, how)

    def speak(
        self,
        text: str,
        *,
        voice: str | None = None,
        language: str | None = None,
        speed: float = 1.0,
        seed: int | None = None,
        model: Target | None = None,
        options: Any = None,
        **how: Unpack[How],
    ) -> Speech:
        """A text as speech, with the times of its parts.

        voice: a name (``mediarack backends --json`` lists them). language: as in transcribe. speed: 0.25 to 4, 1 is the
        voice's own pace. seed: the same text and seed give the same samples.
        """
        from mediarack.collect import collect_speech

        return collect_speech(
            self.iter_speech(
                text, voice=voice, language=language, speed=speed, seed=seed, model=model, options=options, **how
            )
        )

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
        separate: str | None = None,
        stream: int | None = None,
        options: Any = None,
        **how: Unpack[How],
    ) -> Stream[SpeechInfo, Segment]:
        """Like transcribe, segment by segment while recognition goes on, in bounded memory."""
        request = TranscribeRequest(
            language=language,
            task=task,
            model=_text(model),
            word_times=word_times,
            vad=vad,
            initial_prompt=initial_prompt,
            stream=None if separate else stream,
            options=options,
        )
        if separate is None:
            return self.calls.perform(request, source, how)
        stems = self.iter_stems(source, stems=(separate,), stream=stream, **without_backend(how))
        try:
            segments = self.calls.perform(request, one_stem(stems), how)
        except BaseException:
            stems.close()
            raise
        return Stream(segments.header, segments, provenance=lambda: segments.provenance, close=stems.close)

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
        separate: str | None = None,
        stream: int | None = None,
        options: Any = None,
        **how: Unpack[How],
    ) -> Transcript:
        """What is said in a media file or in Audio.

        language: "de", "German" or None (or "auto") to detect it. task: "translate" gives English. model: a name, a hub
        id or a directory. word_times: times of each word. vad: skip what is not speech. initial_prompt: text that
        steers spelling and style. separate: a stem ("speech", "vocals") to take out of the sound first. options: the
        engine's own.
        """
        with self.iter_segments(
            source,
            language=language,
            task=task,
            model=model,
            word_times=word_times,
            vad=vad,
            initial_prompt=initial_prompt,
            separate=separate,
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


def _text(model: Target | None) -> str | None:
    return None if model is None else os.fspath(model)
