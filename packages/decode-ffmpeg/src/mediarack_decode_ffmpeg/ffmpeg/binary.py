"""The ffmpeg program: which one is used, its version, and what it was built with."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mediarack.plugin import BackendUnavailable, Call
from mediarack_decode_ffmpeg.recognition import REFUSED

_OLDEST = (4, 4)
_SECONDS = 30
"""For a program that only lists what it has; a cold disk under load took three."""
_NAMED_VERSION = re.compile(r"ffmpeg version n?(\d+)\.(\d+)")
_LIBRARY = re.compile(r"libavutil\s+(\d+)\.")
_LIBAVUTIL_BEFORE = 52
"""libavutil's major number is FFmpeg's plus this; it tells the age of builds that have no number of their own."""
_ADVICE = 'install FFmpeg 4.4 or newer, or pip install "mediarack-decode-ffmpeg[ffmpeg]", which brings one'


@dataclass(frozen=True)
class Binary:
    """A program that works. ``kind`` says where it was found; its lists are read when first asked for."""

    path: str
    kind: str
    version: tuple[int, int]
    version_text: str

    @property
    def demuxers(self) -> str:
        """Those allowed, with commas between, as -format_whitelist takes them."""
        return ",".join(sorted(_demuxers(self.path, _changed(self.path)) - REFUSED))

    @property
    def layouts(self) -> dict[str, int]:
        """The number of channels of every channel layout that has a name."""
        return _layouts(self.path, _changed(self.path))

    def check_encoder(self, name: str) -> None:
        """Raises BackendUnavailable if the program was built without it."""
        if name not in _encoders(self.path, _changed(self.path)):
            raise BackendUnavailable(
                f"the ffmpeg program ({self.kind}, version {self.version_text}) was built without the encoder {name}: "
                f"{_ADVICE}"
            )

    @property
    def passthrough(self) -> dict[str, str]:
        """The output option that leaves frames as they come, neither dropped nor doubled."""
        return {"fps_mode": "passthrough"} if self.version >= (5, 1) else {"vsync": "passthrough"}

    @property
    def input_time_base(self) -> dict[str, str]:
        """The output option that keeps the time base of the input."""
        return {"enc_time_base": "demux" if self.version >= (6, 1) else "-1"}

    @property
    def graph_file(self) -> str:
        """The option that reads -filter_complex from a file."""
        return "-/filter_complex" if self.version >= (7, 0) else "-filter_complex_script"


def find_binary(call: Call) -> Binary:
    """``ffmpeg`` on PATH, else the one that imageio-ffmpeg brings; noted in the provenance.

    Raises BackendUnavailable if there is none, or the one found does not run or is too old: another is not tried,
    for the one on PATH is the one that was meant.
    """
    path, kind = shutil.which("ffmpeg"), "PATH"
    if path is None:
        path, kind = _bundled()
    binary = _examined(path, kind, _changed(path))
    call.note(ffmpeg=f"{binary.version_text} ({binary.kind})")
    return binary


def _bundled() -> tuple[str, str]:
    try:
        import imageio_ffmpeg

        path = imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:  # RuntimeError: a wheel without a program, and none elsewhere
        raise BackendUnavailable(
            f"there is no ffmpeg on PATH, and none of imageio-ffmpeg ({error}): {_ADVICE}"
        ) from None
    return path, "IMAGEIO_FFMPEG_EXE" if os.environ.get("IMAGEIO_FFMPEG_EXE") else "imageio-ffmpeg"


def _changed(path: str) -> int:
    """Changes when the program does."""
    try:
        return Path(path).stat().st_mtime_ns
    except OSError as error:
        raise BackendUnavailable(f"the ffmpeg program {path!r} cannot be used: {error.strerror}: {_ADVICE}") from None


@functools.lru_cache(maxsize=8)
def _examined(path: str, kind: str, _changed: int) -> Binary:
    text = _listed(path, "-version")
    first = (text.splitlines() or [""])[0]
    if named := _NAMED_VERSION.match(first):
        version = int(named[1]), int(named[2])
    elif library := _LIBRARY.search(text):
        version = int(library[1]) - _LIBAVUTIL_BEFORE, 99
    else:
        raise BackendUnavailable(f"the program {path!r} ({kind}) does not say that it is ffmpeg ({first!r}): {_ADVICE}")
    if version < _OLDEST:
        raise BackendUnavailable(f"{path!r} ({kind}) is FFmpeg {version[0]}.{version[1]}: {_ADVICE}")
    words = first.split()
    return Binary(path=path, kind=kind, version=version, version_text=words[2] if len(words) > 2 else str(version))


def _listed(path: str, option: str) -> str:
    try:
        done = subprocess.run(
            [path, "-hide_banner", option],
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackendUnavailable(f"the ffmpeg program {path!r} does not run ({error}): {_ADVICE}") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        reason = said[-1] if said else f"exit status {done.returncode}"
        raise BackendUnavailable(f"the ffmpeg program {path!r} does not run ({reason}): {_ADVICE}")
    return done.stdout.decode(errors="replace")


@functools.lru_cache(maxsize=8)
def _demuxers(path: str, _changed: int) -> frozenset[str]:
    found: set[str] = set()
    for line in _listed(path, "-demuxers").splitlines():
        match = re.match(r" D.?(.) *(\S+)", line)
        if match and match[2] != "=" and match[1] != "d":
            found.update(match[2].split(","))
    # Older programs do not mark devices, such as screens and microphones, in the list of demuxers.
    devices = re.findall(r"^ D.? *(\S+)", _listed(path, "-devices"), re.MULTILINE)
    return frozenset(found - {name for names in devices for name in names.split(",")})


@functools.lru_cache(maxsize=8)
def _encoders(path: str, _changed: int) -> frozenset[str]:
    return frozenset(re.findall(r"^ [VAS][A-Z.]{5} (\w\S*)", _listed(path, "-encoders"), re.MULTILINE))


@functools.lru_cache(maxsize=8)
def _layouts(path: str, _changed: int) -> dict[str, int]:
    _, _, standard = _listed(path, "-layouts").partition("DECOMPOSITION")
    rows = (line.split() for line in standard.splitlines())
    return {row[0]: row[1].count("+") + 1 for row in rows if len(row) == 2}
