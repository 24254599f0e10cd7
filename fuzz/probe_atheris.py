"""Fuzz reading: mutated media files into probe, read_audio (its first second) and read_frames (its first picture).

``hatch run fuzz:probe --seconds 600`` runs it. Nothing but a MediarackError other than BackendFailed may come out. What
does (``error-*``), a crash of the interpreter (``crash-*``), an input that takes longer than 10 s (``timeout-*``) or a
process beyond 1 GB (``oom-*``) is a finding: its input is kept in the folder named by ``--work``.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import time
import traceback
import zlib
from pathlib import Path
from typing import Any

from layouts import Pictures, Sound, write

HANG_SECONDS, MEMORY_MB, LARGEST_BYTES = 10, 1024, 65_536


def write_seeds(directory: Path) -> None:
    """A small file of each kind of container that FFmpeg writes."""
    directory.mkdir(parents=True, exist_ok=True)

    def sound(codec: str, **settings: Any) -> Sound:
        return Sound(codec=codec, seconds=0.1, **settings)

    def pictures(codec: str, **settings: Any) -> Pictures:
        return Pictures(codec=codec, **{"count": 3, "width": 32, "height": 32, **settings})

    for name, streams in {
        "mp3.mp3": [sound("libmp3lame")],
        "s16.wav": [sound("pcm_s16le", rate=8000)],
        "float.wav": [sound("pcm_f32le", rate=8000, channels=6)],
        "ms.wav": [sound("adpcm_ms", rate=8000)],
        "aac.m4a": [sound("aac")],
        "alac.m4a": [sound("alac", rate=8000)],
        "aac.aac": [sound("aac")],
        "vorbis.ogg": [sound("vorbis", channels=2)],
        "opus.opus": [sound("libopus")],
        "flac.flac": [sound("flac")],
        "flac.ogg": [sound("flac")],
        "s16.aiff": [sound("pcm_s16be", rate=8000)],
        "alac.caf": [sound("alac", rate=8000)],
        "ac3.ac3": [sound("ac3")],
        "s16.au": [sound("pcm_s16be", rate=8000)],
        "s16.w64": [sound("pcm_s16le", rate=8000)],
        "wavpack.wv": [sound("wavpack")],
        "tta.tta": [sound("tta")],
        "amr.amr": [sound("libopencore_amrnb", rate=8000)],
        "s16.voc": [sound("pcm_u8", rate=8000)],
        "h264.mp4": [pictures("libx264"), sound("aac")],
        "mpeg4.mp4": [pictures("mpeg4")],
        "mjpeg.mov": [pictures("mjpeg", pixel_format="yuvj420p"), sound("pcm_s16be", rate=8000)],
        "prores.mov": [pictures("prores")],
        "qtrle.mov": [pictures("qtrle")],
        "mpeg4.avi": [pictures("mpeg4"), sound("libmp3lame")],
        "huffyuv.avi": [pictures("huffyuv", pixel_format="yuv422p")],
        "vp8.webm": [pictures("libvpx"), sound("libopus")],
        "vp9.webm": [pictures("libvpx-vp9")],
        "ffv1.mkv": [pictures("ffv1"), sound("flac", rate=8000)],
        "h264.mkv": [pictures("libx264"), sound("libmp3lame")],
        "mpeg1.mpg": [pictures("mpeg1video"), sound("mp2")],
        "mpeg2.ts": [pictures("mpeg2video"), sound("mp2")],
        "h264.ts": [pictures("libx264"), sound("aac")],
        "vp8.ogv": [pictures("libvpx"), sound("libopus")],
        "h263.3gp": [pictures("h263", width=128, height=96), sound("libopencore_amrnb", rate=8000)],
        "flv.flv": [pictures("flv"), sound("libmp3lame", rate=44_100)],
        "wmv.wmv": [pictures("wmv2"), sound("wmav2", options=(("b", "64k"),))],
        "mpeg2.mxf": [pictures("mpeg2video"), sound("pcm_s16le")],
        "h264.nut": [pictures("libx264"), sound("pcm_s16le", rate=8000)],
        "gif.gif": [pictures("gif")],
        "apng.apng": [pictures("apng")],
        "h264.h264": [pictures("libx264")],
        "vp8.ivf": [pictures("libvpx")],
        "raw.y4m": [pictures("rawvideo")],
    }.items():
        write(directory / name, *streams)
    for codec, suffix, format in (("png", "png", "rgb24"), ("mjpeg", "jpg", "yuvj420p"), ("libwebp", "webp", "bgra")):
        write(directory / f"picture.{suffix}", pictures(codec, count=1, pixel_format=format), format="image2")
    plain = (directory / "picture.png").read_bytes()
    profile = b"iCCPsRGB\0\0" + zlib.compress(bytes(200))
    chunk = (len(profile) - 4).to_bytes(4, "big") + profile + zlib.crc32(profile).to_bytes(4, "big")
    (directory / "profile.png").write_bytes(plain[:33] + chunk + plain[33:])  # after the signature and IHDR
    (directory / "lines.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")


def fuzz(work: Path, seconds: int) -> None:
    """One process of libFuzzer, which ends at the first crash, hang or excess of memory, or when the time is over."""
    import atheris

    with atheris.instrument_imports(include=["mediarack_decode_ffmpeg"]):
        import mediarack
        import mediarack_decode_ffmpeg.pyav  # noqa: F401

    rack = mediarack.Rack()
    known = {path.name for path in work.glob("error-*")}

    def one_input(data: bytes) -> None:
        if not data:
            return
        for verb in (
            lambda: rack.probe(data, backend="pyav"),
            lambda: rack.read_audio(data, end=1.0, backend="pyav"),
            lambda: rack.read_frames(data, indices=[0], width=16, backend="pyav"),
        ):
            try:
                verb()
            except mediarack.MediarackError as error:
                if isinstance(error, mediarack.BackendFailed):
                    keep(data, error)
            except Exception as error:
                keep(data, error)

    def keep(data: bytes, error: Exception) -> None:
        """Once for each place that raises."""
        cause = error.__cause__ or error
        where = traceback.extract_tb(cause.__traceback__)[-1]
        place = f"{type(cause).__name__} {where.filename}:{where.lineno} {where.name}"
        name = f"error-{hashlib.sha256(place.encode()).hexdigest()[:12]}"
        if name not in known:
            known.add(name)
            (work / name).write_bytes(data)
            told = "".join(traceback.format_exception(error))
            (work / f"{name}.txt").write_text(told, encoding="utf-8")
            sys.stderr.write(f"finding {name}: {cause!r}\n")

    atheris.Setup(
        [
            sys.argv[0],
            str(work / "corpus"),
            str(work / "seeds"),
            f"-max_total_time={seconds}",
            f"-timeout={HANG_SECONDS}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-max_len={LARGEST_BYTES}",
            f"-artifact_prefix={work}/",
            # Only Python is instrumented: two containers that look alike to it are both to be kept.
            "-keep_seed=1",
            "-reduce_inputs=0",
            "-print_final_stats=1",
        ],
        one_input,
    )
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--work", type=Path, default=Path("fuzz-out"), help="Corpus, log and findings; kept.")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        fuzz(asked.work, asked.seconds)
        return 0
    (asked.work / "corpus").mkdir(parents=True, exist_ok=True)
    write_seeds(asked.work / "seeds")
    end = time.monotonic() + asked.seconds
    executions = 0
    with (asked.work / "log.txt").open("ab") as log:
        while (left := int(end - time.monotonic())) > 0:
            begin = log.tell()
            command = [sys.executable, __file__, "--worker", "--work", str(asked.work), "--seconds", str(left)]
            code = subprocess.run(command, stderr=log, stdout=log, check=False).returncode
            said = (asked.work / "log.txt").read_bytes()[begin:]
            counts = re.findall(rb"(?m)^#(\d+)\s|number_of_executed_units: (\d+)", said)
            if not counts:  # it never began
                sys.stderr.buffer.write(said)
                return 1
            executions += max(int(number or final) for number, final in counts)
            print(f"{executions} executions, exit code {code}", flush=True)
    findings = sorted(
        path.name for path in asked.work.iterdir() if re.fullmatch(r"(error|crash|timeout|oom)-\w+", path.name)
    )
    print(f"{executions} executions in {asked.seconds} s, {len(findings)} finding(s)", *findings, sep="\n  ")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
