"""``mediarack transcribe``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mediarack.cli.options import (
    BackendName,
    Deadline,
    Debug,
    Device,
    EngineOptions,
    Json,
    MaxCharsPerSecond,
    MaxLineChars,
    MaxLines,
    MaxSeconds,
    MinGap,
    MinSeconds,
    OutputDir,
    Pause,
    Quiet,
    Threads,
    engine_options,
    layout_of,
    media_source,
)
from mediarack.cli.terminal import calling, console, error_data, exit_code, fail, print_json, settings
from mediarack.errors import BadInput, Cancelled, MediarackError
from mediarack.output import check_not_source, check_target
from mediarack.provenance import Provenance
from mediarack.rack import Rack
from mediarack.sources import Url
from mediarack.subtitles import FORMATS, write_transcript
from mediarack.subtitles.formats import as_data
from mediarack.transcript import Transcript


def transcribe(
    sources: Annotated[
        list[Any],
        typer.Argument(
            metavar="FILE...", help="Media files, or http addresses.", parser=media_source, show_default=False
        ),
    ],
    output_dir: OutputDir = Path(),
    format: Annotated[
        list[str] | None, typer.Option("--format", "-f", help=f"{', '.join(FORMATS)}; repeat. Default: srt.")
    ] = None,
    language: Annotated[str, typer.Option("--language", "-l", help="Name or code; auto detects it.")] = "auto",
    translate: Annotated[bool, typer.Option("--translate", help="Into English.")] = False,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Name, hub id or directory.")] = None,
    word_times: Annotated[bool, typer.Option(help="Time each word: better cues, a little slower.")] = True,
    vad: Annotated[bool, typer.Option(help="Skip what is not speech.")] = True,
    initial_prompt: Annotated[str | None, typer.Option(help="Text that steers spelling and style.")] = None,
    separate: Annotated[
        str | None, typer.Option(metavar="STEM", help="Take this out of the sound first: speech (away from noise).")
    ] = None,
    stream: Annotated[int | None, typer.Option(help="Index of the audio stream (see: probe).")] = None,
    max_line_chars: MaxLineChars = None,
    max_lines: MaxLines = None,
    max_seconds: MaxSeconds = None,
    min_seconds: MinSeconds = None,
    max_chars_per_second: MaxCharsPerSecond = None,
    pause: Pause = None,
    min_gap: MinGap = None,
    backend: BackendName = None,
    options: EngineOptions = None,
    device: Device = "auto",
    threads: Threads = None,
    deadline: Deadline = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what ran where, and why not others.")] = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write what is said in media files as subtitles, text or JSON. Naming --backend lets it download its model."""
    formats = format or ([] if json else ["srt"])
    sources = list(dict.fromkeys(sources))
    targets = _targets(sources, output_dir, formats)
    layout = layout_of(
        max_line_chars=max_line_chars,
        max_lines=max_lines,
        max_seconds=max_seconds,
        min_seconds=min_seconds,
        max_chars_per_second=max_chars_per_second,
        pause=pause,
        min_gap=min_gap,
    )
    results: list[dict[str, Any]] = []
    failed = 0
    with Rack() as rack:
        arguments = {
            "language": language,
            "task": "translate" if translate else "transcribe",
            "model": model,
            "word_times": word_times,
            "vad": vad,
            "initial_prompt": initial_prompt,
            "separate": separate,
            "stream": stream,
            "options": engine_options(rack.registry, "transcribe", backend, options),
        }
        for source in sources:
            how_to = {"backend": backend, "device": device, "threads": threads, "deadline": deadline}
            try:
                with calling(source.name, **how_to) as how:
                    transcript = rack.transcribe(source, **arguments, **how)
                for target in targets[source]:
                    write_transcript(transcript, target, layout=layout)
            except MediarackError as error:
                if len(sources) == 1 or isinstance(error, Cancelled):
                    raise
                failed = failed or exit_code(error)
                results.append({"file": str(source), "error": error_data(error)})
                if not json:
                    fail(error)
                continue
            written = [str(target) for target in targets[source]]
            results.append({"file": str(source), **as_data(transcript), "written": written})
            if not json:
                _told(transcript, targets[source], verbose)
    if json:
        print_json(results[0] if len(sources) == 1 else results)
    if failed:
        raise typer.Exit(failed)


def _targets(sources: list[Path | Url], output_dir: Path, formats: list[str]) -> dict[Path | Url, list[Path]]:
    """Where each source's files go; told before any work if they cannot be written or would overwrite one another."""
    if unknown := sorted(set(formats) - set(FORMATS)):
        raise BadInput(f"--format {', '.join(unknown)}: the formats are {', '.join(FORMATS)}")
    owner: dict[str, Path | Url] = {}
    for source in sources:
        if (other := owner.setdefault(source.stem, source)) != source and formats:
            raise BadInput(f"{other} and {source} would both be written as {source.stem}.{formats[0]}: do them apart")
    targets = {source: [output_dir / f"{source.stem}.{format}" for format in formats] for source in sources}
    for target in (target for those in targets.values() for target in those):
        check_target(target)
        for source in sources:
            check_not_source(source, target)
    return targets


def _told(transcript: Transcript, written: list[Path], verbose: bool) -> None:
    for path in written:
        typer.echo(path)
    if verbose and not settings.quiet:
        out = console()
        for line in _account(transcript.provenance):
            out.print(line, markup=False)


def _account(provenance: Provenance, indent: str = "") -> list[str]:
    """What ran where, and why not others."""
    details = "".join(f", {key} {value}" for key, value in provenance.details.items())
    lines = [
        f"{indent}{provenance.capability}: {provenance.backend} ({provenance.engine} {provenance.engine_version}) "
        f"in the {provenance.placement} process on {provenance.device}, {provenance.threads} threads, "
        f"{provenance.seconds:.2f} s{details}"
    ]
    lines += [f"{indent}  not {reason}" for reason in provenance.passed_over]
    for call in provenance.calls:
        lines += _account(call, indent + "  ")
    return lines
