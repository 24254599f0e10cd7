"""Pictures stand upright, whatever the display matrix says."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mediarack import Rack

# The display matrix (a, b, c, d), clockwise degrees, and the same done by numpy to the stored picture.
ORIENTATIONS: dict[str, tuple[tuple[int, int, int, int], int, Callable[[Any], Any]]] = {
    "as stored": ((1, 0, 0, 1), 0, lambda p: p),
    "90": ((0, 1, -1, 0), 90, lambda p: np.rot90(p, -1)),
    "180": ((-1, 0, 0, -1), 180, lambda p: np.rot90(p, 2)),
    "270": ((0, -1, 1, 0), 270, lambda p: np.rot90(p, 1)),
    "left and right": ((-1, 0, 0, 1), 0, np.fliplr),
    "top and bottom": ((1, 0, 0, -1), 0, np.flipud),
    "transposed": ((0, 1, 1, 0), 90, lambda p: p.transpose(1, 0, 2)),
    "transposed the other way": ((0, -1, -1, 0), 90, lambda p: np.rot90(p, 2).transpose(1, 0, 2)),
}


def with_matrix(video: Path, matrix: tuple[int, int, int, int]) -> bytes:
    """The mp4 with this matrix in the header of its (first) track."""
    data = bytearray(video.read_bytes())
    at = data.index(b"tkhd") + 44
    a, b, c, d = (value << 16 for value in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    return bytes(data)


@pytest.fixture
def stored(rack: Rack, steady: Path) -> npt.NDArray[np.uint8]:
    return rack.read_frames(steady, indices=[171]).images[0]


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_frames_are_turned_and_mirrored_as_players_do(
    rack: Rack, steady: Path, stored: npt.NDArray[np.uint8], name: str
) -> None:
    matrix, _, expected = ORIENTATIONS[name]
    image = rack.read_frames(with_matrix(steady, matrix), indices=[171]).images[0]
    assert np.array_equal(image, expected(stored))


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_probe_tells_rotation_and_the_size_as_shown(rack: Rack, steady: Path, name: str) -> None:
    matrix, rotation, _ = ORIENTATIONS[name]
    video = rack.probe(with_matrix(steady, matrix)).video
    assert video is not None
    assert video.rotation == rotation
    assert (video.width, video.height) == ((48, 64) if rotation in (90, 270) else (64, 48))


def test_a_size_asked_for_is_that_of_the_picture_as_shown(rack: Rack, steady: Path) -> None:
    turned = with_matrix(steady, ORIENTATIONS["90"][0])
    assert rack.read_frames(turned, at=[0], width=24).images.shape == (1, 32, 24, 3)
    assert rack.read_frames(turned, at=[0], width=30, height=50).images.shape == (1, 50, 30, 3)
