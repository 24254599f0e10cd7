"""The frame that SubRip and WebVTT share: a line of times, and the lines of text below it.

pysubs2 reads these two as well, but loses text: it takes a last line that is a number for a counter and any line with
two times for a cue, and puts WebVTT's notes, style sheets and cue names into the text before them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mediarack.errors import BadInput
from mediarack.subtitles.cues import LATEST

_STAMP = r"(?:([0-9]{1,4}):)?([0-9]{1,2}):([0-9]{1,2})[,.]([0-9]{1,3})"
_TIMES = re.compile(rf"{_STAMP}[ \t]*-->[ \t]*{_STAMP}(?:[ \t]+(.*))?")
_BEGINS = re.compile(r"[ \t]*[0-9]{1,4}:[0-9]")


@dataclass(frozen=True)
class Block:
    start: int
    """Milliseconds, as ``end``."""
    end: int
    settings: str
    lines: list[str]


def blocks(text: str, *, blank_ends: bool) -> Iterator[Block]:
    """The cues of a file. Raises BadInput, with the line's number, for times that are none.

    blank_ends: a blank line ends a cue, as WebVTT has it. In SubRip the next line of times does, and the counter above
    it: many files have blank lines inside a cue.
    """
    lines = text.split("\n")
    timed = {number: times for number, line in enumerate(lines) if (times := _times(line, number + 1))}
    for number, until in itertools.pairwise([*timed, len(lines)]):
        start, end, settings = timed[number]
        body = lines[number + 1 : until]
        if blank_ends:
            body = body[: next((n for n, line in enumerate(body) if not line.strip()), len(body))]
        elif until < len(lines) and body and body[-1].strip().isdecimal():
            body.pop()
        while body and not body[-1].strip():
            body.pop()
        while body and not body[0].strip():
            body.pop(0)
        yield Block(start, end, settings, body)


def stamp(milliseconds: int, point: str) -> str:
    """Hours, minutes, seconds and, after ``point``, milliseconds."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"


def _times(line: str, number: int) -> tuple[int, int, str] | None:
    left, arrow, _ = line.partition("-->")
    if not arrow or not _BEGINS.match(left):
        return None
    found = _TIMES.fullmatch(line.strip())
    if not found:
        raise BadInput(f"line {number}: {line.strip()[:80]!r} should be like 00:00:01,500 --> 00:00:03,000; mend it")
    start, end = _milliseconds(*found.groups()[:4]), _milliseconds(*found.groups()[4:8])
    if not start <= end <= LATEST * 1000:
        raise BadInput(f"line {number}: {line.strip()[:80]!r} ends before it starts, or after 99:59:59; mend it")
    return start, end, found[9] or ""


def _milliseconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> int:
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(fraction.ljust(3, "0"))
