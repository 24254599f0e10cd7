"""A transcript laid out as cues: what stands on screen together, in which lines, from when to when."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mediarack.transcript import Segment, Transcript

_SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Limits of a cue. The defaults are those of common broadcast guides: two lines of 42 characters, at most 7 s.

    pause: a silence of so many seconds between words ends a cue. min_seconds: a cue is kept on screen at least so long
    where the next one leaves room.
    """

    max_line_chars: int = 42
    max_lines: int = 2
    max_seconds: float = 7.0
    min_seconds: float = 1.0
    pause: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Cue:
    """Lines on screen from ``start`` to ``end`` (seconds)."""

    start: float
    end: float
    lines: tuple[str, ...]


@dataclass(frozen=True)
class _Piece:
    """A word, or a whole segment where there are no word times."""

    start: float
    end: float
    text: str
    spaced: bool
    """A space stands before it: not so in scripts without spaces, nor where the engine splits a word."""


def cues(transcript: Transcript, layout: Layout | None = None) -> list[Cue]:
    """Cues that do not overlap and are never empty. Without word times a segment is one cue, however long."""
    layout = layout or Layout()
    drafts = [draft for segment in transcript.segments for draft in _split(_pieces(segment), layout)]
    return [
        Cue(start=draft[0].start, end=end, lines=_wrapped(draft, layout.max_line_chars))
        for draft, end in zip(drafts, _ends(drafts, layout), strict=True)
    ]


def _pieces(segment: Segment) -> list[_Piece]:
    if not segment.words:
        words = segment.text.split()
        return [_Piece(segment.start, segment.end, word, spaced=True) for word in words]
    pieces, at = [], 0
    for word in segment.words:
        found = segment.text.find(word.text, at)
        spaced = found < 0 or found > at or at == 0
        at = found + len(word.text) if found >= 0 else at
        if word.text:
            pieces.append(_Piece(word.start, word.end, word.text, spaced))
    return pieces


def _split(pieces: Sequence[_Piece], layout: Layout) -> Iterator[list[_Piece]]:
    timed = len({piece.start for piece in pieces}) > 1
    draft: list[_Piece] = []
    for piece in pieces:
        if draft and timed and _must_end(draft, piece, layout):
            yield draft
            draft = []
        draft.append(piece)
    if draft:
        yield draft


def _must_end(draft: list[_Piece], following: _Piece, layout: Layout) -> bool:
    if not following.spaced and following.text[:1].isascii():
        return False  # part of the same word, or its punctuation
    full = len(_wrapped([*draft, following], layout.max_line_chars)) > layout.max_lines
    too_long = following.end - draft[0].start > layout.max_seconds
    silence = following.start - draft[-1].end >= layout.pause
    long_enough = len(_joined(draft)) >= layout.max_line_chars / 2
    return full or too_long or silence or (long_enough and draft[-1].text.endswith(_SENTENCE_ENDS))


def _ends(drafts: Sequence[Sequence[_Piece]], layout: Layout) -> Iterator[float]:
    for draft, following in itertools.zip_longest(drafts, drafts[1:]):
        end = max(draft[-1].end, draft[0].start + layout.min_seconds)
        yield end if following is None else max(draft[0].start, min(end, following[0].start))


def _joined(pieces: Iterable[_Piece]) -> str:
    return "".join(f" {piece.text}" if piece.spaced else piece.text for piece in pieces).strip()


def _wrapped(pieces: Sequence[_Piece], width: int) -> tuple[str, ...]:
    """As few lines as the width allows, and those as even as can be."""
    lines = _filled(pieces, width)
    while True:
        longest = max(map(len, lines))
        narrower = _filled(pieces, longest - 1)
        if len(narrower) > len(lines) or max(map(len, narrower)) == longest:  # a single word may be the longest
            return tuple(lines)
        lines = narrower


def _filled(pieces: Sequence[_Piece], width: int) -> list[str]:
    lines: list[list[_Piece]] = []
    for piece in pieces:
        if lines and len(_joined([*lines[-1], piece])) <= width:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [_joined(line) for line in lines]
