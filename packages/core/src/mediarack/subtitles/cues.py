"""Speech laid out as cues: what stands on screen together, in which lines, from when to when."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mediarack.errors import BadInput
from mediarack.subtitles.wrapping import (
    Piece,
    belongs_to,
    display_width,
    fragments,
    joined,
    needs_space,
    one_line,
    wrapped,
)
from mediarack.transcript import Segment, Transcript

LATEST = 359_999.0
"""Seconds. SubRip writes hours with two digits: 99:59:59 is its last second."""
_ONE_FRAME = 0.04
"""Seconds, at 25 frames a second. Cues that begin closer than that are one: the first would never be seen."""
_SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！", "؟", "۔", "।", "។")
_CLOSING_QUOTES = "\"'”’»)]」』）"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Limits of a cue. The defaults are those of Netflix's English Template Timed Text Style Guide for adults.

    max_line_chars: width of a line in half-width characters; a full-width one (Chinese, Japanese, Korean) counts 2.
    max_lines: lines of a cue. max_seconds: a cue longer than that is split between words. min_seconds: a cue stays so
    long where the next one leaves room; the guide's 5/6 s, rounded up. max_chars_per_second: reading speed, in the
    units of max_line_chars; a cue that is faster stays on screen into the silence after it, never into the next cue
    nor beyond max_seconds. pause: a silence of so many seconds between words ends a cue. min_gap: seconds of empty
    screen before the next cue, taken from the end of the one before (at most half of it); the guide's two frames are
    0.08 at 25 frames a second. Raises BadInput for a limit that nothing can meet.
    """

    max_line_chars: int = 42
    max_lines: int = 2
    max_seconds: float = 7.0
    min_seconds: float = 1.0
    max_chars_per_second: float = 17.0
    pause: float = 1.0
    min_gap: float = 0.0

    def __post_init__(self) -> None:
        for name in ("max_line_chars", "max_lines"):
            if (value := getattr(self, name)) < 1:
                raise BadInput(f"{name} is {value}: it must be 1 or more")
        for name in ("max_seconds", "max_chars_per_second", "pause"):
            if not (value := getattr(self, name)) > 0:
                raise BadInput(f"{name} is {value}: it must be more than 0 (float('inf') for no limit)")
        for name in ("min_seconds", "min_gap"):
            if not 0 <= (value := getattr(self, name)) < math.inf:
                raise BadInput(f"{name} is {value}: it must be 0 s or more")


@dataclass(frozen=True, kw_only=True)
class Cue:
    """Plain text on screen from ``start`` to ``end``: seconds, 0 <= start <= end < 100 h.

    Raises BadInput for other times and where no line holds any text.
    """

    start: float
    end: float
    lines: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end <= LATEST:
            raise BadInput(f"a cue from {self.start} s to {self.end} s: it must be 0 <= start <= end <= {LATEST:.0f}")
        if isinstance(self.lines, str):
            raise BadInput(f"the lines of a cue are a tuple: lines=({self.lines!r},)")
        if not any(line.strip() for line in self.lines):
            raise BadInput(f"the cue at {self.start} s has no text: leave it out")


def cues(transcript: Transcript, layout: Layout | None = None) -> list[Cue]:
    """The transcript as cues, in order, that neither overlap nor are empty; their words are the transcript's.

    A cue starts with its first word. It ends after its last one, with the time that reading takes, but before the next
    cue. Where a segment has no word times, its time is shared out over its text in proportion to width. Word times
    that go backwards are taken as the latest start before them; those that are no times (NaN) too. A cue has more
    lines than ``max_lines`` only where words have no time between them at all.
    """
    layout = layout or Layout()
    return _laid_out((_pieces(segment, layout.max_line_chars) for segment in transcript.segments), layout)


def laid_out(old: Iterable[Cue], layout: Layout) -> list[Cue]:
    """Cues laid out anew: short ones are put together and long ones split, each one's time shared out over its text."""
    phrase: list[Piece] = []
    for cue in sorted(old, key=lambda cue: cue.start):
        text = one_line(cue.lines)
        spaced = not phrase or needs_space(phrase[-1].text, text)
        phrase += _divided(text, cue.start, cue.end, spaced=spaced)
    return _laid_out([phrase], layout)


def _pieces(segment: Segment, widest: int) -> list[Piece]:
    words = [word for word in segment.words if word.text.strip()]
    if not words:
        return list(_divided(segment.text, segment.start, segment.end, spaced=True))
    pieces: list[Piece] = []
    at = 0
    for word in words:
        text = word.text.strip()
        found = segment.text.find(text, at)
        if found < 0:
            spaced = not pieces or needs_space(pieces[-1].text, text)
        else:
            spaced = found > at or not pieces
            at = found + len(text)
        pieces += _divided(text, word.start, word.end, spaced=spaced, widest=widest)
    return pieces


def _divided(text: str, start: float, end: float, *, spaced: bool, widest: int = 0) -> Iterator[Piece]:
    """The text's words, and ideographs where a word is wider than ``widest``, with time in proportion to width."""
    parts = [
        (part, index == 0 and (spaced or number > 0))
        for number, word in enumerate(text.split())
        for index, part in enumerate([word] if display_width(word) <= widest else fragments(word))
    ]
    if not parts:
        return
    shares = [max(1, display_width(part)) for part, _ in parts]
    whole = sum(shares)
    times = [start + (end - start) * done / whole for done in itertools.accumulate(shares, initial=0)]
    times[-1] = end
    for (part, apart), (begin, finish) in zip(parts, itertools.pairwise(times), strict=True):
        yield Piece(begin, finish, part, apart)


def _laid_out(phrases: Iterable[Sequence[Piece]], layout: Layout) -> list[Cue]:
    """One or more cues for each phrase."""
    drafts = [
        draft
        for phrase in in_order(phrases)
        for run in _runs(_kept_together(phrase, layout.max_line_chars), layout)
        for draft in _split(run, layout)
    ]
    drafts = _seen(drafts)
    return [
        Cue(start=draft[0].start, end=end, lines=wrapped(draft, layout.max_line_chars))
        for draft, end in zip(drafts, _ends(drafts, layout), strict=True)
    ]


def in_order(phrases: Iterable[Sequence[Piece]]) -> Iterator[list[Piece]]:
    """The pieces with times that never go backwards."""
    latest = 0.0
    for phrase in phrases:
        ordered = []
        for piece in phrase:
            if latest < piece.start < LATEST - 1:  # False for NaN
                latest = piece.start
            end = piece.end if latest < piece.end <= LATEST else latest
            ordered.append(replace(piece, start=latest, end=end))
        yield ordered


def _kept_together(phrase: Iterable[Piece], widest: int) -> list[Piece]:
    """Pieces put together where no line may end between them, as long as they fit a line."""
    whole: list[Piece] = []
    for piece in phrase:
        if whole and belongs_to(whole[-1].text, piece.text, spaced=piece.spaced):
            before = whole[-1]
            text = f"{before.text} {piece.text}" if piece.spaced else before.text + piece.text
            one_word = not piece.spaced and needs_space(before.text, piece.text)
            if one_word or display_width(text) <= widest:
                whole[-1] = Piece(before.start, max(before.end, piece.end), text, before.spaced)
                continue
        whole.append(piece)
    return whole


def _runs(phrase: Iterable[Piece], layout: Layout) -> Iterator[list[Piece]]:
    """The phrase parted at silences, and after sentences that fill half a line or more."""
    run: list[Piece] = []
    width = 0
    spoken = 0.0
    for piece in phrase:
        if run:
            ended = run[-1].text.rstrip(_CLOSING_QUOTES).endswith(_SENTENCE_ENDS)
            if piece.start - spoken >= layout.pause or (ended and width >= layout.max_line_chars / 2):
                yield run
                run, width = [], 0
        run.append(piece)
        width += piece.spaced + display_width(piece.text)
        spoken = max(spoken, piece.end)
    if run:
        yield run


def _split(run: Sequence[Piece], layout: Layout) -> list[list[Piece]]:
    """As few cues as the limits allow, and those as even as can be."""
    widest = sum(piece.spaced + display_width(piece.text) for piece in run)
    fewest = _filled(run, layout, widest)
    narrowest = math.ceil(widest / len(fewest))
    while narrowest < widest:
        middle = (narrowest + widest) // 2
        even = _filled(run, layout, middle)
        if len(even) > len(fewest):
            narrowest = middle + 1
        else:
            fewest, widest = even, middle
    return fewest


def _filled(run: Iterable[Piece], layout: Layout, widest: int) -> list[list[Piece]]:
    drafts: list[list[Piece]] = []
    lines = line = total = 0
    for piece in run:
        width = display_width(piece.text)
        continued = line + piece.spaced + width
        breaks = continued > layout.max_line_chars
        full = lines + breaks > layout.max_lines or total + piece.spaced + width > widest
        if not drafts or full or piece.end - drafts[-1][0].start > layout.max_seconds:
            drafts.append([piece])
            lines, line, total = 1, width, width
        else:
            drafts[-1].append(piece)
            lines, line = lines + breaks, width if breaks else continued
            total += piece.spaced + width
    return drafts


def _seen(drafts: Iterable[list[Piece]]) -> list[list[Piece]]:
    """Drafts that begin at the same moment put into one."""
    apart: list[list[Piece]] = []
    for draft in drafts:
        if apart and draft[0].start - apart[-1][0].start < _ONE_FRAME:
            first = replace(draft[0], spaced=needs_space(apart[-1][-1].text, draft[0].text))
            apart[-1] = [*apart[-1], first, *draft[1:]]
        else:
            apart.append(draft)
    return apart


def _ends(drafts: Sequence[Sequence[Piece]], layout: Layout) -> Iterator[float]:
    for draft, following in itertools.zip_longest(drafts, drafts[1:]):
        start, spoken = draft[0].start, max(piece.end for piece in draft)
        reading = display_width(joined(draft)) / layout.max_chars_per_second
        wanted = max(min(max(reading, layout.min_seconds), layout.max_seconds), _ONE_FRAME)
        end = min(max(spoken, start + wanted), LATEST)
        if following is not None:
            until = following[0].start
            end = min(end, max(until - layout.min_gap, (start + until) / 2))
        yield end
