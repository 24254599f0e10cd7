"""A request tells a wrong value before any file is opened, and names the features it needs."""

import math
from pathlib import Path

import pytest

from mediarack.errors import BadInput
from mediarack.requests import (
    ReadAudioRequest,
    ReadFramesRequest,
    SeparateRequest,
    SpeakRequest,
    TranscribeRequest,
    WriteImageRequest,
)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: ReadAudioRequest(start=-1), "start=-1"),
        (lambda: ReadAudioRequest(start=math.nan), "start=nan"),
        (lambda: ReadAudioRequest(end=math.inf), "end=inf"),
        (lambda: ReadAudioRequest(start=2, end=1), "end must be after start"),
        (lambda: ReadAudioRequest(sample_rate=0), "sample_rate=0"),
        (lambda: ReadAudioRequest(channels=0), "channels=0"),
        (lambda: ReadAudioRequest(downmix="left"), "mean, ffmpeg"),
        (lambda: ReadFramesRequest(at=(1.0, -0.5)), "at=-0.5"),
        (lambda: ReadFramesRequest(indices=(-1,)), "indices=-1"),
        (lambda: ReadFramesRequest(at=(1.0,), every=2.0), "give one of at, indices, every"),
        (lambda: ReadFramesRequest(at=(1.0,), start=1.0), "they go with every"),
        (lambda: ReadFramesRequest(every=0), "every=0"),
        (lambda: ReadFramesRequest(width=0), "width=0"),
        (lambda: ReadFramesRequest(format="yuv420p"), "rgb24, gray"),
        (lambda: WriteImageRequest(target=Path("x.jpg"), quality=0), "quality=0"),
        (lambda: TranscribeRequest(task="summarise"), "transcribe, translate"),
        (lambda: TranscribeRequest(language=5), "language=5"),
        (lambda: SeparateRequest(model=b"dfn"), "model=b'dfn'"),
        (lambda: SpeakRequest(voice=5), "voice=5"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(make, told):
    with pytest.raises(BadInput, match=told.replace("(", r"\(")):
        make()


def test_only_what_differs_from_the_default_is_a_needed_feature():
    assert ReadAudioRequest().features() == frozenset()
    assert ReadAudioRequest(sample_rate=16_000, channels=1).features() == {"resample", "channels"}
    assert ReadFramesRequest(at=(1.0,), width=320, format="gray").features() == {"at", "resize", "format:gray"}
    assert TranscribeRequest(task="translate", vad=False).features() == {"translate"}
