"""probe."""

from __future__ import annotations

import pytest

from mediarack.errors import NotMedia
from mediarack.media import AudioStreamInfo, VideoStreamInfo
from mediarack.testing.media import FRAMES_PER_SECOND, HEIGHT, WIDTH, numbered_video, tones, wav
from mediarack.testing.subject import Subject, check


@check("probe")
def a_recording_is_described(subject: Subject) -> None:
    info = subject.whole(subject.source)
    (stream,) = info.streams
    assert isinstance(stream, AudioStreamInfo)
    assert (stream.kind, stream.index, stream.sample_rate, stream.channels) == ("audio", 0, 44_100, 2)
    assert info.duration == pytest.approx(3.0, abs=0.001)
    assert stream.duration is None or stream.duration == pytest.approx(3.0, abs=0.001)
    assert info.start_seconds == 0
    assert info.container
    assert stream.codec
    assert info.size_bytes in (None, len(wav(tones())))


@check("probe", inputs=("path",))
def a_video_is_described(subject: Subject) -> None:
    path = subject.file("video.y4m", numbered_video(50))
    try:
        info = subject.whole(path)
    except NotMedia:
        pytest.skip("reads no YUV4MPEG2")
    (stream,) = info.streams
    assert isinstance(stream, VideoStreamInfo)
    assert (stream.kind, stream.width, stream.height, stream.rotation) == ("video", WIDTH, HEIGHT, 0)
    assert stream.fps == pytest.approx(FRAMES_PER_SECOND)
    assert stream.num_frames in (None, 50)
    assert not stream.cover
    assert info.duration is None or info.duration == pytest.approx(2.0, abs=0.05)


@check("probe")
def the_provenance_of_a_probe_says_what_ran(subject: Subject) -> None:
    record = subject.whole(subject.source).provenance
    assert (record.capability, record.backend, record.engine) == ("probe", subject.spec.name, subject.spec.engine)
    assert record.engine_version
