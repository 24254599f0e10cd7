"""What holds for pictures however FFmpeg is reached: sizes, limits, and what a quality means."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from mediarack.plugin import MAX_PIXELS, BadInput, ReadFramesRequest, WriteImageRequest

IMAGE_FORMATS = {1: "gray", 3: "rgb24"}
"""By the number of channels."""
IMAGE_CODECS = {"jpeg": "mjpeg", "png": "png", "webp": "libwebp"}
_MOST_PIXELS_A_SIDE = {"jpeg": 65_500, "png": 1_000_000, "webp": 16_383}
_BEST_SCALE, _WORST_SCALE = 2, 31
ROUNDING = Fraction(1, 10**9)
"""Seconds forgiven to times asked for: those of frames went through floats and come back a little less."""
ONE_PACKET_ONE_PICTURE = frozenset({"h264", "hevc", "vvc", "av1", "vp9", "mjpeg", "prores", "dnxhd", "ffv1"})
"""Not so in VP8 (hidden frames) and MPEG-4 part 2 (frames left out, packed B-frames)."""


def asked_size(request: ReadFramesRequest, width: int, height: int) -> tuple[int, int]:
    """One of the two alone keeps the ratio of the stored picture; a pixel's own aspect ratio is not applied."""
    if request.width is not None and request.height is not None:
        return request.width, request.height
    if request.width is not None:
        return request.width, max(1, round(height * request.width / width))
    if request.height is not None:
        return max(1, round(width * request.height / height)), request.height
    return width, height


def check_pixels(name: str, width: int, height: int) -> None:
    """Raises BadInput for pictures that are too large to decode."""
    if width * height > MAX_PIXELS:
        raise BadInput(
            f"{name}: its pictures are {width}x{height}: at most {MAX_PIXELS} pixels are decoded; "
            f"make it smaller with another tool"
        )


def quantiser_scale(quality: int) -> int:
    """Of a JPEG, 2 (best) to 31, for a quality of 100 to 1."""
    power: float = ((100 - quality) / 99) ** 1.5
    return round(_BEST_SCALE + (_WORST_SCALE - _BEST_SCALE) * power)


def check_image(source: npt.NDArray[np.uint8], request: WriteImageRequest) -> None:
    """Raises BadInput for what is no picture, or one that its format cannot hold."""
    shape, kind = getattr(source, "shape", None), getattr(source, "dtype", type(source).__name__)
    if (
        not isinstance(source, np.ndarray)
        or source.dtype != np.uint8
        or source.ndim != 3
        or source.shape[2] not in IMAGE_FORMATS
    ):
        raise BadInput(f"cannot write an image of shape {shape} and type {kind}: give uint8 [height, width, 3 or 1]")
    most = _MOST_PIXELS_A_SIDE[request.container]
    if not 1 <= min(source.shape[:2]) <= max(source.shape[:2]) <= most:
        raise BadInput(
            f"cannot write an image of shape {shape} as {request.container}: each side has 1 to {most} pixels"
        )
