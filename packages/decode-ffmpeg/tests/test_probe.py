"""What probe says of a file."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mediarack import Rack


def test_tells_container_streams_and_their_properties(rack: Rack, backend: str, steady: Path) -> None:
    info = rack.probe(steady)
    assert "mp4" in info.container.split(",")
    assert info.duration == pytest.approx(12.0, abs=0.05)
    assert info.size_bytes == steady.stat().st_size
    assert [(s.kind, s.codec) for s in info.streams] == [("video", "h264"), ("audio", "aac")]
    assert info.video is not None
    assert (info.video.width, info.video.height, info.video.fps) == (64, 48, 25.0)
    # The program prints no number of frames.
    assert info.video.num_frames == (300 if backend == "pyav" else None)
    assert info.audio is not None
    assert (info.audio.sample_rate, info.audio.channels, info.audio.channel_layout) == (48_000, 1, "mono")


@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_says_the_same_of_bytes_and_of_a_file_object(rack: Rack, steady: Path, kind: str) -> None:
    with steady.open("rb") as file:
        info = rack.probe(file if kind == "file" else file.read())
        assert not file.closed
    assert (info.size_bytes, info.streams) == (steady.stat().st_size, rack.probe(steady).streams)


def test_start_of_a_transport_stream_is_its_own_and_not_zero(rack: Rack, make_video: Callable[..., Path]) -> None:
    path = make_video("start.ts", [1.5 + n / 25 for n in range(50)], g=25)
    assert rack.probe(path).start_seconds > 1


def test_matroska_streams_have_the_duration_they_are_tagged_with(rack: Rack, uneven: Path) -> None:
    info = rack.probe(uneven)
    assert info.video is not None
    assert info.video.duration == pytest.approx(info.duration, abs=0.1)


def test_language_title_and_subtitles(rack: Rack, media: Path) -> None:
    path = media / "tagged.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        stream.metadata.update(language="ger", title="Kommentar")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 8000, 0, Fraction(1, 8000)
        container.mux(stream.encode(frame))
    (audio,) = rack.probe(path).streams
    assert (audio.language, audio.title) == ("ger", "Kommentar")


def test_a_subtitle_file_has_a_subtitle_stream(rack: Rack, media: Path) -> None:
    path = media / "lines.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\nthere\n")
    assert [(s.kind, s.codec) for s in rack.probe(path).streams] == [("subtitle", "subrip")]


def test_a_picture_attached_to_an_audio_file_is_a_cover(rack: Rack, media: Path, wav: Path) -> None:
    path = media / "cover.flac"
    picture = media / "cover.png"
    rack.write_image(np.full((20, 30, 3), 200, np.uint8), picture)
    png = picture.read_bytes()
    block = b"".join(
        [
            (3).to_bytes(4, "big"),
            *(len(text).to_bytes(4, "big") + text for text in (b"image/png", b"")),
            *(value.to_bytes(4, "big") for value in (30, 20, 24, 0, len(png))),
            png,
        ]
    )
    with av.open(str(path), "w") as container, av.open(str(wav)) as original:
        stream = container.add_stream("flac", rate=44_100, layout="stereo")
        for frame in original.decode(audio=0):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    data = path.read_bytes()
    # After the marker and STREAMINFO (38 bytes), which stops being the last block when another follows it.
    path.write_bytes(data[:42] + bytes([6]) + len(block).to_bytes(3, "big") + block + data[42:])
    info = rack.probe(path)
    assert info.video is not None
    assert (info.video.cover, info.video.width, info.video.height) == (True, 30, 20)
    assert rack.read_frames(path).images.shape == (1, 20, 30, 3)
