"""Decoded frames into arrays: upright, in the size and format asked for."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from mediarack.plugin import ReadFramesRequest
from mediarack_decode_ffmpeg.pictures import asked_size
from mediarack_decode_ffmpeg.pyav.orientation import orientation_of

_CHANNELS = {"rgb24": 3, "gray": 1}
_ONE_THREAD: dict[str, Any] = {"threads": 1} if int(av.__version__.split(".")[0]) >= 17 else {}
"""From 17 on swscale would take every core of the machine, which costs more than it gives (measured up to 1080p)."""


class Painter:
    """``width`` and ``height`` are of the pictures it makes, settled by the first frame and the request."""

    def __init__(self, first: VideoFrame, codec: str, request: ReadFramesRequest) -> None:
        self._orientation = orientation_of(first, codec)
        self._format = request.format
        self._reformatter = VideoReformatter()
        self.width, self.height = asked_size(request, *self._orientation.size(first.width, first.height))

    def paint(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        """Uint8 ``[height, width, channels]``, contiguous, writable, the caller's own."""
        width, height = self._orientation.size(self.width, self.height)
        # Bicubic is what FFmpeg's own tools scale with; without a change of size it changes nothing for 8 bits.
        painted = self._reformatter.reformat(
            frame, width=width, height=height, format=self._format, interpolation=Interpolation.BICUBIC, **_ONE_THREAD
        )
        plane = painted.planes[0]
        channels = _CHANNELS[self._format]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:height, : width * channels]
        image = self._orientation.upright(rows.reshape(height, width, channels))
        return np.array(image) if painted is frame else np.ascontiguousarray(image)
