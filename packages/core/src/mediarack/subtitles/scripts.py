"""Subtitle files with markup: SubRip, WebVTT and ASS, between which styles are kept as far as both have them."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pysubs2 import SSAEvent, SSAFile, SSAStyle

from mediarack.errors import BadInput, NotMedia
from mediarack.subtitles.cues import Cue
from mediarack.subtitles.markup import STYLES, escaped, from_srt, from_vtt, plain, tags, to_srt, to_vtt
from mediarack.subtitles.timed import Block, blocks, stamp

SCRIPTS = ("srt", "vtt", "ass")
_KEPT = {"srt": STYLES | {"an", "r"}, "vtt": STYLES - {"s"} | {"r"}}
"""ASS tags that a format has too."""
_ASS_ORDER = {
    "Style": "name,fontname,fontsize,primarycolour,secondarycolour,outlinecolour,backcolour,bold,italic,underline,"
    "strikeout,scalex,scaley,spacing,angle,borderstyle,outline,shadow,alignment,marginl,marginr,marginv,encoding",
    "Event": "layer,start,end,style,name,marginl,marginr,marginv,effect,text",
}
_ASS_LATEST = 10 * 3600 * 1000 - 10
"""Milliseconds: ASS writes hours with one digit."""
_AUTOMATIC_DIRECTION = -1
"""The ``Encoding`` of a style by which libass takes each line's direction from its text instead of left to right."""


@dataclass(frozen=True)
class Script:
    """What a file holds, as ASS has it; ``left_out`` names what reading could not take over."""

    file: SSAFile
    left_out: frozenset[str] = frozenset()


def script_of(cues: Iterable[Cue]) -> Script:
    file = SSAFile()
    for cue in cues:
        text = re.sub(r"\r\n?", "\n", "\n".join(cue.lines))
        lines = "\n".join(line.strip() for line in text.split("\n"))
        file.append(SSAEvent(start=round(cue.start * 1000), end=round(cue.end * 1000), text=escaped(lines)))
    return Script(file)


def cues_of(script: Script) -> tuple[Cue, ...]:
    """The plain text, in the order of the file."""
    return tuple(
        Cue(
            start=event.start / 1000,
            end=event.end / 1000,
            lines=tuple(line.strip() for line in plain(event.text).split("\n")),
        )
        for event in _shown(script.file)
    )


def parse(text: str, format: str) -> Script:
    """The script in the text of a file, whose lines end with newlines. Raises BadInput and NotMedia."""
    return {"srt": _parse_srt, "vtt": _parse_vtt, "ass": _parse_ass}[format](text)


def dump(script: Script, format: str) -> str:
    """The script as the text of a file."""
    if format == "ass":
        return _dump_ass(script.file)
    events = [(event, _base(script.file, event)) for event in _shown(script.file)]
    if format == "srt":
        return "".join(
            f"{number}\n{stamp(event.start, ',')} --> {stamp(event.end, ',')}\n{to_srt(event.text, base)}\n\n"
            for number, (event, base) in enumerate(events, 1)
        )
    events.sort(key=lambda pair: pair[0].start)  # as the standard demands
    return "WEBVTT\n\n" + "".join(
        f"{stamp(event.start, '.')} --> {stamp(event.end, '.')}\n{to_vtt(event.text, base)}\n\n"
        for event, base in events
    )


def lost(script: Script, format: str) -> list[str]:
    """Names of what the script has and a file of that format cannot hold."""
    names = set(script.left_out)
    if format == "ass":
        return sorted(names)
    kept = _KEPT.get(format, frozenset({"r"}))
    shown = list(_shown(script.file))
    names |= {f"\\{tag}" for event in shown for tag in tags(event.text) - kept}
    names |= {f"style {name!r}" for name in {event.style for event in shown} if _styled(script.file, name, kept)}
    if any(event.name for event in shown):
        names.add("speakers' names")
    if any(event.marginl or event.marginr or event.marginv for event in shown):
        names.add("margins")
    if any(event.effect for event in shown):
        names.add("effects")
    if script.file.fonts_opaque or script.file.graphics_opaque:
        names.add("embedded files")
    if any(event.is_comment for event in script.file):
        names.add("comments")
    return sorted(names)


def _shown(file: SSAFile) -> Iterator[SSAEvent]:
    return (event for event in file if not event.is_comment and plain(event.text).strip())


def _styled(file: SSAFile, name: str, kept: frozenset[str]) -> bool:
    """Whether a style is more than the default one and what ``kept`` tags can say."""
    style, default = file.styles.get(name, SSAStyle()).copy(), SSAStyle()
    for flag, tag in {"bold": "b", "italic": "i", "underline": "u", "strikeout": "s"}.items():
        if tag in kept:
            setattr(style, flag, getattr(default, flag))
    default.encoding = style.encoding  # no look of its own
    return style != default


def _base(file: SSAFile, event: SSAEvent) -> frozenset[str]:
    style = file.styles.get(event.style, SSAStyle())
    flags = {"b": style.bold, "i": style.italic, "u": style.underline, "s": style.strikeout}
    return frozenset(name for name, on in flags.items() if on)


def _parse_srt(text: str) -> Script:
    if text.startswith("WEBVTT"):
        raise BadInput("it is WebVTT: give 'vtt' as the format")
    found = list(blocks(text, blank_ends=False))
    if text.strip() and not found:
        raise NotMedia("it has no cue: no line is like 00:00:01,500 --> 00:00:03,000")
    return _of_blocks(found, from_srt)


def _parse_vtt(text: str) -> Script:
    if not re.match(r"WEBVTT(?:[ \t\n]|$)", text):
        raise NotMedia("it is no WebVTT: that begins with the line WEBVTT")
    found = list(blocks(text, blank_ends=True))
    left_out = {"positions"} if any(block.settings for block in found) else set()
    left_out |= {f"{name} blocks" for name in re.findall(r"(?<=\n\n)(STYLE|REGION)(?=[ \t]*\n)", text)}
    return _of_blocks(found, from_vtt, left_out)


def _of_blocks(
    found: Iterable[Block], markup: Callable[[list[str]], tuple[str, set[str]]], left_out: Iterable[str] = ()
) -> Script:
    file, lacking = SSAFile(), set(left_out)
    for block in found:
        text, lost_here = markup(block.lines)
        lacking |= lost_here
        file.append(SSAEvent(start=block.start, end=block.end, text=text))
    return Script(file, frozenset(lacking))


def _parse_ass(text: str) -> Script:
    if not re.search(r"^[ \t]*\[Events\]", text, re.MULTILINE):
        raise NotMedia("it is no ASS script: it has no section [Events]")
    for kind, order in _ASS_ORDER.items():
        for found in re.findall(rf"^Format:(.*,[ \t]*{order.rpartition(',')[2]})[ \t]*$", text, re.MULTILINE | re.I):
            if re.sub(r"\s", "", found).lower() != order:
                raise BadInput(f"its {kind} lines have other fields than ASS v4+ ({order}): save it as that first")
    try:
        with _root_logger_untouched():
            file = SSAFile.from_string(text, "ass")
    except (ValueError, TypeError, LookupError, RuntimeWarning) as error:
        raise BadInput(f"it is a broken ASS script: {error}") from error
    cues_of(Script(file))  # raises for times that no cue can have
    return Script(file)


@contextmanager
def _root_logger_untouched() -> Iterator[None]:
    """pysubs2 logs by logging.debug(), which gives the root logger a handler where it has none."""
    root, nothing = logging.getLogger(), logging.NullHandler()
    root.addHandler(nothing)
    try:
        yield
    finally:
        root.removeHandler(nothing)


def _dump_ass(file: SSAFile) -> str:
    for event in file:
        if not 0 <= event.start <= _ASS_LATEST or event.end > _ASS_LATEST:
            raise BadInput("ass has no times below 0 nor from 10 hours on: write srt or vtt, or cut the recording")
    if file.format != "ass" and any(_right_to_left(event.text) for event in file):
        for style in file.styles.values():
            style.encoding = _AUTOMATIC_DIRECTION
    return file.to_string("ass")


def _right_to_left(text: str) -> bool:
    return not text.isascii() and any(unicodedata.bidirectional(character) in {"R", "AL"} for character in text)
