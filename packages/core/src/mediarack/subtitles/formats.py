"""Transcripts and cues as the text of files, and back."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from mediarack.errors import BadInput, NotMedia
from mediarack.provenance import Provenance
from mediarack.subtitles.cues import Cue, Layout, cues, in_order
from mediarack.subtitles.wrapping import Piece, one_line
from mediarack.transcript import Segment, SpeechInfo, Transcript

FORMATS = ("srt", "vtt", "ass", "txt", "tsv", "json")
"""SubRip, WebVTT, Advanced SubStation Alpha v4+, text alone, Whisper's tab-separated values, and all that is known."""
JSON_SCHEMA = 1
"""Of transcript files and of the CLI's --json; raised when a key changes its meaning or goes."""
_TSV_HEADER = "start\tend\ttext"

logger = logging.getLogger(__name__)


def check_format(format: str) -> str:
    if format not in FORMATS:
        raise BadInput(f"{format!r} is no format of transcripts or subtitles: they are {', '.join(FORMATS)}")
    return format


def render(transcript: Transcript, format: str, layout: Layout | None = None) -> str:
    """The transcript as text of that format.

    "srt", "vtt" and "ass" have cues, laid out by ``layout``; "txt" has a segment per line; "tsv" too, with its start
    and end in milliseconds, as Whisper writes it; "json" has everything that is known.
    """
    if check_format(format) == "txt":
        return "".join(f"{segment.text}\n" for segment in transcript.segments)
    if format == "tsv":
        phrases = [[Piece(segment.start, segment.end, segment.text, True)] for segment in transcript.segments]
        return _tsv((piece.start, piece.end, piece.text) for (piece,) in in_order(phrases))
    if format == "json":
        return json.dumps(as_data(transcript), indent=2, ensure_ascii=False) + "\n"
    return render_cues(cues(transcript, layout), format)


def render_cues(shown: Sequence[Cue], format: str) -> str:
    """Cues as text of that format. What it cannot hold is told by a warning."""
    if check_format(format) == "txt":
        return "".join(f"{line}\n" for cue in shown for line in cue.lines)
    if format == "tsv":
        if changed := sum(
            len(cue.lines) > 1 or any(re.search(r"[\t\r\n]", line) for line in cue.lines) for cue in shown
        ):
            logger.warning("tsv has one line a cue: line breaks and tabs became spaces in %d cues", changed)
        return _tsv((cue.start, cue.end, one_line(cue.lines)) for cue in shown)
    if format == "json":
        data = {"schema": JSON_SCHEMA, "cues": msgspec.to_builtins(shown)}
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    from mediarack.subtitles.scripts import dump, script_of

    return dump(script_of(shown), format)


def as_data(transcript: Transcript) -> dict[str, Any]:
    """The transcript as JSON has it."""
    return {
        "schema": JSON_SCHEMA,
        **msgspec.to_builtins(transcript.info),
        "text": transcript.text,
        "segments": msgspec.to_builtins(transcript.segments),
        "provenance": msgspec.to_builtins(transcript.provenance),
    }


def parse_json(text: str) -> Transcript | tuple[Cue, ...]:
    """What ``render`` or ``render_cues`` wrote as JSON. Raises BadInput."""
    try:
        data = msgspec.json.decode(text, type=dict[str, Any])
        if not data.keys() & {"cues", "segments"} or "schema" not in data:
            raise NotMedia(
                "it is no transcript or subtitles of mediarack: it has no 'schema' with 'segments' or 'cues'"
            )
        if data["schema"] != JSON_SCHEMA:
            raise BadInput(f"it has schema {data['schema']!r}: this mediarack reads {JSON_SCHEMA}; update mediarack")
        if "cues" in data:
            return msgspec.convert(data["cues"], tuple[Cue, ...])
        return Transcript(
            info=msgspec.convert(data, SpeechInfo),
            segments=msgspec.convert(data["segments"], tuple[Segment, ...]),
            provenance=msgspec.convert(data.get("provenance"), Provenance),
        )
    except msgspec.ValidationError as error:
        raise BadInput(f"it is no transcript or subtitles of mediarack: {error}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadInput(f"it is no JSON: {error}") from error


def parse_tsv(text: str) -> tuple[Cue, ...]:
    """The rows of Whisper's tsv. Raises BadInput with the line's number."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or (number == 1 and line.strip() == _TSV_HEADER):
            continue
        row = re.fullmatch(r"([0-9]{1,10})\t([0-9]{1,10})\t(.*)", line)
        if not row:
            raise BadInput(
                f"line {number}: {line[:80]!r} is not start and end in milliseconds and text, parted by tabs"
            )
        if row[3].strip():
            found.append(Cue(start=int(row[1]) / 1000, end=int(row[2]) / 1000, lines=(row[3].strip(),)))
    return tuple(found)


def _tsv(rows: Iterable[tuple[float, float, str]]) -> str:
    return f"{_TSV_HEADER}\n" + "".join(
        f"{round(start * 1000)}\t{round(end * 1000)}\t{' '.join(text.split())}\n" for start, end, text in rows
    )
