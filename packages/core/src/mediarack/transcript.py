"""What was said or is to be said, and when. Times are seconds from the start of the sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mediarack.media import Audio
from mediarack.provenance import Provenance

_UNSPACED = frozenset({"bo", "ja", "km", "lo", "my", "th", "yue", "zh"})
"""Languages whose scripts put no spaces between words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word as the engine split it; ``text`` keeps its punctuation but no surrounding space."""

    start: float
    end: float
    text: str
    confidence: float | None = None
    """Probability in 0..1, or None where the engine gives none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A phrase or sentence. ``words`` is empty unless word times were asked for."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    confidence: float | None = None
    """Geometric mean of the token probabilities in 0..1, or None where the engine gives none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechInfo:
    """What is known of a transcript before its first segment.

    ``duration`` is that of the source in seconds where its container states one. ``language`` is the code of the
    language *spoken*; the text is English if ``task`` is "translate".
    """

    language: str
    language_confidence: float | None
    duration: float | None
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """All segments of a source, with how they came about."""

    info: SpeechInfo
    segments: tuple[Segment, ...]
    provenance: Provenance

    @property
    def text(self) -> str:
        """The segments' text, joined by single spaces where the language has any."""
        space = "" if self.info.task == "transcribe" and self.info.language in _UNSPACED else " "
        return space.join(segment.text for segment in self.segments)

    @property
    def words(self) -> Iterator[Word]:
        """All words in order; empty unless word times were asked for."""
        return (word for segment in self.segments for word in segment.words)

    @property
    def language(self) -> str:
        return self.info.language


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A part of a text, usually a sentence, as speech. ``segment`` has its text and times."""

    audio: Audio
    segment: Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A text as speech. ``segments`` say when each part of it is heard: what captions are made of."""

    audio: Audio
    segments: tuple[Segment, ...]
    language: str
    voice: str
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechHeader:
    """What is known of speech before its first part. The number of samples is nowhere known beforehand."""

    sample_rate: int
    channels: int
    language: str
    voice: str
