"""Transcripts written as files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec

from mediarack.errors import BadInput
from mediarack.output import replacing
from mediarack.subtitles.cues import Layout, cues
from mediarack.transcript import Transcript

FORMATS = ("srt", "txt", "json")
JSON_SCHEMA = 1
"""Of transcript files and of the CLI's --json; raised when a key changes its meaning or goes."""


def write_transcript(
    transcript: Transcript, target: str | os.PathLike[str], *, format: str | None = None, layout: Layout | None = None
) -> Path:
    """Write srt, txt or json, by ``format`` or the target's suffix, in UTF-8, replacing an existing file."""
    path = Path(target)
    text = render(transcript, format or path.suffix.lstrip(".").lower(), layout)
    with replacing(path) as aside:
        # A path in the provenance may be no UTF-8; the escape is also JSON's.
        aside.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    return path


def render(transcript: Transcript, format: str, layout: Layout | None = None) -> str:
    """The transcript as text of that format: "txt" has a segment per line, "json" everything that is known."""
    if format == "srt":
        return _srt(transcript, layout)
    if format == "txt":
        return "".join(f"{segment.text}\n" for segment in transcript.segments)
    if format == "json":
        return json.dumps(as_data(transcript), indent=2, ensure_ascii=False) + "\n"
    raise BadInput(f"cannot write a transcript as {format!r}: the formats are {', '.join(FORMATS)}")


def as_data(transcript: Transcript) -> dict[str, Any]:
    """The transcript as JSON has it."""
    return {
        "schema": JSON_SCHEMA,
        **msgspec.to_builtins(transcript.info),
        "text": transcript.text,
        "segments": msgspec.to_builtins(transcript.segments),
        "provenance": msgspec.to_builtins(transcript.provenance),
    }


def _srt(transcript: Transcript, layout: Layout | None) -> str:
    import pysubs2

    file = pysubs2.SSAFile()
    for cue in cues(transcript, layout):
        start, end = (round(seconds * 1000) for seconds in (cue.start, cue.end))
        file.append(pysubs2.SSAEvent(start=start, end=end, text=r"\N".join(cue.lines)))
    # With its tags kept: otherwise braces in what was said are taken for ASS tags and vanish.
    return file.to_string("srt", keep_ssa_tags=True)
