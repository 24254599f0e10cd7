"""The display matrix: how a decoded picture is to be turned and mirrored to stand as players show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from mediarack_decode_ffmpeg.pyav.png_limits import PNG_CODECS


@dataclass(frozen=True)
class Orientation:
    """First rows and columns change places if ``transposed``, then left and right, top and bottom."""

    transposed: bool = False
    flipped_horizontally: bool = False
    flipped_vertically: bool = False

    @property
    def rotation(self) -> int:
        """Clockwise degrees: 0, 90, 180 or 270. Of a mirrored picture: 90 if it lies on its side, else 0."""
        if self.transposed:
            return 270 if self.flipped_vertically and not self.flipped_horizontally else 90
        return 180 if self.flipped_horizontally and self.flipped_vertically else 0

    def upright(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """A view of ``[height, width, channels]`` as it is shown."""
        if self.transposed:
            image = image.transpose(1, 0, 2)
        if self.flipped_horizontally:
            image = image[:, ::-1]
        if self.flipped_vertically:
            image = image[::-1]
        return image

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height as shown of those as coded, and the other way round."""
        return (height, width) if self.transposed else (width, height)


def orientation_of(frame: VideoFrame, codec: str) -> Orientation:
    """By the frame's display matrix; angles between the right ones go to the nearest."""
    if codec in PNG_CODECS:
        # A colour profile has a name, which PyAV (18.1) frees once with the frame and once more with its side data.
        return _turned(frame)
    side_data: Any
    try:
        side_data = list(frame.side_data)
    except ValueError:  # PyAV has no name for something else there (EXIF), and then shows none: mirroring is lost
        return _turned(frame)
    matrix = next((bytes(data) for data in side_data if data.type.name == "DISPLAYMATRIX"), None)
    if matrix is None:
        return Orientation()
    # x' = a x + c y, y' = b x + d y, as 16.16 fixed point in rows (a b u), (c d v), (x y w).
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(transposed=True, flipped_horizontally=c < 0, flipped_vertically=b < 0)
    return Orientation(flipped_horizontally=a < 0, flipped_vertically=d < 0)


def _turned(frame: VideoFrame) -> Orientation:
    """Without mirroring, of which PyAV's own figure says nothing."""
    return _TURNED[round(frame.rotation / 90) % 4]


_TURNED = (
    Orientation(),
    Orientation(transposed=True, flipped_vertically=True),
    Orientation(flipped_horizontally=True, flipped_vertically=True),
    Orientation(transposed=True, flipped_horizontally=True),
)
"""By quarters of a turn counter-clockwise, as PyAV counts."""
