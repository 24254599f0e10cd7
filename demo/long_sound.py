"""Long recordings made of the talk, for tests and benchmarks."""

from __future__ import annotations

from pathlib import Path

import av

TALK = Path(__file__).parent / "assets" / "talk.mp4"


def repeated_talk(path: Path, times: int) -> Path:
    """The talk's sound so many times over, without decoding it; 81 times make an hour."""
    with av.open(str(TALK)) as original, av.open(str(path), "w", format="mp4") as file:
        source = original.streams.audio[0]
        packets = [packet for packet in original.demux(source) if packet.dts is not None]
        length = packets[-1].pts + packets[-1].duration - packets[0].pts
        stream = file.add_stream_from_template(source)
        for turn in range(times):
            for packet in packets:
                packet.stream = stream
                packet.pts = packet.dts = packet.pts + (length if turn else 0)
                file.mux(packet)
    return path
