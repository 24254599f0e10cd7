"""The ``ffmpeg`` backend: FFmpeg's command line, in processes of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediarack_decode_ffmpeg.ffmpeg.audio_reading import read_audio
from mediarack_decode_ffmpeg.ffmpeg.audio_writing import write_audio
from mediarack_decode_ffmpeg.ffmpeg.binary import find_binary
from mediarack_decode_ffmpeg.ffmpeg.frame_reading import read_frames
from mediarack_decode_ffmpeg.ffmpeg.image_writing import write_image
from mediarack_decode_ffmpeg.ffmpeg.probing import probe
from mediarack_decode_ffmpeg.ffmpeg.sources import opened

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
        Url,
        WriteAudioRequest,
        WriteImageRequest,
    )


class FFmpegCommand:
    """One method per capability; what each does is told where it is done. Holds nothing between calls."""

    def probe(self, source: LocalMedia | Url, request: ProbeRequest, call: Call) -> MediaInfo:
        with opened(source, call) as file:
            return probe(file, find_binary(call), call)

    def read_audio(
        self, source: LocalMedia | Url | Decoded, request: ReadAudioRequest, call: Call
    ) -> Stream[AudioHeader, Audio]:
        return read_audio(source, request, call)

    def read_frames(
        self, source: LocalMedia | Url, request: ReadFramesRequest, call: Call
    ) -> Stream[FramesHeader, Frame]:
        return read_frames(source, request, call)

    def write_audio(self, source: Decoded, request: WriteAudioRequest, call: Call) -> None:
        write_audio(source, request, call)

    def write_image(self, source: npt.NDArray[np.uint8], request: WriteImageRequest, call: Call) -> None:
        write_image(source, request, call)
