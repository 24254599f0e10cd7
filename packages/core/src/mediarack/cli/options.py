"""The options that several commands share."""

from __future__ import annotations

import difflib
import importlib
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mediarack.cli.terminal import settings
from mediarack.errors import BadInput
from mediarack.sources import Url
from mediarack.subtitles import Layout

if TYPE_CHECKING:
    from mediarack.registry import Registry


def _set(name: str) -> Any:
    def callback(value: bool) -> bool:
        setattr(settings, name, value)
        return value

    return callback


def media_source(text: str) -> Path | Url:
    """A path or an address; which addresses are allowed is for the call to say."""
    return Url(text) if "://" in text else Path(text)


Source = Annotated[
    Any,
    typer.Argument(metavar="FILE", help="A media file, or its http address.", parser=media_source, show_default=False),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on stdout.", callback=_set("json"), is_eager=True)
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no messages.", callback=_set("quiet"))]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of an error.", callback=_set("debug"), is_eager=True)
]
BackendName = Annotated[str | None, typer.Option("--backend", "-b", help="Use this backend (see: mediarack backends).")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads; default: what this process may use.")]
Deadline = Annotated[float | None, typer.Option(help="Give up after this many seconds.")]
EngineOptions = Annotated[
    list[str] | None,
    typer.Option("--option", "-O", metavar="KEY=VALUE", help="An engine's own option (needs --backend); repeat."),
]
Start = Annotated[float, typer.Option(help="Seconds from the beginning.")]
End = Annotated[float | None, typer.Option(help="Seconds from the beginning; default: all.")]
OutputDir = Annotated[Path, typer.Option("--output-dir", "-o", help="Where the files go.")]

_CUES = "Cues"
MaxLineChars = Annotated[
    int | None,
    typer.Option(rich_help_panel=_CUES, help="Width of a line; full-width characters count 2. Default: 42.", min=1),
]
MaxLines = Annotated[int | None, typer.Option(rich_help_panel=_CUES, help="Lines of a cue. Default: 2.", min=1)]
MaxSeconds = Annotated[float | None, typer.Option(rich_help_panel=_CUES, help="Longest cue. Default: 7.")]
MinSeconds = Annotated[
    float | None, typer.Option(rich_help_panel=_CUES, help="Shortest, if there is room. Default: 1.")
]
MaxCharsPerSecond = Annotated[float | None, typer.Option(rich_help_panel=_CUES, help="Reading speed. Default: 17.")]
Pause = Annotated[float | None, typer.Option(rich_help_panel=_CUES, help="Seconds that end a cue. Default: 1.")]
MinGap = Annotated[float | None, typer.Option(rich_help_panel=_CUES, help="Seconds between cues. Default: 0.")]


def layout_of(**limits: float | None) -> Layout | None:
    """The layout with the limits that were given; None where none was."""
    given: dict[str, Any] = {name: value for name, value in limits.items() if value is not None}
    return Layout(**given) if given else None


def engine_options(registry: Registry, capability: str, backend: str | None, pairs: list[str] | None) -> Any:
    """The backend's options struct from ``-O key=value``; values are read as the option's type."""
    if not pairs:
        return None
    if backend is None:
        raise BadInput("-O goes with --backend: an option belongs to one engine")
    owner = next(
        (b.spec.options for b in registry.backends if b.spec.capability == capability and b.spec.name == backend), None
    )
    if owner is None:
        raise BadInput(f"the {capability} backend {backend!r} is not installed or has no options of its own")
    module, _, name = owner.partition(":")
    kind = getattr(importlib.import_module(module), name)
    types = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise BadInput(f"-O {pair}: write KEY=VALUE")
        if key not in types:
            close = difflib.get_close_matches(key, types, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise BadInput(f"-O {pair}: {backend} has no option {key!r} (it has {', '.join(types)}){hint}")
        values[key] = _value(pair, text, types[key])
    return kind(**values)


def _value(pair: str, text: str, kind: Any) -> Any:
    """``text`` as the option's type; a sequence is written with commas."""
    import msgspec

    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as error:
        try:
            return msgspec.convert([part for part in text.split(",") if part], kind, strict=False)
        except msgspec.ValidationError:
            raise BadInput(f"-O {pair}: {error}") from error
