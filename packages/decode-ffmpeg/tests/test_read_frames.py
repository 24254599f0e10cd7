"""Which frames are read: all, in a window, at times, by number, one every so often."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mediarack import BadInput, Frames, Rack

NumberOf = Callable[[npt.NDArray[np.uint8]], int]
SOME_NUMBERS = [0, 299, 7, 50, 49, 120, 121, 7, 260]


@pytest.fixture
def numbers(number_of: NumberOf) -> Callable[[Frames], list[int]]:
    """The numbers that the pictures carry, which are the places they had when the file was made."""
    return lambda frames: [number_of(image) for image in frames.images]


@pytest.fixture(
    params=[
        ("mp4", {"bf": 3, "g": 50}),
        ("mkv", {"bf": 3, "g": 50}),
        ("ts", {"bf": 3, "g": 50}),
        ("mp4", {"bf": 3, "g": 50, "x264-params": "open-gop=1"}),
        ("ts", {"bf": 3, "g": 50, "x264-params": "open-gop=1"}),
        ("mov", {"bf": 0, "g": 1}),
        ("avi", {"bf": 0, "g": 30}),
        ("flv", {"bf": 2, "g": 50}),
        ("h264", {"bf": 0, "g": 50}),
    ],
    ids=lambda p: f"{p[0]}-{'-'.join(map(str, p[1].values()))}",
)
def any_container(make_video: Callable[..., Path], request: pytest.FixtureRequest) -> Path:
    """300 frames at 25 fps; the transport streams begin at 1.5 s."""
    suffix, options = request.param
    begin = 1.5 if suffix == "ts" else 0.0
    name = f"any-{'-'.join(map(str, options.values()))}.{suffix}"
    return make_video(name, [begin + n / 25 for n in range(300)], **options)


def test_all_frames_come_in_the_order_they_are_shown(
    rack: Rack, any_container: Path, numbers: Callable[[Frames], list[int]]
) -> None:
    frames = rack.read_frames(any_container)
    assert numbers(frames) == list(range(300))
    assert frames.seconds == pytest.approx(np.arange(300) / 25, abs=0.002)
    assert frames.durations == pytest.approx(1 / 25, abs=0.002)


def test_frames_by_number(rack: Rack, any_container: Path, numbers: Callable[[Frames], list[int]]) -> None:
    assert numbers(rack.read_frames(any_container, indices=SOME_NUMBERS)) == SOME_NUMBERS


def test_frames_at_times(rack: Rack, any_container: Path, numbers: Callable[[Frames], list[int]]) -> None:
    middles = rack.read_frames(any_container).seconds + 0.02
    assert numbers(rack.read_frames(any_container, at=middles[SOME_NUMBERS].tolist())) == SOME_NUMBERS


def test_each_time_alone_gives_the_same_as_all_at_once(
    rack: Rack, any_container: Path, numbers: Callable[[Frames], list[int]]
) -> None:
    seconds = rack.read_frames(any_container).seconds
    for number in (290, 151, 249):  # right before a keyframe, right after one, near the end
        assert numbers(rack.read_frames(any_container, at=[float(seconds[number])])) == [number]


def test_frame_times_count_from_the_start_of_the_container(rack: Rack, make_video: Callable[..., Path]) -> None:
    path = make_video("late.ts", [1.5 + n / 25 for n in range(50)], g=25)
    assert rack.probe(path).start_seconds > 1
    assert rack.read_frames(path).seconds[0] < 0.1


def test_the_same_pixels_whichever_way_a_frame_is_reached(rack: Rack, steady: Path) -> None:
    whole = rack.read_frames(steady)
    wanted = [3, 111, 199, 200, 298]
    assert np.array_equal(rack.read_frames(steady, indices=wanted).images, whole.images[wanted])
    assert np.array_equal(rack.read_frames(steady, at=whole.seconds[wanted].tolist()).images, whole.images[wanted])


def test_times_handed_out_give_back_their_own_frames(rack: Rack, uneven: Path) -> None:
    frames = rack.read_frames(uneven)
    assert np.array_equal(rack.read_frames(uneven, at=frames.seconds.tolist()).pts, frames.pts)


def test_numbers_are_exact_where_the_frame_rate_varies(
    rack: Rack, uneven: Path, numbers: Callable[[Frames], list[int]]
) -> None:
    wanted = [149, 0, 77, 78, 148, 3]
    assert numbers(rack.read_frames(uneven, indices=wanted)) == wanted


def test_a_high_number_is_found_without_counting_by_decoding(
    rack: Rack, make_video: Callable[..., Path], numbers: Callable[[Frames], list[int]]
) -> None:
    path = make_video("long.mp4", [n / 25 + (n % 3) * 0.005 for n in range(700)], bf=3, g=50)
    assert numbers(rack.read_frames(path, indices=[650, 2, 301])) == [650, 2, 301]
    with pytest.raises(BadInput, match="no frame 700: it has 700 frames, numbered 0 to 699"):
        rack.read_frames(path, indices=[700])


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_frame_at_any_time_is_the_last_one_shown_by_then(
    rack: Rack, uneven: Path, uneven_times: list[float], number_of: NumberOf, data: Any
) -> None:
    times = data.draw(st.lists(st.floats(0, uneven_times[-1]), min_size=1, max_size=4))
    frames = rack.read_frames(uneven, at=times)
    shown = [number_of(image) for image in frames.images]
    assert shown == [bisect.bisect_right(uneven_times, seconds + 1e-9) - 1 for seconds in times]


def test_a_frame_lasts_until_the_next_one_comes(rack: Rack, uneven: Path) -> None:
    frames = rack.read_frames(uneven)
    assert np.array_equal(frames.durations_pts[:-1], np.diff(frames.pts))
    assert frames.durations_pts[-1] > 0


def test_a_time_before_the_first_frame_gives_the_first(
    rack: Rack, make_video: Callable[..., Path], numbers: Callable[[Frames], list[int]]
) -> None:
    path = make_video("waits.mkv", [0.8 + n / 25 for n in range(50)], sound=True)
    assert rack.read_frames(path).seconds[0] == pytest.approx(0.8, abs=0.03)
    assert numbers(rack.read_frames(path, at=[0.0, 0.5])) == [0, 0]


def test_times_asked_twice_come_twice_each_with_its_own_memory(rack: Rack, steady: Path) -> None:
    frames = rack.read_frames(steady, at=[3.0, 1.0, 3.0])
    assert np.array_equal(frames.images[0], frames.images[2])
    frames.images[0] = 0
    assert frames.images[2].any()


def test_streamed_frames_say_which_of_the_asked_they_are(rack: Rack, steady: Path) -> None:
    with rack.iter_frames(steady, at=[3.0, 1.0, 2.0]) as frames:
        assert [frame.position for frame in frames] == [1, 2, 0]


@pytest.mark.parametrize("seconds", [12.0, 12.5, 4000.0])
def test_a_time_past_the_end_is_refused_with_the_duration(rack: Rack, steady: Path, seconds: float) -> None:
    with pytest.raises(BadInput, match=r"no frame at .* its video ends at 12\.000 s"):
        rack.read_frames(steady, at=[0.0, seconds])


def test_the_last_instant_is_still_the_last_frame(
    rack: Rack, steady: Path, numbers: Callable[[Frames], list[int]]
) -> None:
    assert numbers(rack.read_frames(steady, at=[11.999])) == [299]


def test_a_number_past_the_end_is_refused_with_the_count(rack: Rack, steady: Path) -> None:
    with pytest.raises(BadInput, match="no frame 300: it has 300 frames, numbered 0 to 299"):
        rack.read_frames(steady, indices=[5, 300])


def test_a_window_begins_with_what_is_on_screen_and_ends_before_its_end(
    rack: Rack, steady: Path, numbers: Callable[[Frames], list[int]]
) -> None:
    assert numbers(rack.read_frames(steady, start=6.01, end=6.2)) == [150, 151, 152, 153, 154]
    assert numbers(rack.read_frames(steady, start=6.0, end=6.01)) == [150]
    assert numbers(rack.read_frames(steady, start=11.9)) == [297, 298, 299]


def test_a_window_past_the_end_is_refused_with_the_duration(rack: Rack, steady: Path) -> None:
    with pytest.raises(BadInput, match=r"no frames from 13 s to the end: it lasts 12\.000 s"):
        rack.read_frames(steady, start=13)


def test_one_frame_every_so_often(rack: Rack, steady: Path, numbers: Callable[[Frames], list[int]]) -> None:
    assert numbers(rack.read_frames(steady, every=2.5)) == [0, 62, 125, 187, 250]
    assert numbers(rack.read_frames(steady, every=0.5, start=1.0, end=2.5)) == [25, 37, 50]
    assert numbers(rack.read_frames(steady, every=0.02, end=0.1)) == [0, 0, 1, 1, 2]


@pytest.mark.parametrize(
    ("asked", "shape"),
    [
        ({"width": 32}, (24, 32, 3)),
        ({"height": 96}, (96, 128, 3)),
        ({"width": 33, "height": 7}, (7, 33, 3)),
        ({"width": 1}, (1, 1, 3)),
        ({"format": "gray"}, (48, 64, 1)),
        ({"format": "gray", "width": 19}, (14, 19, 1)),
    ],
)
def test_sizes_and_formats(rack: Rack, steady: Path, asked: dict[str, Any], shape: tuple[int, ...]) -> None:
    images = rack.read_frames(steady, at=[1.0], **asked).images
    assert images.shape == (1, *shape)
    assert images.dtype == np.uint8


@pytest.mark.parametrize("size", [(62, 46), (66, 50), (322, 182)])
def test_sizes_that_fill_no_line_of_memory(
    rack: Rack, make_video: Callable[..., Path], size: tuple[int, int], numbers: Callable[[Frames], list[int]]
) -> None:
    path = make_video(f"size{size[0]}.mp4", [n / 25 for n in range(30)], size=size)
    frames = rack.read_frames(path)
    assert frames.images.shape == (30, size[1], size[0], 3)
    assert numbers(frames) == list(range(30))


def test_an_image_of_the_stream_is_the_callers_own(rack: Rack, steady: Path) -> None:
    with rack.iter_frames(steady, end=0.2) as frames:
        kept = []
        for frame in frames:
            assert frame.image.flags.c_contiguous
            assert frame.image.flags.writeable
            kept.append((frame.image, frame.image.copy()))
    assert all(np.array_equal(image, copy) for image, copy in kept)


def test_progress_tells_frames_done_of_all(rack: Rack, steady: Path) -> None:
    seen: list[tuple[float, float | None, str]] = []
    rack.read_frames(steady, end=1.0, progress=lambda p: seen.append((p.done, p.total, p.unit)))
    assert [done for done, _, _ in seen] == list(range(1, 26))
    assert {unit for _, _, unit in seen} == {"frames"}


def test_a_picture_too_large_to_be_a_picture_is_refused(rack: Rack, media: Path) -> None:
    path = media / "bomb.png"
    rack.write_image(np.zeros((8, 8, 1), np.uint8), path)
    data = bytearray(path.read_bytes())
    data[16:24] = (40_000).to_bytes(4, "big") * 2
    path.write_bytes(data)
    with pytest.raises(BadInput):
        rack.read_frames(path)
