"""Files of transcripts and subtitles, read, written and converted."""

from __future__ import annotations

import codecs
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mediarack.errors import BadInput, NotMedia
from mediarack.output import check_not_source, check_target, replacing
from mediarack.sources import check_source
from mediarack.subtitles.cues import Cue, Layout, cues, laid_out
from mediarack.subtitles.formats import FORMATS, check_format, parse_json, parse_tsv, render, render_cues
from mediarack.transcript import Transcript

if TYPE_CHECKING:
    from mediarack.subtitles.scripts import Script

MAX_BYTES = 64 * 2**20
"""Of a file that is read: a transcript of 24 hours with its word times is a third of that."""
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

StrPath = str | os.PathLike[str]
logger = logging.getLogger(__name__)


def write_transcript(
    transcript: Transcript, target: StrPath, *, format: str | None = None, layout: Layout | None = None
) -> Path:
    """Write the transcript in UTF-8, by ``format`` or the target's suffix, replacing an existing file.

    srt, vtt and ass have cues, laid out by ``layout``; txt and tsv have a line per segment; json has everything.
    """
    path = Path(target)
    chosen = _format(path, format)
    return _write(path, chosen, render(transcript, chosen, layout))


def read_transcript(source: StrPath) -> Transcript:
    """The transcript that ``write_transcript`` wrote as JSON. Raises BadInput."""
    held = _read(Path(source), "json", None)
    if not isinstance(held, Transcript):
        raise BadInput(f"{os.fspath(source)!r} holds cues and no transcript: read_subtitles reads it")
    return held


def read_subtitles(source: StrPath, format: str | None = None, *, encoding: str | None = None) -> tuple[Cue, ...]:
    """The cues of an srt, vtt, ass, tsv or json file, in its order, as plain text: markup and comments are left out.

    ``format``: where the suffix does not say it. A transcript in JSON is laid out with the default Layout. Without
    ``encoding`` the file is UTF-8, or UTF-16 with a byte order mark. Raises BadInput for what is none of these, holds
    times that cannot be, or is larger than 64 MiB.
    """
    return _cues(_read(Path(source), _format(Path(source), format), encoding))


def write_subtitles(shown: Iterable[Cue], target: StrPath, format: str | None = None) -> Path:
    """Write cues in UTF-8, by ``format`` or the target's suffix, replacing an existing file.

    Space around a line is not kept. Times are kept to the millisecond, in ass to the hundredth of a second, in json
    exactly. tsv has no line breaks and txt no times. Raises BadInput for what the format cannot hold.
    """
    path = Path(target)
    chosen = _format(path, format)
    return _write(path, chosen, render_cues(tuple(shown), chosen))


def convert_subtitles(
    source: StrPath,
    target: StrPath,
    *,
    from_format: str | None = None,
    to_format: str | None = None,
    encoding: str | None = None,
    layout: Layout | None = None,
) -> Path:
    """Write the subtitles of one file as another format (by the suffixes, where no format is given).

    Cues stay as they are; with ``layout`` they are laid out anew. A transcript in JSON is laid out by its words. srt,
    vtt and ass keep the markup that both have, ass to ass all of it; what is lost is told by one warning. ``encoding``
    as in ``read_subtitles``. Raises BadInput and OutputError.
    """
    old, new = Path(source), Path(target)
    old_format, new_format = _format(old, from_format), _format(new, to_format)
    check_target(new)
    check_not_source(old, new)
    held = _read(old, old_format, encoding)
    missing: list[str] = []
    try:
        if isinstance(held, Transcript):
            text = render(held, new_format, layout)
        elif isinstance(held, tuple):
            text = render_cues(laid_out(held, layout) if layout else held, new_format)
        else:
            from mediarack.subtitles.scripts import SCRIPTS, dump, lost

            if layout is None and new_format in SCRIPTS:
                text, missing = dump(held, new_format), lost(held, new_format)
            else:
                plain = _cues(held)
                text, missing = render_cues(laid_out(plain, layout) if layout else plain, new_format), lost(held, "")
    except BadInput as error:
        raise type(error)(f"{str(old)!r}: {error}") from error
    if missing:
        logger.warning("%s is without what %s has beyond its text: %s", new, old, ", ".join(missing))
    return _write(new, new_format, text)


def _format(path: Path, format: str | None) -> str:
    if format is not None:
        return check_format(format)
    suffix = path.suffix.lstrip(".").lower()
    if suffix not in FORMATS:
        raise BadInput(f"{str(path)!r}: its suffix is none of {', '.join(FORMATS)}; name the format")
    return suffix


def _read(path: Path, format: str, encoding: str | None) -> Transcript | Script | tuple[Cue, ...]:
    if format == "txt":
        raise BadInput(
            f"{str(path)!r}: txt has no times, so it cannot be read as subtitles; give srt, vtt, ass or json"
        )
    text = _text(path, encoding)
    try:
        if format == "json":
            return parse_json(text)
        if format == "tsv":
            return parse_tsv(text)
        from mediarack.subtitles.scripts import parse

        return parse(text, format)
    except BadInput as error:
        raise type(error)(f"{str(path)!r} cannot be read as {format}: {error}") from error


def _cues(held: Transcript | Script | tuple[Cue, ...]) -> tuple[Cue, ...]:
    if isinstance(held, Transcript):
        return tuple(cues(held))
    if isinstance(held, tuple):
        return held
    from mediarack.subtitles.scripts import cues_of

    return cues_of(held)


def _text(path: Path, encoding: str | None) -> str:
    """The file's text, its lines ended by newlines alone."""
    if path.is_file() and path.stat().st_size == 0:
        return ""  # subtitles of a recording in which nothing is said
    check_source(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"cannot read {str(path)!r}: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise BadInput(f"{str(path)!r} is larger than {MAX_BYTES // 2**20} MiB: that is no file of subtitles; split it")
    marked = next((name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding or marked)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{str(path)!r} is not {encoding or marked.upper()} (byte {error.start}): "
            "name its encoding (such as cp1252), or convert it to UTF-8"
        ) from error
    except LookupError as error:
        raise BadInput(f"encoding {encoding!r} is none that Python knows: {error}") from error
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise NotMedia(f"{str(path)!r} is no text: it has bytes of 0")
    return text


def _write(path: Path, format: str, text: str) -> Path:
    # A path in a transcript's provenance may be no UTF-8; the escape is also JSON's.
    errors = "backslashreplace" if format == "json" else "strict"
    try:
        data = text.encode("utf-8", errors)
    except UnicodeEncodeError as error:
        raise BadInput(f"the text has half a character ({text[error.start]!r}), which no file can hold") from error
    if "\0" in text:
        raise BadInput("the text has a character of code 0, which no reader takes for text; leave it out")
    with replacing(path) as aside:
        aside.write_bytes(data)
    return path
