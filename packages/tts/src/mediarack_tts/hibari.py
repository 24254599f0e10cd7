"""hibari: a small English voice on ONNX Runtime, with its own reading of text.

The engine splits a text into sentences and speaks them one by one; so does this adapter, through the same functions
and with one source of noise for the whole text, so that a seed gives exactly the engine's samples, and each part of the
speech is known with the text that it reads. What the engine would leave out in silence is told instead (letters that
its reading does not know), or spoken (the end of a long unknown word).
"""

from __future__ import annotations

import re
import string
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from hibari import SAMPLE_RATE, Hibari
from hibari.g2p import G2P, LINK_RE
from hibari.g2p.oov import OOV
from hibari.tts import MAX_PHONEMES

from mediarack.plugin import (
    Audio,
    BadInput,
    Call,
    Segment,
    SpeakRequest,
    SpeechHeader,
    Spoken,
    Stream,
)
from mediarack_tts.reading import halves, respelling

VOICE = "heart"
"""The one that comes in the engine's wheel. The engine would download the others by itself."""
MODEL_FILE = "hibari.onnx"
SLOWEST, FASTEST = 0.5, 2.0
"""What the engine's own API promises; beyond, the length no longer follows the speed (at 4 it is 0.45)."""
MAX_DIGITS = 27
"""Of one number. A longer one may take more phonemes than the engine speaks at once (its digits all 7: 393 for 29, 409
for 30), and cut in two it would be heard as two numbers. Beyond 36 the engine has no words and fails."""
MAX_SENTENCE = 4 * MAX_PHONEMES
"""Characters. A longer sentence is split before it is read: the engine's memory grows with the square of its length."""

_LONG_NUMBER = re.compile(rf"(?:[0-9],?){{{MAX_DIGITS + 1}}}")


class HibariSpeaker:
    """One model is kept loaded: that of the latest call. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[object, _Voice] | None = None

    def speak(self, source: str, request: SpeakRequest, call: Call) -> Stream[SpeechHeader, Spoken]:
        """A part for each sentence; one that is too long for the engine is split at clauses, else between words.

        A part begins and ends with the engine's own silence, about 0.3 s each. No times of words: the engine has none.
        Raises BadInput for a speed beyond 0.5 to 2, letters of other scripts, and numbers of more than 27 digits.
        """
        if not SLOWEST <= request.speed <= FASTEST:
            raise BadInput(f"speed={request.speed!r}: hibari speaks at {SLOWEST:g} to {FASTEST:g} times its own pace")
        voice = self._voice(call)
        text = voice.readable(source)
        header = SpeechHeader(sample_rate=SAMPLE_RATE, channels=1, language="en", voice=request.voice or VOICE)
        return Stream(header, _spoken(voice, text, request, call))

    def close(self) -> None:
        with self._lock:
            self._loaded = None

    def _voice(self, call: Call) -> _Voice:
        model = Path(call.weights or "") / MODEL_FILE
        key = (model, call.threads)
        with self._lock:
            if self._loaded is None or self._loaded[0] != key:
                self._loaded = None  # freed before the next one is loaded
                self._loaded = (key, _Voice(model, call.threads))
            return self._loaded[1]


class _Voice:
    """The engine with its reading of text."""

    def __init__(self, model: Path, threads: int) -> None:
        unknown_words = OOV()
        self._letters = frozenset(unknown_words.cin) | frozenset(string.digits)
        g2p = G2P(oov=_whole_words(unknown_words))
        self._engine = Hibari(voice=VOICE, model=str(model), threads=threads, g2p=g2p)

    def readable(self, text: str) -> str:
        """The text in characters that the engine reads. Raises BadInput for what it would leave out or fail at."""
        text = unicodedata.normalize("NFC", text)
        text = text.translate(respelling(_heard(text), self._letters, "English"))
        if number := _LONG_NUMBER.search(_heard(text)):
            raise BadInput(f"cannot speak a number of more than {MAX_DIGITS} digits ({number[0]}...): write it apart")
        return text

    def parts(self, text: str) -> Iterator[tuple[str, str]]:
        """Sentences, or pieces of long ones, with their phonemes; those without any (a row of stars) are left out."""
        for sentence in self._engine.split_sentences(text):
            yield from self._pieces(sentence)

    def _pieces(self, sentence: str) -> Iterator[tuple[str, str]]:
        phonemes = self._engine.phonemize(sentence) if len(sentence) <= MAX_SENTENCE else None
        if phonemes is None or len(phonemes) > 1 or len("".join(phonemes)) > MAX_PHONEMES:
            for half in halves(sentence):
                yield from self._pieces(half)
        elif phonemes:
            yield sentence, phonemes[0]

    def samples(self, phonemes: str, speed: float, noise: np.random.Generator) -> npt.NDArray[np.float32]:
        """float32 ``[samples]``."""
        samples: npt.NDArray[np.float32] = self._engine.from_ids(self._engine.ids(phonemes), speed, noise)
        return samples


def _heard(text: str) -> str:
    """What is read of a text: of "[word](/phonemes/)" and "[word](address)", the engine's own marks, the word."""
    return str(LINK_RE.sub(r"\1", text))


def _whole_words(read: OOV) -> Callable[[str], str]:
    """The engine's reading of words that are in no list, which by itself stops after 24 letters."""

    def reading(word: str) -> str:
        pieces = (word[at : at + read.maxlen] for at in range(0, len(word), read.maxlen))
        return "".join(read(piece) or "" for piece in pieces)

    return reading


def _spoken(voice: _Voice, text: str, request: SpeakRequest, call: Call) -> Iterator[Spoken]:
    noise = np.random.default_rng(request.seed)
    at = 0  # in samples
    characters = 0
    for sentence, phonemes in voice.parts(text):
        call.check()
        samples = voice.samples(phonemes, request.speed, noise)
        start, at = at, at + len(samples)
        characters += len(sentence)
        yield Spoken(
            audio=Audio(samples=samples[np.newaxis], sample_rate=SAMPLE_RATE, start_seconds=start / SAMPLE_RATE),
            segment=Segment(start=start / SAMPLE_RATE, end=at / SAMPLE_RATE, text=_heard(sentence)),
        )
        call.report(characters, len(text), "characters")
    if at == 0:
        raise BadInput("nothing in the text that hibari can speak: give a text with English words or numbers in it")
    call.report(len(text), len(text), "characters")
