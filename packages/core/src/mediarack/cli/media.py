"""``mediarack probe``, ``extract-audio``, ``extract-frames``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from mediarack.cli.options import BackendName, Deadline, Debug, End, Json, OutputDir, Quiet, Source, Start, Threads
from mediarack.cli.terminal import calling, console, print_json, say, shown
from mediarack.errors import BadInput
from mediarack.media import AudioStreamInfo, MediaInfo, StreamInfo, VideoStreamInfo
from mediarack.output import check_not_source, check_target
from mediarack.rack import Rack
from mediarack.sources import Url


def probe(source: Source, backend: BackendName = None, json: Json = False, debug: Debug = False) -> None:
    """Show what a media file holds."""
    with Rack() as rack:
        info = rack.probe(source, backend=backend)
    if json:
        import msgspec

        print_json({"file": str(source), **msgspec.to_builtins(info)})
    else:
        _show(source, info)


def extract_audio(
    source: Source,
    target: Annotated[
        Path | None, typer.Argument(metavar="[OUTPUT]", help="Default: FILE's name with .wav, here.")
    ] = None,
    sample_rate: Annotated[int, typer.Option(help="Hz; 0 keeps the file's own.")] = 16_000,
    channels: Annotated[int, typer.Option(help="0 keeps the file's own.")] = 1,
    start: Start = 0.0,
    end: End = None,
    downmix: Annotated[str, typer.Option(help="mean, or ffmpeg (FFmpeg's law for floats, louder).")] = "mean",
    encoding: Annotated[str | None, typer.Option(help="Of wav and flac: s16 (default), s24, float32.")] = None,
    bit_rate: Annotated[int | None, typer.Option(help="Bits per second, for mp3, ogg, opus, m4a.")] = None,
    stream: Annotated[int | None, typer.Option(help="Index of the audio stream (see: probe).")] = None,
    backend: BackendName = None,
    threads: Threads = None,
    deadline: Deadline = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write the sound of a media file: 16 kHz, mono unless told otherwise. OUTPUT's suffix is the format."""
    target = target if target is not None else Path(f"{source.stem}.wav")
    with Rack() as rack, calling("audio", backend=backend, threads=threads, deadline=deadline) as how:
        rack.extract_audio(
            source,
            target,
            sample_rate=sample_rate or None,
            channels=channels or None,
            start=start,
            end=end,
            downmix=downmix,  # type: ignore[arg-type]
            encoding=encoding,  # type: ignore[arg-type]
            bit_rate=bit_rate,
            stream=stream,
            **how,
        )
    if json:
        print_json({"written": [str(target)]})
    else:
        typer.echo(target)


def extract_frames(
    source: Source,
    output_dir: OutputDir = Path(),
    at: Annotated[list[float] | None, typer.Option(help="Seconds; repeat for more.")] = None,
    every: Annotated[float | None, typer.Option(help="One picture each so many seconds.")] = None,
    start: Start = 0.0,
    end: End = None,
    width: Annotated[int | None, typer.Option(help="Pixels; the aspect ratio is kept.")] = None,
    quality: Annotated[int, typer.Option(help="Of JPEG, 1 to 100.")] = 95,
    format: Annotated[str, typer.Option("--format", "-f", help="jpg or png.")] = "jpg",
    stream: Annotated[int | None, typer.Option(help="Index of the video stream (see: probe).")] = None,
    backend: BackendName = None,
    threads: Threads = None,
    deadline: Deadline = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write pictures of a video, named by the time they come on screen; one every 10 s unless told otherwise."""
    if format not in ("jpg", "png"):
        raise BadInput(f"--format {format}: must be jpg or png")
    if not at and every is None:
        every = 10.0
    check_target(output_dir / "frame")
    asked = {"at": at or None, "every": every, "start": start, "end": end, "width": width, "stream": stream}
    with (
        Rack() as rack,
        calling("frames", backend=backend, threads=threads, deadline=deadline) as how,
        tempfile.TemporaryDirectory(dir=output_dir, prefix=".mediarack-") as aside,
        rack.iter_frames(source, **asked, **how) as frames,  # type: ignore[arg-type]
    ):
        names: list[str] = []
        for frame in frames:
            name = f"{source.stem}-{_clock(float(frame.pts * frames.header.time_base))}.{format}"
            if names[-1:] != [name]:  # several of the times asked for may show one picture
                check_not_source(source, output_dir / name)
                rack.write_image(frame.image, Path(aside) / name, quality=quality)
                names.append(name)
        written = [(Path(aside) / name).replace(output_dir / name) for name in names]
    if json:
        print_json({"written": [str(path) for path in written]})
    else:
        for path in written:
            typer.echo(path)
    say(f"[dim]{len(written)} file(s) written[/]")


def _clock(seconds: float) -> str:
    """Of a file name: hours, minutes, seconds, without colons, which Windows does not allow."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}h{minutes % 60:02d}m{rest // 1000:02d}.{rest % 1000:03d}s"


def _show(source: Path | Url, info: MediaInfo) -> None:
    from rich.table import Table

    out = console(stderr=False)
    size = "" if info.size_bytes is None else f", {info.size_bytes / 1e6:.2f} MB"
    duration = "duration unknown" if info.duration is None else f"{info.duration:.3f} s"
    out.print(f"[bold]{shown(str(source))}[/]: {info.container}, {duration}{size}")
    table = Table("stream", "kind", "codec", "what", "language", box=None, pad_edge=False)
    for stream in info.streams:
        mark = "*" if stream in (info.audio, info.video) else ""
        texts = (stream.kind, stream.codec, _described(stream), stream.language or "")
        table.add_row(f"{stream.index}{mark}", *map(shown, texts))
    out.print(table)


def _described(stream: StreamInfo) -> str:
    words: list[Any]
    if isinstance(stream, AudioStreamInfo):
        words = [f"{stream.sample_rate} Hz", stream.channel_layout]
    elif isinstance(stream, VideoStreamInfo):
        words = [f"{stream.width}x{stream.height}", stream.pixel_format]
        words += [f"{stream.fps:.3f} fps"] if stream.fps else []
        words += [f"rotated {stream.rotation}°"] if stream.rotation else []
        words += ["cover picture"] if stream.cover else []
    else:
        words = [stream.title] if stream.title else []
    return ", ".join(words)
