"""What can be read from: a path, a URL, bytes, a seekable binary file object, or sound already decoded."""

from __future__ import annotations

import os
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from mediarack.errors import BadInput, NotMedia
from mediarack.media import Audio, AudioHeader, Stream


@dataclass(frozen=True)
class Url:
    """An http or https address."""

    text: str

    @property
    def name(self) -> str:
        """The last part of its path, or the host's name."""
        parts = urlsplit(self.text)
        return Path(unquote(parts.path)).name or str(parts.hostname)

    @property
    def stem(self) -> str:
        return Path(self.name).stem

    def __str__(self) -> str:
        """Without user name, password and query: those may be secret, and this stands in messages and logs."""
        parts = urlsplit(self.text)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))


LocalMedia = Path | bytes | BinaryIO
Media = LocalMedia | Url
"""What a decoder is handed: only kinds that its spec has among its ``inputs``."""
Decoded = Audio | Stream[AudioHeader, Audio]
"""Sound in memory, whole or as it arrives. A stream can be read once."""
Source = str | os.PathLike[str] | Url | bytes | BinaryIO | Decoded
"""What a caller may give; a str with "://" in it is a URL."""
SourceKind = Literal["path", "url", "bytes", "file", "audio"]


def check_source(source: object) -> Media | Decoded:
    """The source as backends take it. Raises BadInput for what cannot be read, before any backend is asked."""
    if isinstance(source, Stream):
        return _check_stream(source)
    if isinstance(source, Audio):
        if check_audio(source).samples.size == 0:
            raise BadInput("the Audio has no samples: there is nothing to read")
        return source
    if isinstance(source, bytes | bytearray | memoryview):
        if len(source) == 0:
            raise NotMedia("the source is empty (0 bytes)")
        return bytes(source)
    if isinstance(source, Url):
        return _check_url(source.text)
    if isinstance(source, str) and "://" in source:
        return _check_url(source)
    if isinstance(source, str | os.PathLike):
        return _check_path(os.fspath(source))
    if hasattr(source, "read") and hasattr(source, "seek"):
        return _check_file(cast("BinaryIO", source))
    raise BadInput(
        f"cannot read from {type(source).__name__}: give a path, a URL, bytes, a binary file object that can seek, "
        f"Audio or a stream of it"
    )


def check_audio(audio: Audio) -> Audio:
    """The audio, if its samples are as Audio promises. Raises BadInput."""
    if not isinstance(audio, Audio):
        raise BadInput(f"{type(audio).__name__} is no Audio: give mediarack.Audio(samples=..., sample_rate=...)")
    if audio.samples.ndim != 2 or audio.samples.dtype != "float32":
        shape, kind = list(audio.samples.shape), audio.samples.dtype
        raise BadInput(f"Audio.samples is {kind} {shape}: it must be float32 [channels, samples], nominally -1..1")
    if audio.num_channels == 0:
        raise BadInput("Audio.samples has no channels: it must be float32 [channels, samples], one channel or more")
    if audio.sample_rate < 1:
        raise BadInput(f"Audio.sample_rate is {audio.sample_rate}: it must be in Hz, 1 or more")
    return audio


def check_text(text: object) -> str:
    """The text to speak. Raises BadInput if there is nothing in it to say."""
    if not isinstance(text, str):
        raise BadInput(f"{type(text).__name__} is no text: give a str")
    if broken := next((c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r\f\v"), None):
        raise BadInput(f"the text has {broken!r} in it, which is no character to speak: leave it out")
    if not any(character.isalnum() for character in text):
        raise BadInput(f"nothing to speak in {text[:40]!r}: give a text with words or numbers in it")
    return text


def _check_stream(source: Stream[Any, Any]) -> Stream[AudioHeader, Audio]:
    if not isinstance(source.header, AudioHeader):
        raise BadInput(f"a stream with a {type(source.header).__name__} is no sound: give one of Audio (iter_audio)")
    if source.started:
        raise BadInput("the stream has been read from already, and can be read only once: make a new one")
    return source


def _check_url(text: str) -> Url:
    try:
        parts = urlsplit(text)
    except ValueError as error:  # brackets that hold no IPv6 address
        raise BadInput(f"cannot read the URL: {error}; write http://[::1]/name for an IPv6 address") from error
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise BadInput(
            f"cannot read {str(Url(text))!r}: a URL must be http:// or https://; a file is given by its path"
        )
    return Url(text)


def _check_path(name: str | bytes) -> Path:
    text = os.fsdecode(name)
    path = Path(text)
    try:
        status = path.stat()
    except FileNotFoundError:
        raise BadInput(f"no such file: {text!r} (looked in {Path.cwd()})") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise BadInput(f"cannot read {text!r}: {getattr(error, 'strerror', None) or error}") from error
    if stat.S_ISDIR(status.st_mode):
        raise BadInput(f"{text!r} is a directory: give a media file")
    if not stat.S_ISREG(status.st_mode):
        raise BadInput(f"{text!r} is no regular file (a pipe or device): copy what it holds into a file first")
    if status.st_size == 0:
        raise NotMedia(f"{text!r} is empty (0 bytes)")
    try:
        path.open("rb").close()
    except OSError as error:
        raise BadInput(f"cannot read {text!r}: {error.strerror}") from error
    return path


def _check_file(source: BinaryIO) -> BinaryIO:
    if getattr(source, "closed", False):
        raise BadInput("the file object is closed: open it again")
    if hasattr(source, "seekable") and not source.seekable():  # without it, as seek itself tells
        raise BadInput("the file object cannot seek: give its bytes (source.read()) or write them to a file first")
    try:
        source.seek(0)
        if not isinstance(source.read(0), bytes):
            raise BadInput("the file object is in text mode: open it in binary mode ('rb')")
        if source.seek(0, os.SEEK_END) == 0:
            raise NotMedia("the file object is empty (0 bytes)")
        source.seek(0)
    except OSError as error:  # opened for writing alone, on a disk that fails
        raise BadInput(f"cannot read the file object ({error}): open it for reading, in binary mode ('rb')") from error
    return source


def kind_of(source: Media | Decoded | Any) -> SourceKind:
    if isinstance(source, Audio | Stream):
        return "audio"
    if isinstance(source, Url):
        return "url"
    if isinstance(source, bytes):
        return "bytes"
    return "path" if isinstance(source, Path) else "file"


def describe(source: object) -> str:
    """The source in a message: its path, or what it is."""
    if isinstance(source, Url):
        return str(source)
    if isinstance(source, str | os.PathLike):
        return os.fsdecode(os.fspath(source))
    if isinstance(source, Stream):
        return "<a stream of audio>"
    if isinstance(source, bytes):
        return f"<{len(source)} bytes>"
    if isinstance(source, Audio):
        return f"<{source.duration:.1f} s of audio>"
    return str(getattr(source, "name", None) or f"<{type(source).__name__}>")
