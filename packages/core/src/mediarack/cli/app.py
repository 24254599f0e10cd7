"""The commands, gathered."""

from __future__ import annotations

from typing import Annotated

import typer

from mediarack import __version__
from mediarack.cli import (
    configuration,
    doctor,
    hardware,
    listing,
    media,
    models,
    separating,
    speaking,
    speech,
    subtitles,
)
from mediarack.cli.commands import WithPlugins
from mediarack.cli.terminal import EXIT_CODES

_CODES = "; ".join(f"{code} {kind.__name__}" for kind, code in EXIT_CODES.items())

app = typer.Typer(
    name="mediarack",
    cls=WithPlugins,
    help="One tool over the media-AI engines.",
    epilog=f"Exit codes: 0 done; 1 an error nobody foresaw; 2 wrong usage; {_CODES}.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"mediarack {__version__}")
        raise typer.Exit


@app.callback()
def _global(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command("probe")(media.probe)
app.command("extract-audio")(media.extract_audio)
app.command("extract-frames")(media.extract_frames)
app.command("transcribe")(speech.transcribe)
app.command("convert")(subtitles.convert)
app.command("separate")(separating.separate)
app.command("speak")(speaking.speak)
app.command("backends")(listing.backends)
app.command("doctor")(doctor.doctor)
app.command("hardware")(hardware.hardware)
app.add_typer(configuration.app)
app.add_typer(models.app)
