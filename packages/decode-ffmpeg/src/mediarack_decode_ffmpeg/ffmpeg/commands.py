"""Argument lists, put together with the library ffmpeg-python; processes are started elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ffmpeg

from mediarack.plugin import MAX_PIXELS
from mediarack_decode_ffmpeg.ffmpeg.binary import Binary
from mediarack_decode_ffmpeg.ffmpeg.sources import Opened

Node = Any
"""A node of ffmpeg-python, which has no types."""
_INPUT, _OUTPUT = "mediarack-input", "mediarack-output"
"""Stand for the real names, which ffmpeg-python could not take if they are no UTF-8."""
_LONGEST_ARGUMENT = 20_000
"""Characters; Windows takes 32,767 for a whole command line, Linux 131,072 for one argument."""


def media_input(binary: Binary, opened: Opened, demuxer: str | None, **options: Any) -> Node:
    """What is read: only by demuxers that open nothing else, only over the source's own protocols."""
    limits = {
        "format_whitelist": binary.demuxers,
        "protocol_whitelist": opened.protocols,
        "max_pixels": MAX_PIXELS,
        **dict(opened.options),
    }
    return ffmpeg.input(_INPUT, **limits, **({"f": demuxer} if demuxer else {}), **options)


def samples_input(sample_format: str, rate: int, channels: int) -> Node:
    """Interleaved samples ("f32le", ...) from standard input."""
    return ffmpeg.input("pipe:0", f=sample_format, ar=rate, ac=channels)


def pictures_input(pixel_format: str, width: int, height: int) -> Node:
    """Raw pictures ("rgb24", ...) from standard input."""
    return ffmpeg.input("pipe:0", f="rawvideo", pix_fmt=pixel_format, s=f"{width}x{height}", r=1)


def to_pipe(stream: Node, **options: Any) -> Node:
    return ffmpeg.output(stream, "pipe:1", **options)


def to_file(stream: Node, **options: Any) -> Node:
    return ffmpeg.output(stream, _OUTPUT, **options)


@contextmanager
def compiled(
    binary: Binary,
    output: Node,
    *,
    opened: Opened | None = None,
    target: Path | None = None,
    loglevel: str = "info",
    further: Sequence[str] = (),
) -> Iterator[list[str]]:
    """The argument list. A filter graph too long for one is read from a file that goes when the block ends."""
    before = ["-nostdin", "-hide_banner", "-nostats", "-loglevel", f"repeat+{loglevel}", *further]
    arguments: list[str] = ffmpeg.compile(output, cmd=[binary.path, *before], overwrite_output=target is not None)
    names = {_INPUT: opened.address if opened else "", _OUTPUT: f"file:{target}"}
    arguments = [names.get(argument, argument) for argument in arguments]
    long = [n for n, argument in enumerate(arguments) if len(argument) > _LONGEST_ARGUMENT]
    if not long:
        yield arguments
        return
    (at,) = long
    assert arguments[at - 1] == "-filter_complex"
    with tempfile.TemporaryDirectory(prefix="mediarack-") as directory:
        graph = Path(directory, "graph.txt")
        graph.write_text(arguments[at], encoding="utf-8")
        yield [*arguments[: at - 1], binary.graph_file, str(graph), *arguments[at + 1 :]]
