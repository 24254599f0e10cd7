"""Whether a file holds all that its header states, once a stream of it was read to its end."""

from __future__ import annotations

from fractions import Fraction

from mediarack.plugin import Call, CorruptMedia, Url
from mediarack_decode_ffmpeg.ffmpeg.commands import compiled, media_input, to_pipe
from mediarack_decode_ffmpeg.ffmpeg.packets import Packets
from mediarack_decode_ffmpeg.ffmpeg.probing import Contents
from mediarack_decode_ffmpeg.ffmpeg.process import Run
from mediarack_decode_ffmpeg.recognition import (
    STATE_EACH_STREAM,
    STATE_THE_WHOLE,
    cut_off,
    is_cut_off,
    riff_bytes_missing,
)

_FLAC_SECONDS = 0.02
"""What the printed duration, which has two decimals, leaves open."""


def check_end(contents: Contents, end: float, call: Call) -> None:
    """Raises CorruptMedia if a stream that was read to its end (seconds) shows that the file was cut off.

    The program prints only how long the whole is, so where there are other streams all of them are looked at: one may
    well end earlier than the others.
    """
    stated = _stated(contents)
    if stated is None:
        return
    if "flac" in contents.families and stated - end > _FLAC_SECONDS and not is_cut_off(end, stated):
        # It counts its samples. FFmpeg skips frames whose checksum is wrong, and before 6 closes the gap over them.
        raise CorruptMedia(
            f"{contents.opened} is damaged: {stated - end:.2f} s are missing of the {stated:.2f} s it states; "
            f"fetch it again"
        )
    if not is_cut_off(end, stated):
        return
    if len(contents.banner.streams) > 1:
        end = max(end, _end_of_all(contents, call))
    if is_cut_off(end, stated) and isinstance(contents.opened.source, Url):
        raise CorruptMedia(
            f"{contents.opened}: {end:.1f} s of the {stated:.1f} s it states can be read: it is cut off, or its server "
            f"cannot serve parts of it (ranges), which a file with its index at the end needs; download it first"
        )
    if is_cut_off(end, stated):
        raise cut_off(str(contents.opened), end, stated)


def states_duration(contents: Contents) -> bool:
    """Whether this kind of container has a header that does."""
    return bool(contents.families & (STATE_EACH_STREAM | STATE_THE_WHOLE))


def _stated(contents: Contents) -> float | None:
    banner, opened = contents.banner, contents.opened
    if banner.duration is None or not states_duration(contents):
        return None
    if "wav" not in contents.families:
        return banner.duration
    missing = riff_bytes_missing(opened.beginning, opened.size) if opened.size is not None else None
    if missing is None or not banner.bit_rate:
        return None
    return banner.duration + missing * 8 / banner.bit_rate


def _end_of_all(contents: Contents, call: Call) -> float:
    source = media_input(contents.binary, contents.opened, contents.demuxer)
    output = to_pipe(source, map=["0:v?", "0:a?"], f="framecrc", c="copy")
    latest = 0.0
    with (
        compiled(contents.binary, output, opened=contents.opened, loglevel="error", further=("-copyts",)) as argv,
        Run(argv, call, pass_fds=contents.opened.descriptors) as run,
    ):
        packets = Packets(run.lines())
        for packet in packets:
            end = Fraction(packet.pts + packet.duration) * packets.time_bases[packet.stream]
            latest = max(latest, float(end))
    return latest - contents.banner.start_seconds
