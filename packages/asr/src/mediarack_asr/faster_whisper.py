"""faster-whisper: Whisper on CTranslate2.

The engine takes a whole recording at once and makes its spectrogram in memory, which for an hour is gigabytes. Here it
is given pieces of four minutes as they are decoded, so that memory is bounded on any length and the first segments come
early. A recording no longer than one piece goes to the engine exactly as its own API would take it.
"""

from __future__ import annotations

import copy
import logging
import math
import os
import threading
from collections.abc import Generator, Iterator
from typing import Any

import ctranslate2
import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel
from faster_whisper.transcribe import Segment as EngineSegment

from mediarack.plugin import (
    Audio,
    AudioHeader,
    BackendUnavailable,
    BadInput,
    Call,
    Decoded,
    Media,
    ReadAudioRequest,
    Segment,
    SpeechInfo,
    Stream,
    TranscribeRequest,
    Word,
)
from mediarack_asr.options import FasterWhisperOptions

SAMPLE_RATE = 16_000
PIECE_SECONDS = 240
"""Longer pieces cost less at their joins; but to find speech in one and make its spectrogram, which nothing can stop,
takes 0.8 s on two cores, and about 200 MB."""
CUT_MARGIN_SECONDS = 1.0
"""A segment that ends this close to the end of a piece may have been cut by it, and is done again in the next."""
PROMPT_TOKENS = 223
"""Whisper is shown at most so many tokens of what went before: half of its 448, less one."""
PROMPT_RESET_TEMPERATURE = 0.5
"""The engine's default of ``prompt_reset_on_temperature``: text found above it is not trusted as a prompt."""

if "CT2_VERBOSE" not in os.environ:
    # It warns on every load that a float16 file is computed in float32 on a CPU; provenance has the compute type.
    ctranslate2.set_log_level(logging.ERROR)


class FasterWhisper:
    """One model is kept loaded: that of the latest call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[object, WhisperModel] | None = None

    def transcribe(
        self, source: Media | Decoded, request: TranscribeRequest, call: Call
    ) -> Stream[SpeechInfo, Segment]:
        """Segments as the engine finds them. Word times come from Whisper's cross attention (about 0.1 s)."""
        options = request.options or FasterWhisperOptions()
        model = self._model(call, options)
        if not model.model.is_multilingual:
            _check_english_only(request, call)
        blocks = call.calls.perform(
            ReadAudioRequest(sample_rate=SAMPLE_RATE, channels=1, stream=request.stream), source
        )
        return _Recording(model, blocks, request, options, call).stream()

    def close(self) -> None:
        with self._lock:
            self._loaded = None

    def _model(self, call: Call, options: FasterWhisperOptions) -> WhisperModel:
        """The model, with every step of it checking whether this call is to end."""
        if call.device == "cuda" and ctranslate2.get_cuda_device_count() == 0:
            raise BackendUnavailable("CTranslate2 sees no CUDA device: leave device at 'auto' or give 'cpu'")
        device = "cuda" if call.device == "auto" and ctranslate2.get_cuda_device_count() else call.device
        known = {"default", "auto", *ctranslate2.get_supported_compute_types("cpu" if device == "auto" else device)}
        if options.compute_type not in known:
            raise BadInput(f"compute_type={options.compute_type!r}: this device has {', '.join(sorted(known))}")
        key = (call.weights, call.device, options.device_index, options.compute_type, call.threads, call.concurrency)
        with self._lock:
            if self._loaded is None or self._loaded[0] != key:
                self._loaded = None  # freed before the next one is loaded
                self._loaded = (key, _load(call, options))
            model = copy.copy(self._loaded[1])
        call.note(device=model.model.device, compute_type=model.model.compute_type)
        model.model = _Checked(model.model, call)
        model.feature_extractor = _Checked(model.feature_extractor, call)
        return model


def _load(call: Call, options: FasterWhisperOptions) -> WhisperModel:
    try:
        return WhisperModel(
            call.weights,
            device=call.device,
            device_index=options.device_index,
            compute_type=options.compute_type,
            cpu_threads=call.threads,
            num_workers=call.concurrency,
        )
    except (RuntimeError, ValueError, OSError) as error:  # what CTranslate2 raises for files and devices alike
        raise BackendUnavailable(f"the model in {call.weights} cannot be loaded: {error}") from error


def _check_english_only(request: TranscribeRequest, call: Call) -> None:
    # The engine would only log a warning and give English.
    if request.language not in (None, "en"):
        raise BadInput(f"the model in {call.weights} knows English alone, not {request.language!r}")
    if request.task == "translate":
        raise BadInput(f"the model in {call.weights} knows English alone and cannot translate")


class _Checked:
    """A part of the engine whose steps (a spectrogram, an encoding, a decoding) start with a check of the call."""

    def __init__(self, part: Any, call: Call) -> None:
        self._part = part
        self._call = call

    def __getattr__(self, name: str) -> Any:
        self._call.check()
        return getattr(self._part, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._call.check()
        return self._part(*args, **kwargs)


class _CutWindow(Exception):
    """The next window would reach beyond the piece."""


class _Recording:
    """One recording on its way through the engine, piece by piece.

    ``_samples`` is the piece in work, ``_start`` its place on the source's clock, ``_context`` the tokens that the
    engine is shown of what went before.
    """

    def __init__(
        self,
        model: WhisperModel,
        blocks: Stream[AudioHeader, Audio],
        request: TranscribeRequest,
        options: FasterWhisperOptions,
        call: Call,
    ) -> None:
        self._model = model
        self._encode = model.encode
        model.encode = self._encode_whole  # of this call's own copy of the model
        self._stops_at_cut = False
        self._blocks = blocks
        self._request = request
        self._options = options
        self._call = call
        self._language = request.language
        prompt = request.initial_prompt
        # As the engine encodes a prompt it is given as text.
        ids = model.hf_tokenizer.encode(f" {prompt.strip()}", add_special_tokens=False).ids if prompt else []
        self._context: list[int] = list(ids)
        self._samples: npt.NDArray[np.float32] = np.empty(0, np.float32)
        self._wanted = PIECE_SECONDS
        self._ended = False
        header = blocks.header
        self._begin = self._start = header.start_seconds
        self._total = None if header.expected_samples is None else header.expected_samples / SAMPLE_RATE

    def stream(self) -> Stream[SpeechInfo, Segment]:
        try:
            found, info = self._recognise()
            while info.duration_after_vad == 0 and not self._ended:  # no speech yet: no language to detect
                self._advance(self._seconds)
                found, info = self._recognise()
        except BaseException:
            self._blocks.close()
            raise
        self._language = info.language
        header = SpeechInfo(
            language=info.language,
            # Given, or of a model with one language: the engine then says 1, which nobody measured.
            language_confidence=float(info.language_probability) if info.all_language_probs else None,
            duration=self._total,
            task=self._request.task,
        )
        return Stream(header, self._segments(found))

    @property
    def _seconds(self) -> float:
        """Length of the piece in work."""
        return len(self._samples) / SAMPLE_RATE

    def _fill(self) -> None:
        """Decode until the piece is as long as wanted or the source ends."""
        parts, length = [self._samples], len(self._samples)
        while not self._ended and length < self._wanted * SAMPLE_RATE:
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
            else:
                parts.append(block.samples[0])
                length += block.num_samples
        self._samples = np.concatenate(parts)

    def _advance(self, seconds: float) -> None:
        self._samples = self._samples[round(seconds * SAMPLE_RATE) :]
        self._start += seconds
        # Where half of a piece or more is to be done again, one segment is that long: the next piece must be longer.
        self._wanted = PIECE_SECONDS if seconds >= self._wanted / 2 else self._wanted + PIECE_SECONDS

    def _recognise(self) -> tuple[Iterator[EngineSegment], Any]:
        self._fill()
        options = self._options
        found, info = self._model.transcribe(
            self._samples,
            language=self._language,
            task=self._request.task,
            initial_prompt=self._context[-PROMPT_TOKENS:] or None,
            word_timestamps=self._request.word_times,
            vad_filter=self._request.vad,
            vad_parameters={
                "threshold": options.vad_threshold,
                "min_silence_duration_ms": options.vad_min_silence_ms,
                "speech_pad_ms": options.vad_speech_pad_ms,
            },
            beam_size=options.beam_size,
            best_of=options.best_of,
            patience=options.patience,
            length_penalty=options.length_penalty,
            repetition_penalty=options.repetition_penalty,
            no_repeat_ngram_size=options.no_repeat_ngram_size,
            temperature=list(options.temperature),
            compression_ratio_threshold=options.compression_ratio_threshold,
            log_prob_threshold=options.log_prob_threshold,
            no_speech_threshold=options.no_speech_threshold,
            condition_on_previous_text=options.condition_on_previous_text,
            hotwords=options.hotwords,
            hallucination_silence_threshold=options.hallucination_silence_threshold,
            multilingual=options.multilingual,
        )
        return iter(found), info

    def _segments(self, found: Iterator[EngineSegment]) -> Iterator[Segment]:
        with self._blocks:
            while True:
                done = yield from self._piece(found)
                self._call.report(self._start + done - self._begin, self._total, "seconds")
                if self._ended and done == self._seconds:
                    return
                self._advance(done)
                found, _ = self._recognise()

    def _piece(self, found: Iterator[EngineSegment]) -> Generator[Segment, None, float]:
        """The segments of a piece that its end did not cut; returns the seconds of it that are done."""
        length = self._seconds
        safe = length if self._ended else length - CUT_MARGIN_SECONDS
        done = 0.0
        self._stops_at_cut = False
        try:
            for segment in found:
                start, end = float(segment.start), float(segment.end)
                if end > safe and not self._ended:
                    return start
                self._remember(segment)
                done = min(end, length)
                self._stops_at_cut = not self._ended
                self._call.report(self._start + done - self._begin, self._total, "seconds")
                yield self._placed(segment, start, end)
        except _CutWindow:
            return done
        finally:
            self._stops_at_cut = False
        return length if self._ended else max(done, safe)

    def _encode_whole(self, features: npt.NDArray[np.float32]) -> Any:
        """Encode a window; one that the end of the piece cuts is left to the next piece, if this one brought anything.

        The engine pads a short window with zeros, which no frame of a spectrogram is.
        """
        if self._stops_at_cut and not features[..., -1].any():
            raise _CutWindow
        return self._encode(features)

    def _remember(self, segment: EngineSegment) -> None:
        """Show the next piece what the engine would show its next window."""
        trusted = (segment.temperature or 0.0) <= PROMPT_RESET_TEMPERATURE
        keep = trusted and self._options.condition_on_previous_text
        self._context = [*self._context, *segment.tokens][-PROMPT_TOKENS:] if keep else []

    def _placed(self, segment: EngineSegment, start: float, end: float) -> Segment:
        """The segment on the source's clock."""
        return Segment(
            start=self._start + start,
            end=self._start + end,
            text=segment.text.strip(),
            confidence=math.exp(segment.avg_logprob),
            words=tuple(
                # The engine's numbers are numpy's.
                Word(
                    start=self._start + float(word.start),
                    end=self._start + float(word.end),
                    text=word.word.strip(),
                    confidence=float(word.probability),
                )
                for word in segment.words or ()
            ),
        )
