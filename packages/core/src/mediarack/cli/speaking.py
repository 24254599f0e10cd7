"""``mediarack speak``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
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
    Quiet,
    Threads,
    engine_options,
)
from mediarack.cli.terminal import calling, print_json
from mediarack.errors import BadInput
from mediarack.media import Audio, AudioHeader, Stream
from mediarack.output import check_apart, check_not_source, check_target, replacing
from mediarack.provenance import Provenance
from mediarack.rack import Rack
from mediarack.sources import check_source
from mediarack.subtitles import write_transcript
from mediarack.transcript import Segment, SpeechHeader, SpeechInfo, Spoken, Transcript
from mediarack.writing import audio_request


def speak(
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="What to say; - reads it from stdin.", show_default=False)
    ] = None,
    target: Annotated[
        Path | None, typer.Argument(metavar="[OUTPUT]", help="Default: speech.wav; the suffix is the format.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="A text file (UTF-8) to read instead of TEXT.")
    ] = None,
    voice: Annotated[str | None, typer.Option(help="A voice of the backend's; default: its first.")] = None,
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="Name or code; default: the voice's.")
    ] = None,
    speed: Annotated[float, typer.Option(help="1 is the voice's own pace, 2 twice as fast.")] = 1.0,
    seed: Annotated[int | None, typer.Option(help="The same text and seed give the same samples.")] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Name, hub id or directory.")] = None,
    subtitles: Annotated[bool, typer.Option("--subtitles", help="Write OUTPUT's name with .srt too.")] = False,
    backend: BackendName = None,
    options: EngineOptions = None,
    device: Device = "auto",
    threads: Threads = None,
    deadline: Deadline = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Say a text. With --file, the one argument is OUTPUT."""
    if file is not None and text is not None:
        if target is not None:
            raise BadInput(f"both TEXT and --file {file} were given: give one of them")
        target, text = Path(text), None
    target = target or Path("speech.wav")
    spoken = _text(text, file)
    captions = target.with_suffix(".srt") if subtitles else None
    _check(target, captions, file)
    with (
        Rack() as rack,
        calling("speech", backend=backend, device=device, threads=threads, deadline=deadline) as how,
        ExitStack() as stack,
    ):
        parts = stack.enter_context(
            rack.iter_speech(
                spoken,
                voice=voice,
                language=language,
                speed=speed,
                seed=seed,
                model=model,
                options=engine_options(rack.registry, "speak", backend, options),
                **how,
            )
        )
        segments: list[Segment] = []
        aside = stack.enter_context(replacing(target))
        rack.calls.perform(audio_request(target, aside), _sound(parts, segments), {"cancel": how["cancel"]})
        assert parts.provenance is not None
        record = parts.provenance
    written = [target]
    if captions is not None:
        write_transcript(_transcript(parts.header, segments, record), captions)
        written.append(captions)
    if json:
        print_json(_data(parts.header, segments, record, written))
    else:
        for path in written:
            typer.echo(path)


MAX_BYTES = 16 * 2**20
"""Of a text: about 200 hours of speech."""


def _text(text: str | None, file: Path | None) -> str:
    if file is not None:
        check_source(file)  # a directory, device or pipe is told
        with file.open("rb") as opened:
            return _decoded(opened.read(MAX_BYTES + 1), repr(str(file)))
    if text == "-":
        return _decoded(sys.stdin.buffer.read(MAX_BYTES + 1), "stdin")
    if text is None:
        raise BadInput("nothing to say: give TEXT, - for stdin, or --file FILE")
    return text


def _decoded(data: bytes, where: str) -> str:
    if len(data) > MAX_BYTES:
        raise BadInput(f"{where} is longer than {MAX_BYTES // 2**20} MiB: speak it in parts")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{where} is no text in UTF-8 ({error.reason} at byte {error.start})") from error


def _check(target: Path, captions: Path | None, file: Path | None) -> None:
    """What is wrong with the outputs is told before the work."""
    outputs = [target, *([captions] if captions is not None else [])]
    check_apart(outputs)
    for path in outputs:
        check_not_source(file, path)
        check_target(path)
    audio_request(target, target)


def _sound(parts: Stream[SpeechHeader, Spoken], segments: list[Segment]) -> Stream[AudioHeader, Audio]:
    """The parts as sound to be written; their segments are put into the list as they pass."""

    def items() -> Iterator[Audio]:
        for part in parts:
            segments.append(part.segment)
            yield part.audio

    header = AudioHeader(
        sample_rate=parts.header.sample_rate, channels=parts.header.channels, start_seconds=0.0, expected_samples=None
    )
    return Stream(header, items(), close=parts.close)


def _transcript(header: SpeechHeader, segments: list[Segment], provenance: Provenance) -> Transcript:
    info = SpeechInfo(language=header.language, language_confidence=None, duration=segments[-1].end, task="transcribe")
    return Transcript(info=info, segments=tuple(segments), provenance=provenance)


def _data(header: SpeechHeader, segments: list[Segment], provenance: Provenance, written: list[Path]) -> dict[str, Any]:
    import msgspec

    return {
        "language": header.language,
        "voice": header.voice,
        "duration": segments[-1].end,
        "segments": msgspec.to_builtins(segments),
        "provenance": msgspec.to_builtins(provenance),
        "written": [str(path) for path in written],
    }
