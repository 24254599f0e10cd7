"""write_image: JPEG, PNG and WebP through FFmpeg's encoders."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from mediarack.plugin import BackendUnavailable, OutputError, WriteImageRequest
from mediarack_decode_ffmpeg.pictures import IMAGE_CODECS, IMAGE_FORMATS, check_image, quantiser_scale

if TYPE_CHECKING:
    import numpy.typing as npt


def write_image(source: npt.NDArray[np.uint8], request: WriteImageRequest) -> None:
    """A picture uint8 ``[height, width, 3]`` (RGB) or ``[height, width, 1]`` (gray).

    JPEG has full range BT.601 colours with halved chroma (4:2:0), as most software writes it. Its quantiser scale is
    ``2 + 29 * ((100 - quality) / 99) ** 1.5``, rounded: quality 100 and 95 give 2 (the best that FFmpeg offers), 90
    gives 3, 75 gives 6, 50 gives 12, 1 gives 31. WebP takes the quality as it is, and halves the chroma too. Raises
    BadInput for another shape or type, OutputError if writing fails.
    """
    check_image(source, request)
    height, width, channels = source.shape
    frame = VideoFrame.from_ndarray(
        np.ascontiguousarray(source if channels == 3 else source[:, :, 0]), format=IMAGE_FORMATS[channels]
    )
    codec = IMAGE_CODECS[request.container]
    if codec not in av.codecs_available:
        raise BackendUnavailable(f"PyAV {av.__version__} was built without the encoder {codec}")
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.time_base = width, height, Fraction(1, 1)
    encoder.thread_count = 1
    if codec == "mjpeg":
        frame = frame.reformat(format="yuvj420p")
        # One picture has no rate to control: between equal limits the scale is what it is told to be.
        scale = str(quantiser_scale(request.quality))
        encoder.options = {"qmin": scale, "qmax": scale}
    elif codec == "libwebp":
        frame = frame.reformat(format="yuv420p")
        encoder.options = {"quality": str(request.quality)}
    encoder.pix_fmt = frame.format.name
    frame.pts, frame.time_base = 0, encoder.time_base
    try:
        data = b"".join(bytes(packet) for given in (frame, None) for packet in encoder.encode(given))
    except FFmpegError as error:
        raise OutputError(f"cannot encode {width}x{height} as {request.container}: {error.strerror}") from error
    try:
        request.target.write_bytes(data)
    except OSError as error:
        raise OutputError(f"cannot write {str(request.target)!r}: {error.strerror}") from error
