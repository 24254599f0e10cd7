"""The ``pyav`` backend: FFmpeg's libraries through PyAV, in the calling process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediarack_decode_ffmpeg.pyav.audio_reading import read_audio
from mediarack_decode_ffmpeg.pyav.audio_writing import write_audio
from mediarack_decode_ffmpeg.pyav.frame_reading import read_frames
from mediarack_decode_ffmpeg.pyav.image_writing import write_image
from mediarack_decode_ffmpeg.pyav.probing import probe

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mediarack.plugin import (
        Audio,
        AudioHeader,
        Call,
        Decoded,
        Frame,
        FramesHeader,
        LocalMedia,
        MediaInfo,
        ProbeRequest,
        ReadAudioRequest,
        ReadFramesRequest,
        Stream,
        WriteAudioRequest,
        WriteImageRequest,
    )


class PyAV:
    """One method per capability; what each does is told where it is done. Holds nothing between calls."""

    def probe(self, source: LocalMedia, request: ProbeRequest, call: Call) -> MediaInfo:
        return probe(source, call)

    def read_audio(
        self, source: LocalMedia | Decoded, request: ReadAudioRequest, call: Call
    ) -> Stream[AudioHeader, Audio]:
        return read_audio(source, request, call)

    def read_frames(self, source: LocalMedia, request: ReadFramesRequest, call: Call) -> Stream[FramesHeader, Frame]:
        return read_frames(source, request, call)

    def write_audio(self, source: Decoded, request: WriteAudioRequest, call: Call) -> None:
        write_audio(source, request, call)

    def write_image(self, source: npt.NDArray[np.uint8], request: WriteImageRequest, call: Call) -> None:
        write_image(source, request)
