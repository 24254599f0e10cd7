"""``mediarack separate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mediarack.cli.options import (
    BackendName,
    Deadline,
    Debug,
    Device,
    EngineOptions,
    Json,
    OutputDir,
    Quiet,
    Source,
    Threads,
    engine_options,
)
from mediarack.cli.terminal import calling, print_json
from mediarack.rack import Rack


def separate(
    source: Source,
    output_dir: OutputDir = Path(),
    stem: Annotated[
        list[str] | None, typer.Option("--stem", "-s", help="speech, rest (both by default); repeat.")
    ] = None,
    format: Annotated[str, typer.Option("--format", "-f", help="wav, flac, mp3, ogg, opus, m4a.")] = "wav",
    encoding: Annotated[str | None, typer.Option(help="Of wav and flac: s16 (default), s24, float32.")] = None,
    bit_rate: Annotated[int | None, typer.Option(help="Bits per second, for mp3, ogg, opus, m4a.")] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Name, hub id or directory.")] = None,
    stream: Annotated[int | None, typer.Option(help="Index of the audio stream (see: probe).")] = None,
    backend: BackendName = None,
    options: EngineOptions = None,
    device: Device = "auto",
    threads: Threads = None,
    deadline: Deadline = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Take the sound of a media file apart, into files named after it and the stem: talk.speech.wav, talk.rest.wav."""
    stems = stem or ["speech", "rest"]
    targets = {name: output_dir / f"{source.stem}.{name}.{format}" for name in dict.fromkeys(stems)}
    with (
        Rack() as rack,
        calling(source.name, backend=backend, device=device, threads=threads, deadline=deadline) as how,
    ):
        rack.extract_stems(
            source,
            targets,
            model=model,
            encoding=encoding,  # type: ignore[arg-type]
            bit_rate=bit_rate,
            stream=stream,
            options=engine_options(rack.registry, "separate", backend, options),
            **how,
        )
    if json:
        print_json({"written": {name: str(path) for name, path in targets.items()}})
    else:
        for path in targets.values():
            typer.echo(path)
