"""write_image: one picture through the program, and what comes out into the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mediarack.plugin import Call, OutputError, WriteImageRequest
from mediarack_decode_ffmpeg.ffmpeg.binary import find_binary
from mediarack_decode_ffmpeg.ffmpeg.commands import compiled, pictures_input, to_pipe
from mediarack_decode_ffmpeg.ffmpeg.process import Run
from mediarack_decode_ffmpeg.pictures import IMAGE_CODECS, IMAGE_FORMATS, check_image, quantiser_scale

if TYPE_CHECKING:
    import numpy.typing as npt


def write_image(source: npt.NDArray[np.uint8], request: WriteImageRequest, call: Call) -> None:
    """A picture uint8 ``[height, width, 3]`` (RGB) or ``[height, width, 1]`` (gray), as the backend pyav writes it."""
    check_image(source, request)
    binary = find_binary(call)
    codec = IMAGE_CODECS[request.container]
    binary.check_encoder(codec)
    height, width, channels = source.shape
    scale = quantiser_scale(request.quality)
    options: dict[str, dict[str, Any]] = {
        "jpeg": {"pix_fmt": "yuvj420p", "qmin": scale, "qmax": scale},
        "png": {},
        "webp": {"pix_fmt": "yuv420p", "quality": request.quality},
    }
    stream = pictures_input(IMAGE_FORMATS[channels], width, height)["0"]
    output = to_pipe(
        stream,
        f="image2pipe",
        threads=1,
        **{"c:v": codec, "frames:v": 1, "flags:v": "+bitexact"},
        **options[request.container],
    )
    feed = iter([np.ascontiguousarray(source).data.cast("B")])
    with compiled(binary, output, loglevel="error") as argv, Run(argv, call, feed=feed) as run:
        data = run.read_all()
        status = run.finish()
    if status != 0 or not data:
        said = run.said[-1] if run.said else f"ffmpeg ended with status {status}"
        raise OutputError(f"cannot encode {width}x{height} as {request.container}: {said}")
    try:
        request.target.write_bytes(data)
    except OSError as error:
        raise OutputError(f"cannot write {str(request.target)!r}: {error.strerror}") from error
