"""What a PNG picture may unpack to, looked up in its chunks before FFmpeg decodes it."""

from __future__ import annotations

import struct
import zlib

from mediarack.plugin import MAX_PIXELS, BadInput

PNG_CODECS = {"png", "apng"}
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COMPRESSED = (b"zTXt", b"iCCP")
_MOST_UNPACKED = 64 * 2**20
"""Bytes of text and colour profile in one picture; the profiles of printers take a few megabytes. FFmpeg has no limit,
and deflate makes a thousandth of what is all alike."""


def check_png(what: object, data: bytes) -> None:
    """Raises BadInput for a picture, or the extradata of a stream of them, that would fill the memory."""
    unpacked = 0
    position = len(_SIGNATURE) if data.startswith(_SIGNATURE) else 0
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        body = position + 8
        if kind == b"IHDR" and length >= 8:
            width, height = struct.unpack_from(">II", data.ljust(body + 8, b"\0"), body)
            if width * height > MAX_PIXELS:
                raise BadInput(
                    f"{what}: its pictures are {width}x{height}: at most {MAX_PIXELS} pixels are decoded; "
                    f"make it smaller with another tool"
                )
        elif kind in _COMPRESSED:
            # A name, its end, and the method of compression, of which there is one.
            begin = data.find(b"\0", body, body + length) + 2
            unpacked += _unpacked_size(data[begin : body + length])
            if unpacked > _MOST_UNPACKED:
                raise BadInput(
                    f"{what}: the text and colour profile of a PNG picture in it unpack to more than "
                    f"{_MOST_UNPACKED >> 20} MB: save it again without them"
                )
        position = body + length + 4


def _unpacked_size(data: bytes) -> int:
    """Up to one more than is allowed."""
    try:
        return len(zlib.decompressobj().decompress(data, _MOST_UNPACKED + 1))
    except zlib.error:
        return 0  # damaged before the limit: FFmpeg stops there too
