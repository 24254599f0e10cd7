"""``mediarack convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mediarack.cli.options import (
    Debug,
    Json,
    MaxCharsPerSecond,
    MaxLineChars,
    MaxLines,
    MaxSeconds,
    MinGap,
    MinSeconds,
    Pause,
    Quiet,
    layout_of,
)
from mediarack.cli.terminal import print_json
from mediarack.subtitles import FORMATS, convert_subtitles

_FORMATS = ", ".join(FORMATS)


def convert(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="Subtitles, or a transcript in JSON.", show_default=False)
    ],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.", show_default=False)],
    from_format: Annotated[
        str | None, typer.Option("--from", metavar="FORMAT", help=f"{_FORMATS}; default: by the suffix.")
    ] = None,
    to_format: Annotated[
        str | None, typer.Option("--to", metavar="FORMAT", help=f"{_FORMATS}; default: by the suffix.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Of IN, such as cp1252; default: UTF-8, or UTF-16.")] = None,
    max_line_chars: MaxLineChars = None,
    max_lines: MaxLines = None,
    max_seconds: MaxSeconds = None,
    min_seconds: MinSeconds = None,
    max_chars_per_second: MaxCharsPerSecond = None,
    pause: Pause = None,
    min_gap: MinGap = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write subtitles as another format. Cues stay as they are, unless an option for cues asks for others."""
    written = convert_subtitles(
        source,
        target,
        from_format=from_format,
        to_format=to_format,
        encoding=encoding,
        layout=layout_of(
            max_line_chars=max_line_chars,
            max_lines=max_lines,
            max_seconds=max_seconds,
            min_seconds=min_seconds,
            max_chars_per_second=max_chars_per_second,
            pause=pause,
            min_gap=min_gap,
        ),
    )
    if json:
        print_json({"file": str(source), "written": str(written)})
    else:
        typer.echo(written)
