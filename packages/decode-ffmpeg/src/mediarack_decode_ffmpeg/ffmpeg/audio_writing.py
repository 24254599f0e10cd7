"""write_audio: samples through the standard input of the program."""

from __future__ import annotations

import signal
from typing import Any

from mediarack.plugin import Call, Decoded, OutputError, WriteAudioRequest
from mediarack_decode_ffmpeg.audio_formats import MUXER_OPTIONS, SAMPLE_FORMATS, about, audio_format, packed, pieces
from mediarack_decode_ffmpeg.ffmpeg.binary import find_binary
from mediarack_decode_ffmpeg.ffmpeg.commands import compiled, samples_input, to_file
from mediarack_decode_ffmpeg.ffmpeg.process import Run

_RAW_FORMATS = {"s16": "s16le", "s32": "s32le", "flt": "f32le"}


def write_audio(source: Decoded, request: WriteAudioRequest, call: Call) -> None:
    """Samples into a file; formats, roundings and errors are those of the backend pyav.

    Raises BackendUnavailable if the program was built without the encoder.
    """
    rate, channels, total = about(source)
    format = audio_format(request, channels)
    binary = find_binary(call)
    binary.check_encoder(format.codec)
    sample_format = SAMPLE_FORMATS[request.encoding]
    options: dict[str, Any] = {
        "f": format.muxer,
        "c:a": format.codec,
        "ar": format.rate_for(rate),
        "fflags": "+bitexact",
        "flags:a": "+bitexact",
        **MUXER_OPTIONS.get(format.muxer, {}),
    }
    if request.bit_rate is not None:
        options["b:a"] = request.bit_rate
    if format.codec == "flac":
        options["sample_fmt"] = sample_format
    output = to_file(samples_input(_RAW_FORMATS[sample_format], rate, channels)["0"], **options)
    done = 0
    with (
        compiled(binary, output, target=request.target, loglevel="error") as argv,
        Run(argv, call, takes_input=True) as run,
    ):
        for samples in pieces(source):
            if not run.write(packed(samples, request.encoding).data):
                break
            done += samples.shape[1]
            call.report(done / rate, None if total is None else max(total, done) / rate, "seconds")
        run.end_input()
        status = run.finish()
    if status != 0:
        raise output_error(request, run, status)
    call.note(codec=format.codec)


def output_error(request: WriteAudioRequest, run: Run, status: int) -> OutputError:
    """Why the program could not write."""
    if status < 0:
        reason = f"ffmpeg was ended by the signal {signal.Signals(-status).name}"
    else:
        reason = run.said[-1] if run.said else f"ffmpeg ended with status {status}"
        reason = next((line for line in run.said if "No space left" in line or "Permission denied" in line), reason)
    return OutputError(f"cannot write {str(request.target)!r}: {reason.strip()}")
