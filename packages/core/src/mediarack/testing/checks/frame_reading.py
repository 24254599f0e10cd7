"""read_frames: the right picture at its place, told by the number painted into it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mediarack.errors import BadInput
from mediarack.media import CHANNELS_OF_FORMAT, Frame, FramesHeader
from mediarack.testing.media import FRAMES_PER_SECOND, HEIGHT, WIDTH, number_of
from mediarack.testing.subject import Subject, check

_COUNT = 50
"""Frames of the file: two seconds."""


def numbers(subject: Subject, **asked: Any) -> list[int]:
    """Numbers of the pictures that come, in the order asked for. Checks what every frame promises."""
    header, frames = subject.whole(subject.source, subject.request(**asked))
    assert_are_frames(header, frames)
    assert sorted(frame.position for frame in frames) == list(range(len(frames))), "positions must be 0, 1, 2, ..."
    expected = header.expected_frames  # an estimate: containers state durations, which a frame more or less may fill
    assert expected is None or abs(expected - len(frames)) <= max(1, 0.05 * len(frames))
    return [number_of(frame.image) for frame in sorted(frames, key=lambda frame: frame.position)]


def assert_are_frames(header: FramesHeader, frames: list[Frame]) -> None:
    for frame in frames:
        shape = (header.height, header.width, CHANNELS_OF_FORMAT[header.format])
        assert frame.image.dtype == np.uint8
        assert frame.image.shape == shape
        assert frame.pts * header.time_base == pytest.approx(number_of(frame.image) / FRAMES_PER_SECOND)
        assert frame.duration_pts * header.time_base == pytest.approx(1 / FRAMES_PER_SECOND)
    pts = [frame.pts for frame in frames]
    assert pts == sorted(pts), "frames come in the order they come on screen"


@check("read_frames")
def all_frames_come_in_order(subject: Subject) -> None:
    header, frames = subject.whole(subject.source)
    assert (header.width, header.height, header.format) == (WIDTH, HEIGHT, "rgb24")
    assert [frame.position for frame in frames] == list(range(_COUNT))
    assert numbers(subject) == list(range(_COUNT))


@check("read_frames")
def white_is_white_and_black_is_black(subject: Subject) -> None:
    image = subject.whole(subject.source)[1][1].image  # number 1: the first block is white, the others black
    assert image[2, 2] == pytest.approx(255, abs=3)
    assert image[-3, -3] == pytest.approx(0, abs=3)


@check("read_frames", features=("at",))
def the_frame_on_screen_at_a_time_is_given(subject: Subject) -> None:
    """The last whose pts is not after it; in the order asked for, also twice."""
    assert numbers(subject, at=(0.0, 0.04, 0.039, 0.0401, 1.999)) == [0, 1, 0, 1, 49]
    assert numbers(subject, at=(1.5, 0.5, 1.5, 0.52)) == [37, 12, 37, 13]


@check("read_frames", features=("at",))
def a_time_after_the_end_is_told(subject: Subject) -> None:
    with pytest.raises(BadInput):
        subject.whole(subject.source, subject.request(at=(1.0, 5.0)))


@check("read_frames", features=("indices",))
def frames_are_given_by_number(subject: Subject) -> None:
    assert numbers(subject, indices=(40, 3, 3, 0, 49)) == [40, 3, 3, 0, 49]


@check("read_frames", features=("indices",))
def a_number_that_is_too_high_is_told(subject: Subject) -> None:
    with pytest.raises(BadInput):
        subject.whole(subject.source, subject.request(indices=(0, _COUNT)))


@check("read_frames", features=("every",))
def one_frame_every_so_often(subject: Subject) -> None:
    assert numbers(subject, every=0.5) == [0, 12, 25, 37]
    assert numbers(subject, every=0.04) == list(range(_COUNT))


@check("read_frames", features=("every", "window"))
def one_frame_every_so_often_in_a_window(subject: Subject) -> None:
    assert numbers(subject, every=0.5, start=0.25, end=1.5) == [6, 18, 31]


@check("read_frames", features=("window",))
def a_window_begins_with_what_is_on_screen(subject: Subject) -> None:
    assert numbers(subject, start=1.0, end=1.2) == [25, 26, 27, 28, 29]
    assert numbers(subject, start=0.5) == list(range(12, _COUNT))
    with pytest.raises(BadInput):
        subject.whole(subject.source, subject.request(start=60.0))


@check("read_frames", features=("resize",))
def a_picture_is_resized(subject: Subject) -> None:
    for asked, size in (
        ({"width": 32}, (32, 24)),
        ({"height": 96}, (128, 96)),
        ({"width": 40, "height": 40}, (40, 40)),
    ):
        header, frames = subject.whole(subject.source, subject.request(**asked))
        assert (header.width, header.height) == size, f"{asked} of {WIDTH}x{HEIGHT}"
        assert_are_frames(header, frames)
        assert [number_of(frame.image) for frame in frames] == list(range(_COUNT))


@check("read_frames", features=("format:gray",))
def gray_has_one_channel(subject: Subject) -> None:
    header, frames = subject.whole(subject.source, subject.request(format="gray"))
    assert header.format == "gray"
    assert frames[0].image.shape == (HEIGHT, WIDTH, 1)
    assert numbers(subject, format="gray") == list(range(_COUNT))
