from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def long_talk(talk, tmp_path_factory) -> Path:
    """An hour: the talk's sound 81 times over, without decoding it."""
    import av

    path = tmp_path_factory.mktemp("long") / "hour.m4a"
    with av.open(str(talk)) as original, av.open(str(path), "w", format="mp4") as file:
        source = original.streams.audio[0]
        packets = [packet for packet in original.demux(source) if packet.dts is not None]
        length = packets[-1].pts + packets[-1].duration - packets[0].pts
        stream = file.add_stream_from_template(source)
        for turn in range(81):
            for packet in packets:
                packet.stream = stream
                packet.pts = packet.dts = packet.pts + (length if turn else 0)
                file.mux(packet)
    return path
